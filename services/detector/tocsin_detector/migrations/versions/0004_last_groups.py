"""Find the last group of a key also once it has ended: it goes on when an alert fires again soon."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the index while the service runs."""
    with op.get_context().autocommit_block():  # CONCURRENTLY cannot run inside a transaction
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_alert_groups_key"
            " ON alert_groups (integration_id, key, closed_at DESC NULLS FIRST)"
        )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX IF EXISTS ix_alert_groups_key")
