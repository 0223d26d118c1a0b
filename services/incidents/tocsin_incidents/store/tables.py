"""The tables, as the migrations make them, in the service's own schema."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
Moment = DateTime(timezone=True)

incident_numbers = Sequence("incident_numbers", metadata=metadata)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column(
        "rank", SmallInteger, nullable=False
    ),  # 1 to 4 while open, by severity; 5 for an open drill; 9 when over
    Column("origin", Text, nullable=False),
    Column("service_id", Uuid),
    Column("service", Text),
    Column("team_id", Uuid),
    Column("escalation_policy_id", Uuid),
    Column("assignee_id", Uuid),
    Column("declared_by", Uuid),
    Column("runbook_url", Text),
    Column("public", Boolean, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("auto_resolve", Boolean, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("detected_at", Moment, nullable=False),
    Column("response_due_at", Moment, nullable=False),
    Column("impact_started_at", Moment),
    Column("acknowledged_at", Moment),
    Column("acknowledgement_expired", Boolean, nullable=False),
    Column("identified_at", Moment),
    Column("mitigated_at", Moment),
    Column("resolved_at", Moment),
    Column("closed_at", Moment),
    Column("reopened_at", Moment),
    Column("overdue_at", Moment),
    Column("next_update_due_at", Moment),
    Column("alert_count", Integer, nullable=False),
    Column("firing_count", Integer, nullable=False),
    Column("asked_severity", Text),
    Column("settled_at", Moment),  # when pending alerts were last counted
    # The list in its order, as a whole and for each filter.
    Index("ix_incidents_rank_number", "rank", text("number DESC")),
    Index("ix_incidents_status_rank_number", "status", "rank", text("number DESC")),
    Index("ix_incidents_severity_rank_number", "severity", "rank", text("number DESC")),
    Index("ix_incidents_service_rank_number", "service_id", "rank", text("number DESC")),
    Index("ix_incidents_team_rank_number", "team_id", "rank", text("number DESC")),
    Index("ix_incidents_assignee_rank_number", "assignee_id", "rank", text("number DESC")),
    Index("ix_incidents_origin_rank_number", "origin", "rank", text("number DESC")),
    Index("ix_incidents_drills", "rank", text("number DESC"), postgresql_where=text("drill")),
    Index("ix_incidents_private", "rank", text("number DESC"), postgresql_where=text("NOT public")),
    Index("ix_incidents_service_open", "service_id", "opened_at", postgresql_where=text("rank < 9")),
)

# A group of alerts has one open incident at most.
incident_groups = Table(
    "incident_groups",
    metadata,
    Column("group_id", Uuid, primary_key=True),
    Column(
        "incident_id",
        Uuid,
        ForeignKey("incidents.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    Column("open", Boolean, nullable=False),
    Index("uq_incident_groups_open", "group_id", unique=True, postgresql_where=text("open")),
    Index("ix_incident_groups_incident", "incident_id"),
)

incident_alerts = Table(
    "incident_alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    Column("group_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column(
        "ended_with_incident", Boolean, nullable=False, server_default=text("false")
    ),  # by a person's word
    Column("told", Boolean, nullable=False),  # counted in alert_count, and told as joined
    Column("counted_firing", Boolean, nullable=False),  # counted in firing_count
    Column("pending", Boolean, nullable=False),  # joined or ended since it was last counted
    Column(
        "correlation_id", Uuid
    ),  # what led to that, as events name it; empty for one that opened its incident
    Column("causation_id", Uuid),
    Column("traceparent", Text),
    Index("ix_incident_alerts_incident", "incident_id"),
    Index("ix_incident_alerts_pending", "incident_id", postgresql_where=text("pending")),
)

# Rows are only ever added.
timeline_entries = Table(
    "timeline_entries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("actor_name", Text),
    Column("data", JSONB, nullable=False),
    Index("ix_timeline_entries_incident", "incident_id", text("id DESC")),
)

services = Table(
    "services",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False),
    Column("names", ARRAY(Text), nullable=False),  # slug, name and aliases, case folded
    Column("team_id", Uuid),
    Column("escalation_policy_id", Uuid),
    Column("severity_map", JSONB, nullable=False),
    Column("auto_resolve", Boolean, nullable=False),
    Column("runbook_url", Text),
    Column("deleted", Boolean, nullable=False),
    Index("uq_services_slug", "slug", unique=True, postgresql_where=text("NOT deleted")),
    Index("ix_services_names", "names", postgresql_using="gin"),
)
