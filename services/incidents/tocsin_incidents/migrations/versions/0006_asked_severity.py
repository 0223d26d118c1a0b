"""The gravest severity that an incident's alerts have asked for, so that a person's word stands against repeats."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; null where nobody knows: then the present severity is what was asked for."""
    op.execute("ALTER TABLE incidents ADD COLUMN asked_severity text")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE incidents DROP COLUMN asked_severity")
