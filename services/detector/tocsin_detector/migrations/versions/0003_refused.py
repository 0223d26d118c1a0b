"""Refusals are kept too: a line may stand for many posts, and says why it has no body."""

from alembic import op

revision = "0003"
down_revision = "0002"

TOO_LARGE_BEFORE = """
UPDATE deliveries SET body_missing = 'it was too large'
WHERE verdict = 'rejected' AND body = '' AND reason LIKE '%body may have%'
"""


def upgrade() -> None:
    """Add both columns, and say it of what was too large before."""
    op.execute(
        "ALTER TABLE deliveries ADD COLUMN times integer NOT NULL DEFAULT 1, ADD COLUMN body_missing text"
    )
    op.execute(TOO_LARGE_BEFORE)


def downgrade() -> None:
    """Drop both."""
    op.execute("ALTER TABLE deliveries DROP COLUMN times, DROP COLUMN body_missing")
