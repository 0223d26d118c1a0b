"""What an operator may set for this service: variables TOCSIN_INCIDENTS_…"""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import Severity
from tocsin_runtime.settings import ServiceSettings

DAY = 86_400


class IncidentsSettings(ServiceSettings):
    """All times are seconds."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_INCIDENTS_", frozen=True, extra="ignore")

    join_window: int = Field(300, ge=0, le=DAY)
    """Alerts of a new group join an incident of the same service opened at most so long ago. 0: never."""
    reopen_window: int = Field(600, ge=0, le=30 * DAY)
    """Alerts that fire again so soon after the end reopen the incident; later ones open a new one. A group of alerts is
    remembered for an hour after its end, or for its integration's `group_window_seconds` where that is longer."""
    respond_sev1: int = Field(300, ge=10, le=30 * DAY)
    """Within this a SEV-1 must be acknowledged."""
    respond_sev2: int = Field(3_600, ge=10, le=30 * DAY)
    """Within this a SEV-2 must be acknowledged."""
    respond_sev3: int = Field(4 * 3_600, ge=10, le=30 * DAY)
    """Within this a SEV-3 must be acknowledged."""
    respond_sev4: int = Field(DAY, ge=10, le=30 * DAY)
    """Within this a SEV-4 must be acknowledged."""
    update_every: int = Field(1_800, ge=60, le=DAY)
    """An update is promised so often while an incident is open."""
    update_every_sev1: int = Field(900, ge=60, le=DAY)
    """The same for a SEV-1."""

    def rules(self, public_url: str) -> Rules:
        """The same as the domain knows it."""
        limits = (self.respond_sev1, self.respond_sev2, self.respond_sev3, self.respond_sev4)
        return Rules(
            public_url=public_url,
            join_window=timedelta(seconds=self.join_window),
            reopen_window=timedelta(seconds=self.reopen_window),
            response_limits={
                severity: timedelta(seconds=limit) for severity, limit in zip(Severity, limits, strict=True)
            },
            update_every=dict.fromkeys(Severity, timedelta(seconds=self.update_every))
            | {Severity.SEV1: timedelta(seconds=self.update_every_sev1)},
        )
