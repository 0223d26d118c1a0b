"""The five services by name: how each is built, and which settings it reads."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI

from tocsin_analytics.app import create_app as create_analytics
from tocsin_analytics.settings import AnalyticsSettings
from tocsin_comms.app import create_app as create_comms
from tocsin_comms.settings import CommsSettings
from tocsin_detector.app import create_app as create_detector
from tocsin_detector.settings import DetectorSettings
from tocsin_incidents.app import create_app as create_incidents
from tocsin_incidents.settings import IncidentsSettings
from tocsin_paging.app import create_app as create_paging
from tocsin_paging.settings import PagingSettings
from tocsin_runtime.settings import ServiceSettings


@dataclass(frozen=True)
class Entry:
    """One service."""

    create_app: Callable[..., FastAPI]
    settings: type[ServiceSettings]


SERVICES: dict[str, Entry] = {
    "detector": Entry(create_detector, DetectorSettings),
    "incidents": Entry(create_incidents, IncidentsSettings),
    "paging": Entry(create_paging, PagingSettings),
    "comms": Entry(create_comms, CommsSettings),
    "analytics": Entry(create_analytics, AnalyticsSettings),
}
"""In the order in which an alert meets them."""

SCHEMAS = ("bus", *SERVICES)
