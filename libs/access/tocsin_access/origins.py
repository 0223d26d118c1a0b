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


def own_path(url: str | None, headers: Headers, public_url: str) -> str:
    """The path and query of an address that a browser names as the page it is on; `/` for none of ours."""
    if not url:
        return "/"
    try:
        named, ours = urlsplit(url), urlsplit(public_url)
    except ValueError:
        return "/"
    at_home = (named.scheme, named.netloc) == (ours.scheme, ours.netloc)
    asked = named.scheme in ("http", "https") and named.netloc == headers.get("host")
    if not (at_home or asked):
        return "/"
    return local_path(named.path + (f"?{named.query}" if named.query else ""))


def local_path(wanted: str | None, default: str = "/") -> str:
    """The path to go on to after log-in: a path of this site, else the default. Never another host."""
    if not wanted or len(wanted) > LONGEST_NEXT or not wanted.startswith("/"):
        return default
    if wanted.startswith(("//", "/\\")) or "\\" in wanted or any(ord(letter) < 33 for letter in wanted):
        return default
    return wanted
