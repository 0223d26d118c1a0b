"""What may be set for this service: nothing yet, beyond what all services share."""

from pydantic_settings import SettingsConfigDict

from tocsin_runtime.settings import ServiceSettings


class AnalyticsSettings(ServiceSettings):
    """Variables with the prefix TOCSIN_ANALYTICS_."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_ANALYTICS_", frozen=True, extra="ignore")
