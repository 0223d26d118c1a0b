"""The log of the embedded bus: partitions, entries by day, compacted entries, positions, leases."""

from alembic import op

from tocsin_bus.migrations.tables import embedded_bus_v1

revision = "0001"
down_revision = None
TOPICS = ("alerts", "incidents", "pages", "status", "directory")
PARTITIONS = 4


def upgrade() -> None:
    embedded_bus_v1(op)
    for topic in TOPICS:
        for number in range(PARTITIONS):
            op.execute(f"INSERT INTO partitions (topic, number) VALUES ('{topic}', {number})")


def downgrade() -> None:
    for table in ("lease_members", "leases", "positions", "compacted", "log", "partitions"):
        op.execute(f"DROP TABLE {table}")
