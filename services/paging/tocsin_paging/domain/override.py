"""An override: for a time, somebody else takes over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Duty(StrEnum):
    """The two rotations of a schedule."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


@dataclass(frozen=True)
class Override:
    """`user_id` takes over from `starts_at` until `ends_at` (UTC, end excluded).

    With `replaces` it acts only while that person would be on call; without, whoever it would be.
    """

    id: UUID
    duty: Duty
    user_id: UUID
    starts_at: datetime
    ends_at: datetime
    replaces: UUID | None = None
    created_by: str = ""
    note: str = ""

    def covers(self, at: datetime) -> bool:
        """Say whether the override lies over this instant."""
        return self.starts_at <= at < self.ends_at


def overridden(person: UUID | None, overrides: Iterable[Override], *, at: datetime) -> Override | None:
    """Return the override that decides at `at`, or None when `person` is left in place.

    Overrides act in the order in which they were made, each on the outcome of those before it.
    """
    acting = None
    for override in overrides:
        if override.covers(at) and override.replaces in (None, person):
            acting, person = override, override.user_id
    return acting
