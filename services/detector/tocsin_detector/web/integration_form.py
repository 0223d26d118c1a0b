"""What the form of an integration says."""

from typing import Any

from pydantic import BaseModel, Field

from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.severity import Severity


class Fields(BaseModel):
    """As the browser sends them. `version` is that of the integration which the form was filled from."""

    csrf: str = ""
    version: str = ""
    name: str = Field("", max_length=100)
    source: Source = Source.GENERIC
    service: str = Field("", max_length=200)
    severity: Severity = Severity.MEDIUM
    group_by: str = Field("", max_length=200)

    def wished(self) -> dict[str, Any]:
        """What a Wish is made of, but for the source, which stays once it is chosen."""
        return {
            "name": self.name.strip(),
            "service": self.service.strip() or None,
            "severity": self.severity,
            "group_by": tuple(self.group_by.replace(",", " ").split()),
        }


def filled(integration: Integration) -> Fields:
    """The form as it stands for one that exists."""
    return Fields(
        version=str(integration.version),
        name=integration.name,
        source=integration.source,
        service=integration.service or "",
        severity=integration.defaults.severity,
        group_by=", ".join(integration.grouping.by),
    )
