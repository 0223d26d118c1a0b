"""Whether `tocsin up` can listen where it is told to, asked before it changes or serves anything."""

from socket import AI_PASSIVE, SOCK_STREAM, create_server, getaddrinfo

from tocsin_runtime.settings import SettingsError


def check_address(host: str, port: int) -> None:
    """Raises SettingsError, which says what to choose instead, when nobody can listen there."""
    try:
        family, _, _, _, address = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
        create_server((address[0], address[1]), family=family).close()
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port or --host"
        ) from error
