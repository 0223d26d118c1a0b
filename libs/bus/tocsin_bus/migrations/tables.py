"""Frozen helpers: a migration that has run must mean the same for ever; a change is a new function beside the old."""

from typing import Protocol


class Operations(Protocol):
    """The part of alembic's `op` that is needed here."""

    def execute(self, sqltext: str) -> object: ...


BUS_TABLES_V1 = """
CREATE TABLE outbox (
    day date NOT NULL DEFAULT CURRENT_DATE,
    position bigint GENERATED ALWAYS AS IDENTITY,
    lane smallint NOT NULL,
    topic text NOT NULL,
    key uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    traceparent text,
    data bytea NOT NULL,
    published_at timestamptz,
    bypassed_at timestamptz,
    PRIMARY KEY (day, position)
) PARTITION BY RANGE (day);
CREATE INDEX ix_outbox_unpublished ON outbox (position) INCLUDE (lane) WHERE published_at IS NULL;
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

CREATE TABLE inbox (
    day date NOT NULL,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (day, consumer, event_id)
) PARTITION BY RANGE (day);
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

CREATE TABLE parked (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    key uuid NOT NULL,
    topic text NOT NULL,
    type text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    headers jsonb NOT NULL,
    data bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'dead', 'done')),
    permanent boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL,
    next_try_at timestamptz NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    UNIQUE (consumer, event_id)
);
CREATE INDEX ix_parked_waiting ON parked (consumer, key, position) WHERE state = 'waiting';
CREATE INDEX ix_parked_dead ON parked (parked_at) WHERE state = 'dead';

CREATE TABLE timers (
    kind text NOT NULL,
    subject uuid NOT NULL,
    generation integer NOT NULL,
    due_at timestamptz NOT NULL,
    try_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    payload jsonb NOT NULL,
    correlation_id uuid NOT NULL,
    error text,
    PRIMARY KEY (kind, subject, generation)
);
CREATE INDEX ix_timers_try_at ON timers (try_at);

CREATE TABLE sendings (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    subject uuid NOT NULL,
    order_key text,
    payload jsonb NOT NULL,
    idempotency_key text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    fence integer NOT NULL DEFAULT 0,
    may_repeat boolean NOT NULL DEFAULT false,
    next_try_at timestamptz NOT NULL,
    not_after timestamptz,
    provider_id text,
    reason text,
    correlation_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    position bigint GENERATED ALWAYS AS IDENTITY,
    UNIQUE (provider, idempotency_key)
);
CREATE INDEX ix_sendings_due ON sendings (provider, next_try_at) WHERE state IN ('pending', 'sending');
CREATE INDEX ix_sendings_order ON sendings (order_key, position) WHERE state IN ('pending', 'sending');
CREATE INDEX ix_sendings_subject ON sendings (subject);

CREATE TABLE leases (
    scope text NOT NULL,
    name text NOT NULL,
    owner uuid NOT NULL,
    epoch bigint NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE TABLE lease_members (
    scope text NOT NULL,
    owner uuid NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (scope, owner)
);

CREATE TABLE idempotency (
    caller text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_digest bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
"""

SENDINGS_V2 = """
ALTER TABLE sendings
    ADD COLUMN destination text NOT NULL DEFAULT '',
    ADD COLUMN stalled boolean NOT NULL DEFAULT false;
"""

SENDINGS_V3 = """
ALTER TABLE sendings ADD COLUMN claimed_at timestamptz;
"""

SENDINGS_V4 = """
ALTER TABLE sendings ADD COLUMN IF NOT EXISTS causation_id uuid, ADD COLUMN IF NOT EXISTS traceparent text;
"""

TIMERS_V2 = """
ALTER TABLE timers ADD COLUMN IF NOT EXISTS causation_id uuid, ADD COLUMN IF NOT EXISTS traceparent text;
"""

EMBEDDED_BUS_V1 = """
CREATE TABLE partitions (
    topic text NOT NULL,
    number integer NOT NULL,
    next bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, number)
);
CREATE TABLE log (
    day date NOT NULL DEFAULT CURRENT_DATE,
    topic text NOT NULL,
    number integer NOT NULL,
    record_offset bigint NOT NULL,
    headers jsonb NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (topic, number, record_offset, day)
) PARTITION BY RANGE (day);
CREATE TABLE log_default PARTITION OF log DEFAULT;
CREATE TABLE compacted (
    topic text NOT NULL,
    number integer NOT NULL,
    record_offset bigint NOT NULL,
    key uuid NOT NULL,
    headers jsonb NOT NULL,
    data bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, number, record_offset)
);
CREATE INDEX ix_compacted_key ON compacted (topic, key, record_offset);
CREATE TABLE positions (
    consumer text NOT NULL,
    topic text NOT NULL,
    number integer NOT NULL,
    position bigint NOT NULL,
    epoch bigint NOT NULL,
    PRIMARY KEY (consumer, topic, number)
);
CREATE TABLE leases (
    scope text NOT NULL,
    name text NOT NULL,
    owner uuid NOT NULL,
    epoch bigint NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE TABLE lease_members (
    scope text NOT NULL,
    owner uuid NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (scope, owner)
);
"""


def bus_tables_v1(op: Operations) -> None:
    """Outbox, inbox, parked, timers, sendings, leases and idempotency in the service's own schema."""
    _run(op, BUS_TABLES_V1)


def sendings_v2(op: Operations) -> None:
    """Where a sending goes, and whether it waits for a place that does not answer."""
    _run(op, SENDINGS_V2)


def sendings_v3(op: Operations) -> None:
    """When it was claimed: the end of a lease does not tell, as it moves while the owner lives."""
    _run(op, SENDINGS_V3)


def sendings_v4(op: Operations) -> None:
    """Which event led to it, and the trace that it is part of."""
    _run(op, SENDINGS_V4)


def timers_v2(op: Operations) -> None:
    """The same of a timer."""
    _run(op, TIMERS_V2)


def embedded_bus_v1(op: Operations) -> None:
    """The log of the embedded bus, in the schema `bus`."""
    _run(op, EMBEDDED_BUS_V1)


def _run(op: Operations, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            op.execute(statement)
