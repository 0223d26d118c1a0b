"""Whether an alert cleared, or ended because a person resolved its incident."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; what ended before has cleared, as far as anybody knows."""
    op.execute("ALTER TABLE incident_alerts ADD COLUMN ended_with_incident boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE incident_alerts DROP COLUMN ended_with_incident")
