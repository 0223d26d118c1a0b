"""The first tables: page, components and their history, incidents, reports, planned work, messages."""

from alembic import op

from tocsin_access.directory import directory_tables_v1
from tocsin_bus.migrations.tables import bus_tables_v1

revision, down_revision = "0001", None

TABLES = (
    """
    CREATE TABLE status_pages (
        id uuid PRIMARY KEY,
        singleton boolean NOT NULL DEFAULT true UNIQUE CHECK (singleton),
        name text NOT NULL,
        description text NOT NULL,
        url text NOT NULL,
        support_url text NOT NULL,
        time_zone text NOT NULL,
        publish text NOT NULL CHECK (publish IN ('automatic', 'hold')),
        states jsonb NOT NULL,
        templates jsonb NOT NULL,
        version integer NOT NULL,
        revision bigint NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE components (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        description text NOT NULL,
        group_name text,
        position integer NOT NULL,
        service_ids uuid[] NOT NULL,
        state text NOT NULL,
        state_since timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_components_name ON components (lower(name))",
    """
    CREATE TABLE component_periods (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        component_id uuid NOT NULL REFERENCES components (id) ON DELETE CASCADE,
        state text NOT NULL,
        began_at timestamptz NOT NULL,
        ended_at timestamptz,
        incident_id uuid
    )
    """,
    "CREATE INDEX ix_component_periods_component ON component_periods (component_id, began_at)",
    "CREATE UNIQUE INDEX uq_component_periods_running ON component_periods (component_id)"
    " WHERE ended_at IS NULL",
    """
    CREATE TABLE incidents (
        id uuid PRIMARY KEY,
        number integer NOT NULL UNIQUE,
        version integer NOT NULL,
        title text NOT NULL,
        severity text NOT NULL,
        status text NOT NULL,
        service_id uuid,
        service text,
        assignee_id uuid,
        public boolean NOT NULL,
        drill boolean NOT NULL,
        opened_at timestamptz NOT NULL,
        acknowledged_at timestamptz,
        identified_at timestamptz,
        resolved_at timestamptz,
        alert_count integer NOT NULL,
        update_anchor_at timestamptz NOT NULL,
        update_due_at timestamptz,
        update_generation integer NOT NULL,
        update_overdue_since timestamptz,
        summary_version integer NOT NULL
    )
    """,
    "CREATE INDEX ix_incidents_open ON incidents (opened_at) WHERE status NOT IN ('resolved', 'closed')",
    """
    CREATE TABLE reports (
        id uuid PRIMARY KEY,
        incident_id uuid NOT NULL UNIQUE REFERENCES incidents (id),
        number integer NOT NULL,
        title text NOT NULL,
        title_by_hand boolean NOT NULL,
        visibility text NOT NULL CHECK (visibility IN ('public', 'held', 'hidden')),
        reason text NOT NULL,
        by_hand boolean NOT NULL,
        status text NOT NULL,
        impact text NOT NULL,
        severity text NOT NULL,
        service_id uuid,
        affected jsonb NOT NULL,
        version integer NOT NULL,
        started_at timestamptz NOT NULL,
        monitoring_at timestamptz,
        resolved_at timestamptz,
        published_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_reports_open ON reports (status) WHERE status <> 'resolved'",
    "CREATE INDEX ix_reports_public ON reports (started_at) WHERE visibility = 'public'",
    """
    CREATE TABLE report_updates (
        id uuid PRIMARY KEY,
        report_id uuid NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
        status text NOT NULL,
        body text NOT NULL,
        author text NOT NULL CHECK (author IN ('template', 'person')),
        affected jsonb NOT NULL,
        at timestamptz NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY
    )
    """,
    "CREATE INDEX ix_report_updates_report ON report_updates (report_id, position)",
    """
    CREATE TABLE maintenances (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        body text NOT NULL,
        component_ids uuid[] NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_maintenances_ends_at ON maintenances (ends_at)",
    """
    CREATE TABLE chat_threads (
        incident_id uuid NOT NULL,
        provider text NOT NULL,
        channel text NOT NULL,
        ts text NOT NULL,
        posted_at timestamptz NOT NULL,
        PRIMARY KEY (incident_id, provider)
    )
    """,
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        incident_id uuid NOT NULL,
        channel text NOT NULL,
        kind text NOT NULL,
        text text NOT NULL,
        state text NOT NULL,
        reason text,
        receipt text,
        attempts integer NOT NULL,
        queued_at timestamptz NOT NULL,
        finished_at timestamptz
    )
    """,
    "CREATE INDEX ix_messages_incident ON messages (incident_id, position)",
)


def upgrade() -> None:
    """Make them all."""
    bus_tables_v1(op)
    directory_tables_v1(op)
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Drop the service's own tables; the bus's and the directory's go with the schema."""
    for name in (
        "messages",
        "chat_threads",
        "maintenances",
        "report_updates",
        "reports",
        "incidents",
        "component_periods",
        "components",
        "status_pages",
    ):
        op.execute(f"DROP TABLE IF EXISTS {name}")
