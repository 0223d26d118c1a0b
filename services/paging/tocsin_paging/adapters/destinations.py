"""Which server a page goes to, so that one that hangs holds up no page to another (R32)."""

from hashlib import blake2b
from urllib.parse import urlsplit

from apprise.manager_plugins import NotificationManager

from tocsin_paging.domain.contact import Channel, Contact


def destination_of(contact: Contact) -> str:
    """Return the name of the server: a webhook's host and port, Apprise's service, none for the one mail server.

    It holds nothing secret, so that it may be logged.
    """
    if contact.channel == Channel.WEBHOOK:
        parts = urlsplit(contact.address)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    if contact.channel == Channel.APPRISE:
        return _service(contact.address)
    return ""


def _service(url: str) -> str:
    """Return the scheme where the vendor's host is built in; where the URL names a host, its digest too.

    In some URLs a token or a topic stands where the host would be: hence no host in plain.
    """
    parts = urlsplit(url)
    plugins = NotificationManager()  # type: ignore[no-untyped-call]
    if parts.scheme not in plugins:
        return parts.scheme
    names_host = any("{host}" in template for template in plugins[parts.scheme].templates)
    host = parts.netloc.rpartition("@")[2].lower()
    return (
        f"{parts.scheme}:{blake2b(host.encode(), digest_size=6).hexdigest()}" if names_host else parts.scheme
    )
