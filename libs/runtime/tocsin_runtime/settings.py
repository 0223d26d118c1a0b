"""Settings come from TOCSIN_ variables only, are read once by an entry point, and are passed down."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("detector", "incidents", "paging", "comms", "analytics")
SHORTEST_ADMIN_TOKEN = 20
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(Exception):
    """The environment does not make sense; the text lists every problem at once."""


class PlatformSettings(BaseSettings):
    """What all services share. Every variable is `TOCSIN_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", frozen=True, extra="ignore")

    database_url: str = ""
    """A login with CREATEROLE and CREATE, such as postgresql://tocsin:…@db/tocsin."""
    detector_database_url: str = ""
    incidents_database_url: str = ""
    paging_database_url: str = ""
    comms_database_url: str = ""
    analytics_database_url: str = ""
    bus_database_url: str = ""
    """A login of its own for one service (or the embedded bus): the hard wall between schemas."""
    kafka_bootstrap_servers: str = ""
    """host:port, comma-separated. Empty: the bus lives in PostgreSQL."""
    kafka_security_protocol: str = "PLAINTEXT"
    """PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
    kafka_sasl_mechanism: str = "SCRAM-SHA-512"
    """How to log in at the brokers when the protocol says SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    """The log-in of SASL."""
    kafka_topic_prefix: str = "tocsin."
    """How every topic and consumer group begins, so that two Tocsins can share a cluster."""
    kafka_instance: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,200}$")
    """A name that this process keeps over a crash and shares with no other of its service, such as its pod's: started
    again, it has its partitions and its part of the outbox back at once. Empty: six seconds after the crash."""
    kafka_ca: str = ""
    """PEM certificates to trust besides the system's; TOCSIN_KAFKA_CA_FILE names a file of them."""
    kafka_create_topics: bool = True
    """Make missing topics at start. When off, they are made ahead, as docs/operate tells."""
    kafka_replication: int = 3
    """Copies of each topic that is made at start; with fewer brokers, as many as there are."""
    kafka_partitions: int = 12
    """Partitions of each topic that is made at start: the most replicas of one service that share its work."""
    public_url: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://[^/\s]+/?$")
    """The one origin that browsers and webhooks use."""
    secret_key: SecretStr = SecretStr("")
    """Signs sessions, hashes keys, and lets services trust each other. At least 32 characters."""
    admin_token: SecretStr = SecretStr("")
    """A bearer token with every right, seeded from outside. At least 20 characters where other machines can connect."""
    smtp_host: str = ""
    """The mail server. Without one, `tocsin up` keeps mail in its own mailbox."""
    smtp_port: int = 587
    """The mail server's port."""
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    """The log-in at the mail server; without a user name nobody logs in."""
    smtp_starttls: bool = True
    """Encrypt by STARTTLS; the certificate is always checked."""
    smtp_from: str = "Tocsin <tocsin@localhost>"
    """The sender of each mail."""
    detector_url: str = ""
    incidents_url: str = ""
    paging_url: str = ""
    comms_url: str = ""
    analytics_url: str = ""
    """Where the services reach each other directly, past the gateway: when the bus is away (R22), and with what
    paging is to know before an answer is given (R27)."""
    log_level: str = "info"
    """debug, info, warning or error."""
    log_format: str = "json"
    """json, or console for people."""
    drain_seconds: float = 5.0
    """How long to stay up after SIGTERM while load balancers look away."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    """Where to listen."""
    trusted_proxies: str = ""
    """Addresses and networks, comma-separated, whose X-Forwarded-For is believed. Log-in tries are counted by it.
    A trusted proxy may have any number of requests under way that have not come whole; everybody else 50."""
    data_dir: str = ""
    """Where `tocsin up` keeps its data. Default: /var/lib/tocsin as root, else ~/.local/share/tocsin."""

    def database_for(self, service: str) -> str:
        """The URL that a service connects with."""
        own: str = getattr(self, f"{service}_database_url")
        return own or self.database_url

    def has_own_login(self, service: str) -> bool:
        """True when the service's login is its role; else the shared login takes the role."""
        return bool(getattr(self, f"{service}_database_url"))

    def peers(self) -> dict[str, str]:
        """The direct URL of each service that has one."""
        urls = {name: str(getattr(self, f"{name}_url")).rstrip("/") for name in SERVICES}
        return {name: url for name, url in urls.items() if url}


class ServiceSettings(BaseSettings):
    """The base of each service's own settings, with prefix TOCSIN_<SERVICE>_."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")


OUTSIDE_SETTINGS = {
    f"TOCSIN_{name}"
    for name in (
        "TEST_REQUIRE",
        "TEST_DATABASE_URL",
        "TEST_EVENTS",
        "TEST_RATE",
        "TEST_SECONDS",
        "KAFKA_HOME",
        "KAFKA_VERSION",
        "CONFIG",
        "URL",
        "TOKEN",
    )
}
"""Variables of the command line and the tests, which no service reads."""


def known_variables(classes: Iterable[type[BaseSettings]]) -> set[str]:
    """Every environment variable that one of these classes reads."""
    names = set(OUTSIDE_SETTINGS)
    for settings in classes:
        prefix = settings.model_config.get("env_prefix", "")
        names |= {f"{prefix}{field}".upper() for field in settings.model_fields}
    return names | {f"{name}_FILE" for name in names}


def refuse_unknown(
    classes: Iterable[type[BaseSettings]], environment: Mapping[str, str], *, others: Iterable[str] = ()
) -> None:
    """Raise SettingsError when a TOCSIN_ variable is none of ours: most likely it is misspelt.

    What is named like a setting of the services `others` is not judged: their settings are known to them only.
    """
    known = known_variables(classes)
    theirs = tuple(f"TOCSIN_{service.upper()}_" for service in others)
    strangers = sorted(
        name
        for name in environment
        if name.startswith("TOCSIN_") and name not in known and not name.startswith(theirs)
    )
    if strangers:
        raise SettingsError("unknown settings: " + ", ".join(strangers) + " (see docs/operate/settings.md)")


def read_secret_files(environment: Mapping[str, str] | None = None) -> None:
    """Put the content of each file that a TOCSIN_…_FILE variable names into the variable without _FILE."""
    for name, value in dict(environment or os.environ).items():
        if name.startswith("TOCSIN_") and name.endswith("_FILE"):
            try:
                os.environ.setdefault(name.removesuffix("_FILE"), Path(value).read_text().strip())
            except OSError as error:
                raise SettingsError(f"{name}: cannot read {value}: {error.strerror}") from error


def problems_with_admin_token(settings: PlatformSettings) -> list[str]:
    """What is wrong with it: one that can be guessed opens everything to whoever can connect."""
    token = settings.admin_token.get_secret_value()
    if not token or len(token) >= SHORTEST_ADMIN_TOKEN or settings.host in LOOPBACK:
        return []
    return [
        f"TOCSIN_ADMIN_TOKEN: set at least {SHORTEST_ADMIN_TOKEN} random characters, or none, "
        f"when listening on {settings.host}"
    ]


def explain(error: ValidationError, prefix: str) -> str:
    """A validation error as lines that name the variables."""
    return "\n".join(
        f"{prefix}{'_'.join(str(part) for part in problem['loc'])}".upper() + f": {problem['msg']}"
        for problem in error.errors()
    )
