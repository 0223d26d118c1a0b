"""Know where a sending goes and which pages cannot be counted on, so that a dead provider holds up no step."""

from alembic import op

from tocsin_bus.migrations.tables import sendings_v2

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Columns with constant defaults: no row is written."""
    sendings_v2(op)
    op.execute("ALTER TABLE pages ADD COLUMN failing boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE pages DROP COLUMN failing")
    op.execute("ALTER TABLE sendings DROP COLUMN destination, DROP COLUMN stalled")
