"""The settings that all of Tocsin shares, read and checked before anything starts."""

import os

from pydantic import ValidationError

from tocsin.registry import settings_of
from tocsin_runtime.settings import (
    SERVICES,
    PlatformSettings,
    SettingsError,
    explain,
    read_secret_files,
    refuse_unknown,
)


def checked_settings() -> PlatformSettings:
    """From the environment and secret files. Raises SettingsError for what makes no sense or nobody reads."""
    read_secret_files()
    refuse_unknown([PlatformSettings, *(settings_of(name) for name in SERVICES)], os.environ)
    try:
        return PlatformSettings()
    except ValidationError as error:
        raise SettingsError("the settings make no sense:\n" + explain(error, "TOCSIN_")) from error
