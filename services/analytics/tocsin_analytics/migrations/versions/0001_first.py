"""The facts of incidents, pages and alerts, the bus's tables and the copy of the directory."""

from alembic import op

from tocsin_access.directory import directory_tables_v1
from tocsin_bus.migrations.tables import bus_tables_v1

revision, down_revision = "0001", None

TABLES = (
    """
    CREATE TABLE incident_facts (
        incident_id uuid PRIMARY KEY,
        folded jsonb NOT NULL,
        applied_at timestamptz NOT NULL,
        number integer,
        title text,
        severity text,
        severities text[],
        status text,
        origin text,
        drill boolean,
        service_id uuid,
        service text,
        team_id uuid,
        opened_at timestamptz,
        detected_at timestamptz,
        impact_started_at timestamptz,
        paged_at timestamptz,
        acknowledged_at timestamptz,
        told_at timestamptz,
        identified_at timestamptz,
        mitigated_at timestamptz,
        resolved_at timestamptz,
        last_resolved_at timestamptz,
        auto_resolved boolean,
        reopened integer,
        overdue_updates integer,
        alert_count integer
    )
    """,
    "CREATE INDEX ix_incident_facts_opened_at ON incident_facts (opened_at, incident_id)",
    "CREATE INDEX ix_incident_facts_applied_at ON incident_facts (applied_at)",
    """
    CREATE TABLE page_facts (
        page_id uuid PRIMARY KEY,
        incident_id uuid NOT NULL,
        user_id uuid NOT NULL,
        "user" text NOT NULL,
        channel text NOT NULL,
        step integer NOT NULL,
        round integer NOT NULL,
        requested_at timestamptz NOT NULL,
        sent_at timestamptz,
        failed boolean NOT NULL,
        attempts integer NOT NULL
    )
    """,
    "CREATE INDEX ix_page_facts_sent_at ON page_facts (sent_at)",
    """
    CREATE TABLE alert_facts (
        alert_id uuid PRIMARY KEY,
        severity text NOT NULL,
        source text NOT NULL,
        service_id uuid,
        service text,
        opened_at timestamptz,
        ended_at timestamptz,
        received integer NOT NULL
    )
    """,
    "CREATE INDEX ix_alert_facts_opened_at ON alert_facts (opened_at)",
)


def upgrade() -> None:
    bus_tables_v1(op)
    directory_tables_v1(op)
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for table in ("alert_facts", "page_facts", "incident_facts", "directory_entries"):
        op.execute(f"DROP TABLE {table}")
