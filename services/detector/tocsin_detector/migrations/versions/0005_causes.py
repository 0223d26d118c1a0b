"""Know which event led to a timer, and the trace that it is part of."""

from alembic import op

from tocsin_bus.migrations.tables import timers_v2

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Columns that may be empty: no row is written."""
    timers_v2(op)


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE timers DROP COLUMN causation_id, DROP COLUMN traceparent")
