"""Know up to which version an incident was told ahead of the bus."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A column with a constant default: no row is written."""
    op.execute("ALTER TABLE escalations ADD COLUMN told_version integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE escalations DROP COLUMN told_version")
