"""Where a request came from and where it may be sent on: never to another site."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

LONGEST_NEXT = 2000


def same_origin(headers: Headers, public_url: str) -> bool:
    """Whether the browser says that our own page sent this.

    An Origin of the public URL, or of the very host that was asked, is ours; `null` and all else is not.
    Without an Origin (old browsers, programs) Sec-Fetch-Site decides; without both, the CSRF token alone.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    ours = urlsplit(public_url)
    if origin == f"{ours.scheme}://{ours.netloc}":
        return True
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and host == headers.get("host")


def local_path(wanted: str | None, default: str = "/") -> str:
    """The path to go on to after log-in: a path of this site, else the default. Never another host."""
    if not wanted or len(wanted) > LONGEST_NEXT or not wanted.startswith("/"):
        return default
    if wanted.startswith(("//", "/\\")) or "\\" in wanted or any(ord(letter) < 33 for letter in wanted):
        return default
    return wanted
