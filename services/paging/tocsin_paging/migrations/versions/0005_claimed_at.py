"""Know when a sending was claimed, however often its claim was renewed."""

from alembic import op

from tocsin_bus.migrations.tables import sendings_v3

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A column that may be empty: no row is written."""
    sendings_v3(op)


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE sendings DROP COLUMN claimed_at")
