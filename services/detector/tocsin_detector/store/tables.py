"""The tables as SQLAlchemy knows them, in the schema that the connection's search path names."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_TIME = DateTime(timezone=True)

integrations = Table(
    "integrations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("service", Text),
    Column("secret", Text),
    Column("settings", JSONB, nullable=False),
    Column("key_digest", LargeBinary, nullable=False),
    Column("key_prefix", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    Column("revoked_at", _TIME),
    Column("deleted_at", _TIME),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("road", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text),
    Column("accepted", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("replay_of", Uuid),
    Column("content_type", Text),
    Column("body", LargeBinary, nullable=False),
    Column("body_missing", Text),
    Column("times", Integer, nullable=False),
    Column("traceparent", Text),
)

receipts = Table(
    "receipts",
    metadata,
    Column("integration_id", Uuid, primary_key=True),
    Column("sender_id", Text, primary_key=True),
    Column("delivery_id", Uuid, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)

waiting = Table(
    "waiting",
    metadata,
    Column("lane", SmallInteger, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("delivery_id", Uuid, nullable=False),
    Column("integration_id", Uuid, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("done", Integer, nullable=False),
    Column("signals", LargeBinary, nullable=False),
    Column("traceparent", Text),
)

alert_groups = Table(
    "alert_groups",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("opened_at", _TIME, nullable=False),
    Column("last_joined_at", _TIME, nullable=False),
    Column("open_alerts", Integer, nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("closed_at", _TIME),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("dedup_key", Text, nullable=False),
    Column("group_id", Uuid, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("service", Text),
    Column("service_id", Uuid),
    Column("labels", JSONB, nullable=False),
    Column("annotations", JSONB, nullable=False),
    Column("url", Text),
    Column("opened_at", _TIME, nullable=False),
    Column("started_at", _TIME, nullable=False),
    Column("sender_started_at", _TIME),
    Column("last_received_at", _TIME, nullable=False),
    Column("told_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("end_reason", Text),
    Column("expires_at", _TIME),
    Column("count", Integer, nullable=False),
    Column("incident_id", Uuid),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("position", BigInteger, primary_key=True),
    Column("alert_id", Uuid),
    Column("delivery_id", Uuid),
    Column("item", Integer),
    Column("decided_at", _TIME, nullable=False),
    Column("verb", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", JSONB, nullable=False),
)
