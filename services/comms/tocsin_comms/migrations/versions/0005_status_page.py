"""The status page is there from the beginning: whoever looks at it writes nothing."""

from alembic import op

from tocsin_runtime.ids import new_id

STATES = '{"SEV-1": "major_outage", "SEV-2": "partial_outage", "SEV-3": "degraded_performance", "SEV-4": "operational"}'
revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """One row, where nobody has used the page yet."""
    op.execute(
        "INSERT INTO status_pages (id, name, description, url, support_url, time_zone, publish, states,"
        " templates, version, revision, updated_at)"
        f" VALUES ('{new_id()}', 'Status', '', '', '', 'UTC', 'automatic',"
        f" '{STATES}', '{{}}', 1, 1, now()) ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    """Nothing: the release before makes the row where there is none."""
