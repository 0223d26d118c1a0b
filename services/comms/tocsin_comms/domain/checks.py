"""What is wrong with what somebody typed into the page's settings; null when nothing is."""

from urllib.parse import urlsplit
from zoneinfo import available_timezones


def web_address_problem(text: str) -> str | None:
    """An address may be empty, else it is http or https."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "is not a URL"
    if text and (parts.scheme not in ("http", "https") or not parts.netloc):
        return "must be an http or https URL, or empty"
    return None


def zone_problem(name: str) -> str | None:
    """A zone is one that this machine knows."""
    return None if name in available_timezones() else "must be an IANA time zone such as Europe/Berlin"


def name_problem(name: str, longest: int = 100) -> str | None:
    """A name is said, and not endless."""
    if not name.strip():
        return "must not be empty"
    return None if len(name) <= longest else f"must not be longer than {longest} characters"
