"""Schedules, policies, escalations, pages, contact methods, and what every service's schema holds."""

from alembic import op

from tocsin_access.directory import directory_tables_v1
from tocsin_bus.migrations.tables import bus_tables_v1

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE schedules (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    zone text NOT NULL,
    team_id uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX ux_schedules_slug ON schedules (slug) WHERE deleted_at IS NULL;

CREATE TABLE rotation_versions (
    schedule_id uuid NOT NULL REFERENCES schedules (id),
    duty text NOT NULL CHECK (duty IN ('primary', 'secondary')),
    effective_from timestamptz NOT NULL,
    zone text NOT NULL,
    weekday smallint NOT NULL,
    at time NOT NULL,
    weeks smallint NOT NULL,
    participants uuid[] NOT NULL,
    anchor date NOT NULL,
    lead smallint NOT NULL,
    turn integer NOT NULL,
    PRIMARY KEY (schedule_id, duty, effective_from)
);

CREATE TABLE overrides (
    id uuid PRIMARY KEY,
    schedule_id uuid NOT NULL REFERENCES schedules (id),
    duty text NOT NULL CHECK (duty IN ('primary', 'secondary')),
    user_id uuid NOT NULL,
    replaces uuid,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_by text NOT NULL,
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX ix_overrides_schedule ON overrides (schedule_id, ends_at);

CREATE TABLE policies (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    team_id uuid,
    steps jsonb NOT NULL,
    repeats smallint NOT NULL,
    ack_timeout_seconds integer,
    is_default boolean NOT NULL DEFAULT false,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX ux_policies_slug ON policies (slug) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ux_policies_default ON policies (is_default) WHERE is_default AND deleted_at IS NULL;

CREATE TABLE contact_methods (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'webhook', 'apprise')),
    address text NOT NULL,
    label text NOT NULL,
    enabled boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX ux_contact_methods ON contact_methods (user_id, channel, address) WHERE deleted_at IS NULL;

CREATE TABLE escalations (
    incident_id uuid PRIMARY KEY,
    policy jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('triggered', 'acknowledged', 'resolved')),
    step smallint NOT NULL,
    round integer NOT NULL,
    last_round integer NOT NULL,
    next_at timestamptz,
    generation integer NOT NULL,
    acknowledged_by uuid,
    acknowledged_name text,
    acknowledged_at timestamptz,
    acknowledged_via text,
    ack_expires_at timestamptz,
    about jsonb NOT NULL,
    service_id uuid,
    detected_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ix_escalations_open ON escalations (incident_id) WHERE state <> 'resolved';

CREATE TABLE pages (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('incident', 'test', 'fallback')),
    incident_id uuid,
    round integer NOT NULL,
    step smallint NOT NULL,
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    contact_id uuid NOT NULL,
    channel text NOT NULL,
    why text NOT NULL,
    title text NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'retrying', 'sent', 'failed', 'dropped')),
    attempts integer NOT NULL DEFAULT 0,
    may_repeat boolean NOT NULL DEFAULT false,
    reason text,
    requested_at timestamptz NOT NULL,
    sent_at timestamptz,
    ack_digest text,
    acknowledged_at timestamptz,
    acknowledged_name text,
    CHECK ((incident_id IS NULL) = (kind <> 'incident')),
    UNIQUE (incident_id, round, step, user_id, contact_id)
);
CREATE UNIQUE INDEX ux_pages_ack_digest ON pages (ack_digest) WHERE ack_digest IS NOT NULL;
CREATE INDEX ix_pages_user ON pages (user_id, id);
CREATE INDEX ix_pages_contact ON pages (contact_id, id);
"""
NAMES = ("pages", "escalations", "contact_methods", "policies", "overrides", "rotation_versions", "schedules")


def upgrade() -> None:
    """Create all tables."""
    bus_tables_v1(op)
    directory_tables_v1(op)
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop paging's own tables; those of the bus go with the schema."""
    for name in NAMES:
        op.execute(f"DROP TABLE {name}")
