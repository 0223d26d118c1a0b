"""People and teams: what may be said of them, and what a change makes of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from re import compile as compiled
from typing import Final, Literal
from uuid import UUID
from zoneinfo import available_timezones

RoleName = Literal["admin", "responder", "viewer"]

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
LONGEST_NAME: Final = 120
LONGEST_EMAIL: Final = 254

_EMAIL: Final = compiled(r"[^\s@<>\",;:\\()\[\]]+@[^\s@<>\",;:\\()\[\].]+(\.[^\s@<>\",;:\\()\[\].]+)*")
_SLUG: Final = compiled(r"[a-z0-9]+(-[a-z0-9]+)*")
_SLACK_USER: Final = compiled(r"([UW][A-Z0-9]{1,30})?")
_NO_LETTER: Final = compiled(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Person:
    """Somebody whom Tocsin knows. `timezone` is an IANA name; `version` grows with each change."""

    id: UUID
    name: str
    email: str
    role: RoleName
    timezone: str = "UTC"
    slack_user_id: str | None = None
    version: int = 1
    has_password: bool = False


@dataclass(frozen=True)
class Team:
    """People who answer for something together. `slug` is its name in addresses and files."""

    id: UUID
    name: str
    slug: str
    member_ids: frozenset[UUID] = field(default_factory=frozenset)
    version: int = 1


@dataclass(frozen=True)
class PersonChange:
    """What somebody wants to be different; None leaves it. An empty `slack_user_id` takes it away."""

    name: str | None = None
    email: str | None = None
    role: RoleName | None = None
    timezone: str | None = None
    slack_user_id: str | None = None


@dataclass(frozen=True)
class PersonDecision:
    """What a change comes to. `after` is None when it is refused."""

    after: Person | None
    reason: Literal["changed", "unchanged", "last_admin"]


def changed(person: Person, change: PersonChange, *, admins: int) -> PersonDecision:
    """The person after the change. `admins` is how many administrators there are now: one has to remain."""
    after = replace(
        person,
        name=change.name if change.name is not None else person.name,
        email=change.email if change.email is not None else person.email,
        role=change.role or person.role,
        timezone=change.timezone or person.timezone,
        slack_user_id=person.slack_user_id if change.slack_user_id is None else change.slack_user_id or None,
    )
    if after == person:
        return PersonDecision(person, "unchanged")
    if after.role != "admin" and is_last_admin(person, admins=admins):
        return PersonDecision(None, "last_admin")
    return PersonDecision(replace(after, version=person.version + 1), "changed")


def is_last_admin(person: Person, *, admins: int) -> bool:
    """Whether nobody could administer Tocsin without this person."""
    return person.role == "admin" and admins <= 1


def team_changed(team: Team, *, name: str | None, member_ids: Iterable[UUID] | None) -> Team:
    """The team after the change; the very same one, with its version, when nothing differs."""
    after = replace(
        team,
        name=team.name if name is None else name,
        member_ids=team.member_ids if member_ids is None else frozenset(member_ids),
    )
    return team if after == team else replace(after, version=team.version + 1)


def is_email(text: str) -> bool:
    """Whether it can be an e-mail address: one @, no spaces, nothing that a header would take for more."""
    return len(text) <= LONGEST_EMAIL and text.isprintable() and _EMAIL.fullmatch(text) is not None


def is_timezone(name: str) -> bool:
    """Whether it is an IANA time zone."""
    return name in timezones()


@cache
def timezones() -> tuple[str, ...]:
    """Every IANA time zone that this installation knows, in order."""
    return tuple(sorted(available_timezones()))


def is_slack_user(text: str) -> bool:
    """Whether it is a Slack member id, or empty for none."""
    return _SLACK_USER.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    """Whether it is lower-case letters and digits with single hyphens between."""
    return len(text) <= LONGEST_NAME and _SLUG.fullmatch(text) is not None


def slug_of(name: str) -> str:
    """A slug made from a name; `team` when the name has no letter that could stand in one."""
    return _NO_LETTER.sub("-", name.lower())[:LONGEST_NAME].strip("-") or "team"


def password_problem(password: str, *, person_words: Iterable[str] = ()) -> str | None:
    """What is wrong with a new password, as a sentence that says what to do; None when it is good.

    Length is what counts (NIST SP 800-63B): no rules about kinds of letters.
    """
    if len(password) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters. A few words in a row are easy to remember."
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    plain = password.lower()
    if len(set(plain)) < 5:
        return "Use more than a few different characters."
    if any(
        len(word) >= 4 and plain.replace(word.lower(), "") in ("", "1", "123", "!") for word in person_words
    ):
        return "Do not use your name or e-mail address."
    return None
