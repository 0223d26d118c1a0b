"""Integrations, deliveries, the queue of signals, alerts, groups and decisions."""

from alembic import op

from tocsin_access.directory import directory_tables_v1
from tocsin_bus.migrations.tables import bus_tables_v1

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE integrations (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    service text,
    secret text,
    settings jsonb NOT NULL,
    key_digest bytea NOT NULL,
    key_prefix text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revoked_at timestamptz,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX ux_integrations_slug ON integrations (slug) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ux_integrations_key_digest ON integrations (key_digest);

CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    integration_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    road text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('accepted', 'ignored', 'duplicate', 'rejected')),
    reason text,
    accepted integer NOT NULL,
    ignored integer NOT NULL,
    replay_of uuid,
    content_type text,
    body bytea NOT NULL
);
CREATE INDEX ix_deliveries_integration ON deliveries (integration_id, id DESC);
CREATE INDEX ix_deliveries_not_accepted ON deliveries (verdict, id DESC) WHERE verdict <> 'accepted';

CREATE TABLE receipts (
    integration_id uuid NOT NULL,
    sender_id text NOT NULL,
    delivery_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    body_digest bytea NOT NULL,
    answer bytea NOT NULL,
    PRIMARY KEY (integration_id, sender_id)
);
CREATE INDEX ix_receipts_received_at ON receipts (received_at);

CREATE TABLE waiting (
    lane smallint NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    delivery_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    done integer NOT NULL DEFAULT 0,
    signals bytea NOT NULL,
    PRIMARY KEY (lane, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000,
        autovacuum_vacuum_cost_delay = 0);

CREATE TABLE alert_groups (
    id uuid PRIMARY KEY,
    integration_id uuid NOT NULL,
    key text NOT NULL,
    opened_at timestamptz NOT NULL,
    last_joined_at timestamptz NOT NULL,
    open_alerts integer NOT NULL,
    alerts integer NOT NULL,
    closed_at timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX ux_alert_groups_open ON alert_groups (integration_id, key) WHERE closed_at IS NULL;

CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    integration_id uuid NOT NULL,
    dedup_key text NOT NULL,
    group_id uuid NOT NULL,
    group_key text NOT NULL,
    status text NOT NULL CHECK (status IN ('firing', 'acknowledged', 'resolved', 'silenced')),
    severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
    title text NOT NULL,
    description text NOT NULL,
    source text NOT NULL,
    service text,
    service_id uuid,
    labels jsonb NOT NULL,
    annotations jsonb NOT NULL,
    url text,
    opened_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    sender_started_at timestamptz,
    last_received_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    expires_at timestamptz,
    count integer NOT NULL,
    incident_id uuid
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX ux_alerts_open ON alerts (integration_id, dedup_key) WHERE status <> 'resolved';
CREATE INDEX ix_alerts_key ON alerts (integration_id, dedup_key, ended_at DESC);
CREATE INDEX ix_alerts_integration ON alerts (integration_id, id DESC);
CREATE INDEX ix_alerts_open ON alerts (id DESC) WHERE status <> 'resolved';
CREATE INDEX ix_alerts_status ON alerts (status, id DESC);
CREATE INDEX ix_alerts_severity ON alerts (severity, id DESC);
CREATE INDEX ix_alerts_service_id ON alerts (service_id, id DESC) WHERE service_id IS NOT NULL;
CREATE INDEX ix_alerts_service ON alerts (lower(service), id DESC) WHERE service IS NOT NULL;
CREATE INDEX ix_alerts_source ON alerts (source, id DESC);
CREATE INDEX ix_alerts_group_key ON alerts (group_key, id DESC);
CREATE INDEX ix_alerts_dedup_key ON alerts (dedup_key, id DESC);
CREATE INDEX ix_alerts_incident ON alerts (incident_id, id DESC) WHERE incident_id IS NOT NULL;
CREATE INDEX ix_alerts_group ON alerts (group_id);
CREATE INDEX ix_alerts_expires_at ON alerts (expires_at) WHERE status <> 'resolved' AND expires_at IS NOT NULL;

CREATE TABLE decisions (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid,
    delivery_id uuid,
    item integer,
    decided_at timestamptz NOT NULL,
    verb text NOT NULL,
    reason text NOT NULL,
    details jsonb NOT NULL
);
CREATE INDEX ix_decisions_alert ON decisions (alert_id, position) WHERE alert_id IS NOT NULL;
CREATE INDEX ix_decisions_delivery ON decisions (delivery_id, position) WHERE delivery_id IS NOT NULL;
"""


def upgrade() -> None:
    bus_tables_v1(op)
    directory_tables_v1(op)
    for statement in TABLES.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    for table in ("decisions", "alerts", "alert_groups", "waiting", "receipts", "deliveries", "integrations"):
        op.drop_table(table)
