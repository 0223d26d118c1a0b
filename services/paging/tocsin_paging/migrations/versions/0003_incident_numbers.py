"""Find an escalation by its incident's number, so that pages are listed by INC-42."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Index the number that the escalation carries."""
    with op.get_context().autocommit_block():  # CONCURRENTLY cannot run inside a transaction
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_escalations_number"
            " ON escalations (CAST(about ->> 'number' AS integer))"
        )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX IF EXISTS ix_escalations_number")
