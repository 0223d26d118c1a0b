"""Picks the transport. Nothing else in Tocsin knows which one it is."""

from tocsin_bus.postgres import PostgresBus
from tocsin_bus.protocol import Bus
from tocsin_runtime.database import Database
from tocsin_runtime.settings import PlatformSettings, SettingsError


def connect(settings: PlatformSettings) -> Bus:
    """The bus that the settings name: Kafka when there are bootstrap servers, else the log in PostgreSQL."""
    if settings.kafka_bootstrap_servers:
        return _kafka(settings)
    role = None if settings.has_own_login("bus") else "tocsin_bus"
    return PostgresBus(Database(settings.database_for("bus"), schema="bus", role=role, pool_size=6))


def _kafka(settings: PlatformSettings) -> Bus:
    try:
        from tocsin_bus.kafka import KafkaBus  # noqa: PLC0415 - an optional extra
        from tocsin_bus.kafka_settings import KafkaSettings  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError("Kafka needs the extra: pip install '.[kafka]' in Tocsin's folder") from error
    return KafkaBus(KafkaSettings.of(settings))
