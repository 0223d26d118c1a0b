"""What is logged while events are handled names them and their stories, whoever logs it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from structlog.contextvars import bound_contextvars

from tocsin_bus.protocol import Record
from tocsin_bus.unit_of_work import Cause

MOST = 10
"""Ids named on a line: each of a hundred lines about a hundred events must not name them all."""


def naming(causes: Sequence[Cause]) -> AbstractContextManager[None]:
    """Lines in this context carry `event_id` and `correlation_id`; a list of each where several are handled at once."""
    return bound_contextvars(
        event_id=_one_or_all([cause.causation_id for cause in causes]),
        correlation_id=_one_or_all([cause.correlation_id for cause in causes]),
    )


def naming_record(record: Record) -> AbstractContextManager[None]:
    """The same for a record; for one that could not be read, where it lies."""
    if record.envelope is not None:
        return naming([Cause.of(record.envelope)])
    at = record.partition
    return bound_contextvars(record=f"{at.topic}/{at.number}/{record.offset}")


def _one_or_all(ids: Sequence[UUID | None]) -> str | list[str]:
    if len(ids) == 1:
        return str(ids[0])
    beyond = [f"and {len(ids) - MOST} more"] if len(ids) > MOST else []
    return [str(each) for each in ids[:MOST]] + beyond
