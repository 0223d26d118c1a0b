"""What `tocsin serve` does. Apart from `hosting`, for a service that starts while pages wait must not load the rest."""

from tocsin.registry import create_app_of, settings_of
from tocsin.settings_check import checked_settings
from tocsin_chassis.serving import serve_alone


def run_service(service: str) -> None:
    """Run one service until a signal. Raises SettingsError when it cannot."""
    checked_settings()
    serve_alone(service, settings_of(service), create_app_of(service))
