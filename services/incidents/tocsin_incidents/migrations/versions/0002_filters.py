"""Find incidents by where they came from, drills, and those that the public does not see, in the order of the list."""

from alembic import op

revision = "0002"
down_revision = "0001"

INDEXES = {
    "ix_incidents_origin_rank_number": "(origin, rank, number DESC)",
    "ix_incidents_drills": "(rank, number DESC) WHERE drill",
    "ix_incidents_private": "(rank, number DESC) WHERE NOT public",
}


def upgrade() -> None:
    """Add the indexes while the service runs."""
    with op.get_context().autocommit_block():  # CONCURRENTLY cannot run inside a transaction
        for name, form in INDEXES.items():
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON incidents {form}")


def downgrade() -> None:
    """Drop them."""
    for name in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
