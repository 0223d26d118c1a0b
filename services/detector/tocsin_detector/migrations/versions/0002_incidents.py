"""The numbers of the incidents that alerts belong to, so that alerts are found by INC-42."""

from alembic import op

revision = "0002"
down_revision = "0001"

KNOWN_ALREADY = """
INSERT INTO incidents (id, number)
SELECT DISTINCT CAST(details ->> 'incident_id' AS uuid), CAST(details ->> 'number' AS integer) FROM decisions
WHERE reason = 'joined_incident' AND details ? 'number' AND details ? 'incident_id'
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Create the table, and fill it from what was noted when alerts joined."""
    op.execute("CREATE TABLE incidents (id uuid PRIMARY KEY, number integer NOT NULL)")
    op.execute("CREATE UNIQUE INDEX ux_incidents_number ON incidents (number)")
    op.execute(KNOWN_ALREADY)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE incidents")
