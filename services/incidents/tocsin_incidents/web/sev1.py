"""The red line where no script runs: a style sheet, for a page can fetch nothing else of another service by itself."""

from fastapi import Request, Response

from tocsin_chassis.requests import ReadConnection
from tocsin_chassis.routing import page_router
from tocsin_incidents.domain.incident import Incident
from tocsin_incidents.store.queries import gravest_open
from tocsin_incidents.web.dependencies import Reader
from tocsin_theme.security import page_headers

router = page_router()


@router.get("/incidents/fragments/sev1.css", name="sev1_style", response_class=Response)
async def sev1_style(request: Request, principal: Reader, conn: ReadConnection) -> Response:
    """Shows the line that every page has ready, and says in it which SEV-1 is open; empty while none is."""
    found = await gravest_open(conn, limit=4)
    headers = {**page_headers(https=False), "cache-control": "no-store"}
    return Response(style(found), media_type="text/css", headers=headers)


def style(found: list[Incident]) -> str:
    """The newest by its title, the others by how many they are."""
    if not found:
        return ""
    more = ("", ", and 1 more", ", and 2 more")[len(found) - 1] if len(found) < 4 else ", and others"
    said = f"{found[0].ref} {found[0].title}{more}"
    return (
        f".sev1-plain {{ display: flex; }}\n.sev1-plain .sev1-title::after {{ content: {quoted(said)}; }}\n"
    )


def quoted(words: str) -> str:
    """A CSS string that can end nowhere but at its end: all but plain letters and digits are escaped."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in words) + '"'
