"""`/mailbox`: what `tocsin up` would have mailed, for administrators: each mail's links act for whom it is to."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from tocsin.mailbox import Mailbox
from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_chassis.frame import Frame
from tocsin_chassis.problems import handle_problems
from tocsin_runtime.errors import Code, Problem
from tocsin_theme.filters import safe_url
from tocsin_theme.security import page_headers
from tocsin_theme.theme import Theme

Viewer = Annotated[Principal, Depends(page_viewer("paging:admin"))]


def mailbox_pages(mailbox: Mailbox, *, host: FastAPI) -> FastAPI:
    """An app whose log-in is that of `host`, one of the five."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_middleware(Frame)
    app.state.access = host.state.access
    app.state.service = host.state.service
    theme = Theme("mailbox", Path(__file__).parent / "templates")

    @app.get("/mailbox", name="mailbox")
    async def mails(request: Request, principal: Viewer) -> HTMLResponse:
        return _page(theme, request, principal, template="mailbox.html", mails=mailbox.mails())

    @app.get("/mailbox/{mail_id}", name="mail")
    async def mail(request: Request, principal: Viewer, mail_id: str) -> HTMLResponse:
        found = mailbox.mail(mail_id)
        if found is None:
            raise Problem(
                404, Code.NOT_FOUND, "This mail is not in the mailbox; only the newest 500 are kept."
            )
        links = [link for link in found.links if safe_url(link)]
        return _page(theme, request, principal, template="mail.html", mail=found, links=links)

    handle_problems(app, {})
    return app


def _page(
    theme: Theme, request: Request, principal: Principal, *, template: str, **context: object
) -> HTMLResponse:
    html = theme.render(template, path=request.url.path, viewer=principal.viewer(), **context)
    return HTMLResponse(html, headers={**page_headers(https=False), "cache-control": "no-store"})
