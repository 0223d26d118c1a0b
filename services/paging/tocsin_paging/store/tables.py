"""The tables as SQLAlchemy Core sees them. They lie in the service's schema, which is the search path."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
    false,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
MOMENT = DateTime(timezone=True)

schedules = Table(
    "schedules",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("team_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("deleted_at", MOMENT),
)

rotation_versions = Table(
    "rotation_versions",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("duty", Text, primary_key=True),
    Column("effective_from", MOMENT, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("weekday", SmallInteger, nullable=False),
    Column("at", Time, nullable=False),
    Column("weeks", SmallInteger, nullable=False),
    Column("participants", ARRAY(Uuid), nullable=False),
    Column("anchor", Date, nullable=False),
    Column("lead", SmallInteger, nullable=False),
    Column("turn", Integer, nullable=False),
)

overrides = Table(
    "overrides",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("schedule_id", Uuid, nullable=False),
    Column("duty", Text, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("replaces", Uuid),
    Column("starts_at", MOMENT, nullable=False),
    Column("ends_at", MOMENT, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("team_id", Uuid),
    Column("steps", JSONB, nullable=False),
    Column("repeats", SmallInteger, nullable=False),
    Column("ack_timeout_seconds", Integer),
    Column("is_default", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("deleted_at", MOMENT),
)

contact_methods = Table(
    "contact_methods",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("deleted_at", MOMENT),
)

# escalations.service_id is neither read nor written any more; a later release drops the column.
escalations = Table(
    "escalations",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("policy", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("last_round", Integer, nullable=False),
    Column("next_at", MOMENT),
    Column("generation", Integer, nullable=False),
    Column("acknowledged_by", Uuid),
    Column("acknowledged_name", Text),
    Column("acknowledged_at", MOMENT),
    Column("acknowledged_via", Text),
    Column("ack_expires_at", MOMENT),
    Column("about", JSONB, nullable=False),
    Column("detected_at", MOMENT, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("told_version", Integer, nullable=False, server_default="0"),
)

pages = Table(
    "pages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("incident_id", Uuid),
    Column("round", Integer, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("may_repeat", Boolean, nullable=False),
    Column("reason", Text),
    Column("failing", Boolean, nullable=False, server_default=false()),
    Column("requested_at", MOMENT, nullable=False),
    Column("sent_at", MOMENT),
    Column("ack_digest", Text),
    Column("acknowledged_at", MOMENT),
    Column("acknowledged_name", Text),
)
