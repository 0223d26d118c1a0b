"""What an operator may set for comms, with prefix TOCSIN_COMMS_."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from tocsin_runtime.settings import ServiceSettings


class CommsSettings(ServiceSettings):
    """Settings of the comms service."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_COMMS_", frozen=True, extra="ignore")

    status_directory: str = ""
    """A folder that always holds the public status page as static files, for any web server. Empty: none."""
    slack_token: SecretStr = SecretStr("")
    """A bot token (xoxb-…) with the scopes chat:write and channels:history. Empty: no Slack."""
    slack_channel: str = ""
    """The id of the channel (C…) that gets one message for each incident. Empty: no Slack."""
    slack_base_url: str = "https://slack.com/api/"
    """Where Slack's Web API is; another address is for tests and proxies."""
    update_minutes: int = Field(default=30, ge=1, le=1440)
    """How often the assignee is reminded of an overdue update; TOCSIN_INCIDENTS_UPDATE_EVERY says when one is due."""
    update_minutes_sev1: int = Field(default=15, ge=1, le=1440)
    """The same for a SEV-1."""

    @property
    def update_interval(self) -> timedelta:
        """`update_minutes` as a duration."""
        return timedelta(minutes=self.update_minutes)

    @property
    def update_interval_sev1(self) -> timedelta:
        """`update_minutes_sev1` as a duration."""
        return timedelta(minutes=self.update_minutes_sev1)
