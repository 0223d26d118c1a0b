"""Incidents with their timeline, what alerts belong to them, and the catalogue of services."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tocsin_access.directory import directory_tables_v1
from tocsin_bus.migrations.tables import bus_tables_v1

revision, down_revision = "0001", None

MOMENT = sa.DateTime(timezone=True)
LISTED_BY = {
    "status": "status",
    "severity": "severity",
    "service": "service_id",
    "team": "team_id",
    "assignee": "assignee_id",
}


def upgrade() -> None:
    """Make everything."""
    bus_tables_v1(op)
    directory_tables_v1(op)
    op.execute("CREATE SEQUENCE incident_numbers")
    _incidents()
    _groups_and_alerts()
    _timeline()
    _services()


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("rank", sa.SmallInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("service_id", sa.Uuid),
        sa.Column("service", sa.Text),
        sa.Column("team_id", sa.Uuid),
        sa.Column("escalation_policy_id", sa.Uuid),
        sa.Column("assignee_id", sa.Uuid),
        sa.Column("declared_by", sa.Uuid),
        sa.Column("runbook_url", sa.Text),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("auto_resolve", sa.Boolean, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("detected_at", MOMENT, nullable=False),
        sa.Column("response_due_at", MOMENT, nullable=False),
        sa.Column("impact_started_at", MOMENT),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledgement_expired", sa.Boolean, nullable=False),
        sa.Column("identified_at", MOMENT),
        sa.Column("mitigated_at", MOMENT),
        sa.Column("resolved_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.Column("reopened_at", MOMENT),
        sa.Column("overdue_at", MOMENT),
        sa.Column("next_update_due_at", MOMENT),
        sa.Column("alert_count", sa.Integer, nullable=False),
        sa.Column("firing_count", sa.Integer, nullable=False),
        sa.Column("settled_at", MOMENT),
    )
    op.create_index("ix_incidents_rank_number", "incidents", ["rank", sa.text("number DESC")])
    for name, column in LISTED_BY.items():
        index = f"ix_incidents_{name}_rank_number"
        op.create_index(index, "incidents", [column, "rank", sa.text("number DESC")])
    op.create_index(
        "ix_incidents_service_open",
        "incidents",
        ["service_id", "opened_at"],
        postgresql_where=sa.text("rank < 9"),
    )


def _groups_and_alerts() -> None:
    op.create_table(
        "incident_groups",
        sa.Column("group_id", sa.Uuid, primary_key=True),
        sa.Column(
            "incident_id",
            sa.Uuid,
            sa.ForeignKey("incidents.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        ),
        sa.Column("open", sa.Boolean, nullable=False),
    )
    op.create_index(
        "uq_incident_groups_open",
        "incident_groups",
        ["group_id"],
        unique=True,
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_incident_groups_incident", "incident_groups", ["incident_id"])
    op.create_table(
        "incident_alerts",
        sa.Column("alert_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.id"), nullable=False),
        sa.Column("group_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("counted_firing", sa.Boolean, nullable=False),
        sa.Column("pending", sa.Boolean, nullable=False),
    )
    op.create_index("ix_incident_alerts_incident", "incident_alerts", ["incident_id"])
    op.create_index(
        "ix_incident_alerts_pending",
        "incident_alerts",
        ["incident_id"],
        postgresql_where=sa.text("pending"),
    )


def _timeline() -> None:
    op.create_table(
        "timeline_entries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("actor_name", sa.Text),
        sa.Column("data", postgresql.JSONB, nullable=False),
    )
    op.create_index("ix_timeline_entries_incident", "timeline_entries", ["incident_id", sa.text("id DESC")])


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("names", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("team_id", sa.Uuid),
        sa.Column("escalation_policy_id", sa.Uuid),
        sa.Column("severity_map", postgresql.JSONB, nullable=False),
        sa.Column("auto_resolve", sa.Boolean, nullable=False),
        sa.Column("runbook_url", sa.Text),
        sa.Column("deleted", sa.Boolean, nullable=False),
    )
    op.create_index(
        "uq_services_slug", "services", ["slug"], unique=True, postgresql_where=sa.text("NOT deleted")
    )
    op.create_index("ix_services_names", "services", ["names"], postgresql_using="gin")


def downgrade() -> None:
    """The first step is not undone: drop the schema instead."""
    for table in ("services", "timeline_entries", "incident_alerts", "incident_groups", "incidents"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE incident_numbers")
