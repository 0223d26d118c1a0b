"""Know where a sending goes, as the bus asks."""

from alembic import op

from tocsin_bus.migrations.tables import sendings_v2

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Columns with constant defaults: no row is written."""
    sendings_v2(op)


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE sendings DROP COLUMN destination, DROP COLUMN stalled")
