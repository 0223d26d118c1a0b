"""The tables, in whatever schema the connection looks into."""

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
Moment = DateTime(timezone=True)

incident_facts = Table(
    "incident_facts",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("folded", JSONB, nullable=False),
    Column("applied_at", Moment, nullable=False),
    Column("number", Integer),
    Column("title", Text),
    Column("severity", Text),
    Column("severities", ARRAY(Text)),
    Column("status", Text),
    Column("origin", Text),
    Column("drill", Boolean),
    Column("service_id", Uuid),
    Column("service", Text),
    Column("team_id", Uuid),
    Column("opened_at", Moment),
    Column("detected_at", Moment),
    Column("impact_started_at", Moment),
    Column("paged_at", Moment),
    Column("acknowledged_at", Moment),
    Column("told_at", Moment),
    Column("identified_at", Moment),
    Column("mitigated_at", Moment),
    Column("resolved_at", Moment),
    Column("last_resolved_at", Moment),
    Column("auto_resolved", Boolean),
    Column("reopened", Integer),
    Column("overdue_updates", Integer),
    Column("alert_count", Integer),
    Index("ix_incident_facts_opened_at", "opened_at", "incident_id"),
    Index("ix_incident_facts_applied_at", "applied_at"),
)
"""`folded` is all that events said; the other columns are made from it, and null until the incident's own
topic spoke.
"""

page_facts = Table(
    "page_facts",
    metadata,
    Column("page_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("user", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("failed", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("ix_page_facts_sent_at", "sent_at"),
)

alert_facts = Table(
    "alert_facts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("service_id", Uuid),
    Column("service", Text),
    Column("opened_at", Moment),
    Column("ended_at", Moment),
    Column("received", Integer, nullable=False),
    Index("ix_alert_facts_opened_at", "opened_at"),
)
