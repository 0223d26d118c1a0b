"""What a service reads from its copy of the directory: the events' state without their envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tocsin_events.alerts import AlertSeverity
from tocsin_events.directory import (
    DirectoryEvent,
    EscalationPolicyChanged,
    Role,
    ServiceChanged,
    SessionRevoked,
    TeamChanged,
    TokenChanged,
    UserChanged,
)
from tocsin_events.incidents import Severity


@dataclass(frozen=True, slots=True)
class User:
    """A person. `timezone` is an IANA name."""

    id: UUID
    version: int
    name: str
    email: str
    role: Role
    timezone: str
    slack_user_id: str | None


@dataclass(frozen=True, slots=True)
class Team:
    """A team and its members."""

    id: UUID
    version: int
    name: str
    slug: str
    member_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The name of an escalation policy; its steps are known to paging only."""

    id: UUID
    version: int
    name: str
    slug: str
    team_id: UUID | None


@dataclass(frozen=True, slots=True)
class CatalogueService:
    """A service. `severity_map` says which incident severity an alert's opens; None opens none."""

    id: UUID
    version: int
    name: str
    slug: str
    aliases: tuple[str, ...]
    description: str
    team_id: UUID | None
    escalation_policy_id: UUID | None
    severity_map: Mapping[AlertSeverity, Severity | None]
    auto_resolve: bool
    runbook_url: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as far as it may be known. It is void once revoked or at `expires_at` (aware UTC)."""

    id: UUID
    version: int
    name: str
    prefix: str
    digest: str = field(repr=False)
    scopes: frozenset[str]
    owner_id: UUID | None
    expires_at: datetime | None
    revoked: bool

    def valid_at(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


def user_entry(event: UserChanged) -> User:
    """The person that the event tells of."""
    return User(
        event.id,
        version=event.version,
        name=event.name,
        email=event.email,
        role=event.role,
        timezone=event.timezone,
        slack_user_id=event.slack_user_id,
    )


def team_entry(event: TeamChanged) -> Team:
    """The team that the event tells of."""
    members = tuple(event.member_ids)
    return Team(event.id, version=event.version, name=event.name, slug=event.slug, member_ids=members)


def policy_entry(event: EscalationPolicyChanged) -> Policy:
    """The policy that the event tells of."""
    return Policy(event.id, version=event.version, name=event.name, slug=event.slug, team_id=event.team_id)


def service_entry(event: ServiceChanged) -> CatalogueService:
    """The service that the event tells of."""
    return CatalogueService(
        event.id,
        version=event.version,
        name=event.name,
        slug=event.slug,
        aliases=tuple(event.aliases),
        description=event.description,
        team_id=event.team_id,
        escalation_policy_id=event.escalation_policy_id,
        severity_map=event.severity_map,
        auto_resolve=event.auto_resolve,
        runbook_url=event.runbook_url,
    )


def token_entry(event: TokenChanged) -> Token:
    """The token that the event tells of."""
    return Token(
        event.id,
        version=event.version,
        name=event.name,
        prefix=event.prefix,
        digest=event.digest,
        scopes=frozenset(event.scopes),
        owner_id=event.owner_id,
        expires_at=event.expires_at,
        revoked=event.revoked or event.deleted,
    )


@dataclass(frozen=True, slots=True)
class LookUps:
    """What an entry is found by, in lower case but for the digest. `expires_at`: when it may be forgotten."""

    names: tuple[str, ...] = ()
    email: str | None = None
    digest: str | None = None
    expires_at: datetime | None = None


KINDS: Mapping[type[DirectoryEvent], str] = {
    UserChanged: "user",
    TeamChanged: "team",
    TokenChanged: "token",
    SessionRevoked: "session_revoked",
    EscalationPolicyChanged: "policy",
    ServiceChanged: "service",
}


def look_ups(event: DirectoryEvent) -> LookUps:
    """What the entry of this event shall be found by."""
    match event:
        case UserChanged():
            return LookUps(names=_lower(event.name), email=event.email.lower())
        case TokenChanged():
            return LookUps(digest=event.digest)
        case SessionRevoked():
            return LookUps(expires_at=event.expires_at)
        case ServiceChanged():
            return LookUps(names=_lower(event.slug, event.name, *event.aliases))
        case TeamChanged() | EscalationPolicyChanged():
            return LookUps(names=_lower(event.slug, event.name))
        case _:
            return LookUps()


def _lower(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip().lower() for name in names))
