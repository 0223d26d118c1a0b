"""Configuration as code: the form of the one YAML file that `tocsin plan`, `apply` and `export` speak."""

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from tocsin.places import Places, Steps

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,119}$")]
"""As wide as the widest rule of the services, so that every export is a file that can be planned; each has its own."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigurationError(Exception):
    """The file does not say what to do; the text names each place."""


def _seconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)\s*([smhd])", value.strip())):
        return int(found[1]) * UNITS[found[2]]
    return value


Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=0)]
"""A number of seconds, or a text such as 5m, 1h, 30s."""


class Part(BaseModel):
    """A part of the file. A name that is not known is an error, for it is most likely misspelt."""

    model_config = ConfigDict(extra="forbid", defer_build=True)  # most commands read none


class ContactMethod(Part):
    """A way to reach a person."""

    channel: Literal["email", "webhook", "apprise"]
    address: str
    label: str = ""
    enabled: bool = True


class User(Part):
    """A person, known by e-mail address."""

    email: str
    name: str
    role: Literal["admin", "responder", "viewer"] = "responder"
    timezone: str = "UTC"
    slack_user_id: str | None = None
    contact_methods: list[ContactMethod] | None = None

    @model_validator(mode="after")
    def _each_once(self) -> "User":
        """Of two with one address, each would undo the other's label at every apply."""
        addresses = [(method.channel, method.address) for method in self.contact_methods or []]
        if len(set(addresses)) < len(addresses):
            raise ValueError("names one contact method twice")
        return self


class Team(Part):
    """A team; members are e-mail addresses."""

    slug: Slug
    name: str
    members: list[str] = []


class Rotation(Part):
    """People who take turns, in this order; the hand-off is on the wall clock of the schedule's zone."""

    participants: list[str]
    handoff_day: Weekday = "monday"
    handoff_time: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    weeks: int = Field(default=1, ge=1, le=52)


class Schedule(Part):
    """Rotations by role: primary, and perhaps secondary."""

    slug: Slug
    name: str
    timezone: str = "UTC"
    team: Slug | None = None
    rotations: dict[Literal["primary", "secondary"], Rotation]


class Target(Part):
    """Exactly one of them: a person by address, a team or a schedule by slug."""

    user: str | None = None
    team: Slug | None = None
    schedule: Slug | None = None
    role: Literal["primary", "secondary"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Target":
        if sum(named is not None for named in (self.user, self.team, self.schedule)) != 1:
            raise ValueError("name exactly one of user, team and schedule")
        return self


class Step(Part):
    """Whom to page at once, and how long to wait for an answer."""

    targets: list[Target]
    delay: Seconds = 300


class Policy(Part):
    """An escalation policy."""

    slug: Slug
    name: str
    team: Slug | None = None
    default: bool = False
    steps: list[Step]
    repeats: int = Field(default=2, ge=0, le=5)
    ack_timeout: Seconds | None = 1800


class Service(Part):
    """A service of the catalogue."""

    slug: Slug
    name: str
    description: str = ""
    aliases: list[str] = []
    team: Slug | None = None
    escalation_policy: Slug | None = None
    severity_map: dict[str, str | None] = {}
    auto_resolve: bool = True
    runbook_url: str | None = None


class Integration(Part):
    """A monitoring tool's way in. With `key` a file can be applied anywhere; without, one is made and shown once.

    Of one that is there, what is left out stays as it is.
    """

    slug: Slug
    name: str
    source: str
    service: str | None = None
    key: str | None = None
    secret: str | None = None
    default_severity: Literal["critical", "high", "medium", "low", "info"] = "medium"
    body_limit_bytes: int | None = Field(default=None, ge=1024, le=64 * 1024 * 1024)


class Rule(Part):
    """How the alerts of an integration are grouped. What is left out stays as it is, in a new one by default."""

    integration: Slug
    group_by: list[str] = []
    group_window: Seconds = 3600
    resolve_timeout: Seconds = 300


class Component(Part):
    """A component of the status page and the services that it follows."""

    name: str
    description: str = ""
    group: str | None = None
    services: list[str] = []


class StatusPage(Part):
    """The public page."""

    name: str
    description: str = ""
    url: str = ""
    support_url: str = ""
    time_zone: str = "UTC"
    publish: Literal["automatic", "hold"] = "automatic"
    components: list[Component] = []


class Configuration(Part):
    """The whole file. A resource that it does not name is left as it is; nothing is ever deleted by it.

    Of a resource that it names, what is left out has its default, but for integrations and their rules: theirs stays.
    """

    users: list[User] = []
    teams: list[Team] = []
    schedules: list[Schedule] = []
    escalation_policies: list[Policy] = []
    services: list[Service] = []
    integrations: list[Integration] = []
    rules: list[Rule] = []
    status_page: StatusPage | None = None
    _places: Places = PrivateAttr(default_factory=Places)

    def place(self, steps: Steps) -> str:
        """A part of the file in words: file, line and path; the path alone when it came from no file."""
        return self._places.of(steps)


def read_configuration(path: Path) -> Configuration:
    """Read and check a file. Raises ConfigurationError that names every problem."""
    try:
        return parse_configuration(path.read_text(encoding="utf-8"), name=str(path))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from error


def parse_configuration(text: str, *, name: str = "configuration") -> Configuration:
    """The same from text."""
    try:
        content, places = yaml.safe_load(text) or {}, Places(name, text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{name}: must be a mapping with {', '.join(Configuration.model_fields)}")
    try:
        configuration = Configuration.model_validate(content)
    except ValidationError as error:
        lines = [f"{places.of(e['loc'])}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError("\n".join(lines)) from error
    configuration._places = places
    return configuration
