"""Topic `directory`: who and what exists, as full state with a version; the greater version wins.

People, teams, tokens, sessions and policies are told by paging, services by incidents. What is deleted is told with
`deleted: true`, never by a null. The topic is compacted: the last state of every key stays for ever.
"""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from tocsin_events.alerts import AlertSeverity
from tocsin_events.base import Event, Topic
from tocsin_events.incidents import Severity


class Role(StrEnum):
    """What a person may do. Each includes the ones after it."""

    ADMIN = "admin"
    RESPONDER = "responder"
    VIEWER = "viewer"


class DirectoryEvent(Event):
    """What all entries share."""

    TOPIC: ClassVar = Topic.DIRECTORY
    id: UUID
    version: int
    deleted: bool = False

    @property
    def key(self) -> UUID:
        return self.id


class UserChanged(DirectoryEvent):
    """A person. `timezone` is an IANA name."""

    TYPE: ClassVar = "directory.user.v1"
    name: str
    email: str
    role: Role
    timezone: str = "UTC"
    slack_user_id: str | None = None


class TeamChanged(DirectoryEvent):
    """A team and its members."""

    TYPE: ClassVar = "directory.team.v1"
    name: str
    slug: str
    member_ids: list[UUID] = Field(default_factory=list)


class TokenChanged(DirectoryEvent):
    """An API token: only its keyed hash (hex) and prefix. `owner_id` is the person it acts for, null for a program."""

    TYPE: ClassVar = "directory.token.v1"
    name: str
    prefix: str
    digest: str
    scopes: list[str]
    owner_id: UUID | None = None
    expires_at: AwareDatetime | None = None
    revoked: bool = False


class SessionRevoked(DirectoryEvent):
    """A log-in ended before its time; `id` is the session's."""

    TYPE: ClassVar = "directory.session_revoked.v1"
    user_id: UUID
    expires_at: AwareDatetime


class EscalationPolicyChanged(DirectoryEvent):
    """A policy's name, so that other services can show and check it; its steps stay with paging."""

    TYPE: ClassVar = "directory.escalation_policy.v1"
    name: str
    slug: str
    team_id: UUID | None = None


class ServiceChanged(DirectoryEvent):
    """A service of the catalogue. `aliases` are the names by which alerts may call it.

    `severity_map` says which incident severity an alert severity opens; a missing or null one opens none.
    """

    TYPE: ClassVar = "directory.service.v1"
    name: str
    slug: str
    aliases: list[str] = Field(default_factory=list)
    description: str = ""
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    severity_map: dict[AlertSeverity, Severity | None] = Field(default_factory=dict)
    auto_resolve: bool = True
    runbook_url: str | None = None
