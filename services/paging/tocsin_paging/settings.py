"""The settings of paging. What all services share is in `PlatformSettings`."""

from typing import Annotated

from pydantic import field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from tocsin_paging.adapters.guard import networks
from tocsin_runtime.settings import ServiceSettings


class PagingSettings(ServiceSettings):
    """Read from TOCSIN_PAGING_… by the entry point, and passed down."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_PAGING_", frozen=True, extra="ignore")

    allowed_networks: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks (CIDR, comma-separated) that webhooks and Apprise may reach although they are not public."""
    audit_seconds: float = 60.0
    """How often the auditor looks for escalations that stand still (R28)."""

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _read_networks(cls, value: object) -> object:
        texts = value.split(",") if isinstance(value, str) else value
        if isinstance(texts, list | tuple):
            texts = tuple(str(text).strip() for text in texts if str(text).strip())
            networks(texts)
        return texts
