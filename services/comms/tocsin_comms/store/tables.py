"""The tables, as the newest migration leaves them, in the schema that the connection chooses."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()


def _moment(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


pages = Table(
    "status_pages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("singleton", Boolean, nullable=False, unique=True, server_default=text("true")),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("support_url", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("publish", Text, nullable=False),
    Column("states", JSONB, nullable=False),
    Column("templates", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", BigInteger, nullable=False),
    _moment("updated_at", nullable=False),
)
"""One row. `version` is that of its settings, for ETags; `revision` moves with all that the world can see."""

components = Table(
    "components",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("group_name", Text),
    Column("position", Integer, nullable=False),
    Column("service_ids", ARRAY(Uuid), nullable=False),
    Column("state", Text, nullable=False),
    _moment("state_since", nullable=False),
    _moment("created_at", nullable=False),
    _moment("updated_at", nullable=False),
    Index("uq_components_name", text("lower(name)"), unique=True),
)

periods = Table(
    "component_periods",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("component_id", Uuid, ForeignKey("components.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),
    _moment("began_at", nullable=False),
    _moment("ended_at"),
    Column("incident_id", Uuid),
    Index("ix_component_periods_component", "component_id", "began_at"),
    Index(
        "uq_component_periods_running", "component_id", unique=True, postgresql_where=text("ended_at IS NULL")
    ),
)
"""What each component showed, from when to when; the last period of each is still running."""

incidents = Table(
    "incidents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("service_id", Uuid),
    Column("service", Text),
    Column("assignee_id", Uuid),
    Column("public", Boolean, nullable=False),
    Column("drill", Boolean, nullable=False),
    _moment("opened_at", nullable=False),
    _moment("acknowledged_at"),
    _moment("identified_at"),
    _moment("resolved_at"),
    Column("alert_count", Integer, nullable=False),
    _moment("update_anchor_at", nullable=False),
    _moment("update_due_at"),
    Column("update_generation", Integer, nullable=False),
    _moment("update_overdue_since"),
    Column("summary_version", Integer, nullable=False),
    Index("ix_incidents_open", "opened_at", postgresql_where=text("status NOT IN ('resolved', 'closed')")),
)
"""A copy of what the incidents service last told, with the promise of the next update."""

reports = Table(
    "reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.id"), nullable=False, unique=True),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("title_by_hand", Boolean, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("impact", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("service_id", Uuid),
    Column("affected", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    _moment("started_at", nullable=False),
    _moment("monitoring_at"),
    _moment("resolved_at"),
    _moment("published_at"),
    _moment("created_at", nullable=False),
    _moment("updated_at", nullable=False),
    Index("ix_reports_open", "status", postgresql_where=text("status <> 'resolved'")),
    Index("ix_reports_public", "started_at", postgresql_where=text("visibility = 'public'")),
)

updates = Table(
    "report_updates",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("report_id", Uuid, ForeignKey("reports.id", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("affected", JSONB, nullable=False),
    _moment("at", nullable=False),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Index("ix_report_updates_report", "report_id", "position"),
)

maintenances = Table(
    "maintenances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("component_ids", ARRAY(Uuid), nullable=False),
    _moment("starts_at", nullable=False),
    _moment("ends_at", nullable=False),
    _moment("created_at", nullable=False),
    _moment("updated_at", nullable=False),
    Index("ix_maintenances_ends_at", "ends_at"),
)

threads = Table(
    "chat_threads",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False),
    _moment("posted_at", nullable=False),
)
"""Where the one message of an incident is, so that it is edited and not posted again."""

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("incident_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("receipt", Text),
    Column("attempts", Integer, nullable=False),
    _moment("queued_at", nullable=False),
    _moment("finished_at"),
    UniqueConstraint("position"),
    Index("ix_messages_incident", "incident_id", "position"),
)
"""All that was sent, or was to be, with the provider's receipt."""
