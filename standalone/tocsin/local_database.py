"""The database that the command line works on: the one of the settings, else that of `tocsin up` on this machine."""

from pathlib import Path

from tocsin.embedded import default_data_dir, url_of
from tocsin.embedded_errors import EmbeddedError
from tocsin.embedded_layout import open_layout
from tocsin_runtime.settings import PlatformSettings, SettingsError


def local_settings() -> PlatformSettings:
    """Settings with a database URL. Raises SettingsError when there is no database to be found."""
    settings = PlatformSettings()
    if settings.database_url:
        return settings
    data_dir = Path(settings.data_dir) if settings.data_dir else default_data_dir()
    try:
        url = url_of(open_layout(data_dir))
    except (OSError, EmbeddedError) as error:
        raise SettingsError(
            f"no database to be read in {data_dir}; set TOCSIN_DATA_DIR or TOCSIN_DATABASE_URL"
        ) from error
    return settings.model_copy(update={"database_url": url})
