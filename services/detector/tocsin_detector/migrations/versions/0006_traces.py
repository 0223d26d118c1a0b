"""Know the trace that a delivery is part of, also while its signals wait."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Columns that may be empty: no row is written."""
    # One table at a time: accepting writes to both and must not deadlock with this.
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS traceparent text")
        op.execute("ALTER TABLE waiting ADD COLUMN IF NOT EXISTS traceparent text")


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE waiting DROP COLUMN traceparent")
    op.execute("ALTER TABLE deliveries DROP COLUMN traceparent")
