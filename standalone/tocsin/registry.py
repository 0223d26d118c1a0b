"""The five services by name. Code is loaded when it is asked for, so that each command loads only its own."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from tocsin_runtime.settings import SERVICES, ServiceSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tocsin_chassis.platform import Platform

SCHEMAS = ("bus", *SERVICES)


def create_app_of(service: str) -> "Callable[[ServiceSettings, Platform], FastAPI]":
    """How the service is built."""
    create_app: Callable[[ServiceSettings, Platform], FastAPI] = import_module(
        f"tocsin_{service}.app"
    ).create_app
    return create_app


def settings_of(service: str) -> type[ServiceSettings]:
    """Which settings the service reads."""
    settings: type[ServiceSettings] = getattr(
        import_module(f"tocsin_{service}.settings"), f"{service.capitalize()}Settings"
    )
    return settings
