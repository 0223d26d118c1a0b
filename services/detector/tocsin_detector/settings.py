"""The detector's own settings, `TOCSIN_DETECTOR_…`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tocsin_runtime.settings import ServiceSettings


class DetectorSettings(ServiceSettings):
    """Read once by the entry point."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_DETECTOR_", frozen=True, extra="ignore")

    lanes: int = Field(default=2, ge=0, le=8)
    """How many lanes this process plays at once. 0 only accepts, and leaves the processing to other replicas."""
    body_limit: int = Field(default=1024 * 1024, ge=1024)
    """Bytes of a body; an integration may have its own."""
    inflated_limit: int = Field(default=4 * 1024 * 1024, ge=1024)
    """Bytes of an unpacked body."""
    inflated_ratio: int = Field(default=20, ge=2)
    """How many times as large as the packed body an unpacked one may be, beyond 16 KiB."""
    depth_limit: int = Field(default=64, ge=8)
    """How deep objects and lists may be nested."""
    alerts_limit: int = Field(default=5_000, ge=1)
    """Alerts in one post."""
    body_seconds: float = Field(default=8.0, gt=0, le=9)
    """Seconds that a body may take to come; at most 9, for after 10 the connection is cut without an answer."""
    queue_limit: int = Field(default=20_000, ge=1)
    """Deliveries that may wait for a write before senders are asked to come again."""
    delivery_days: int = Field(default=30, ge=1)
    """How long bodies are kept."""
