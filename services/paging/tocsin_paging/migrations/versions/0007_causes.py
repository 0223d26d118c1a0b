"""Know which event led to a timer or a sending, and the trace that it is part of."""

from alembic import op

from tocsin_bus.migrations.tables import sendings_v4, timers_v2

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Columns that may be empty: no row is written."""
    # One table at a time: whoever writes to both must not deadlock with this.
    with op.get_context().autocommit_block():
        timers_v2(op)
        sendings_v4(op)


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE timers DROP COLUMN causation_id, DROP COLUMN traceparent")
    op.execute("ALTER TABLE sendings DROP COLUMN causation_id, DROP COLUMN traceparent")
