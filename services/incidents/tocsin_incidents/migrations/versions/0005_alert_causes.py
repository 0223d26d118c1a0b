"""Know what led to an alert's joining, or to its end, until that is counted."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Columns that may be empty: no row is written."""
    op.execute(
        "ALTER TABLE incident_alerts ADD COLUMN correlation_id uuid, ADD COLUMN causation_id uuid,"
        " ADD COLUMN traceparent text"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "ALTER TABLE incident_alerts DROP COLUMN correlation_id, DROP COLUMN causation_id, DROP COLUMN traceparent"
    )
