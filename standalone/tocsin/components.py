"""`/_/components`: every part of the theme in every state, to look at and to test."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from tocsin_theme.components import components_page
from tocsin_theme.security import page_headers
from tocsin_theme.theme import Theme, Viewer


def components_app(host: FastAPI) -> FastAPI:
    """Open to all: it shows made-up data only."""
    app = FastAPI(openapi_url=None)
    app.state.access = host.state.access
    theme = Theme("incidents", Path(__file__).parent / "templates")

    @app.get("/_/components", name="components")
    async def components(_: Request) -> HTMLResponse:
        viewer = Viewer(None, name="Ana Ruiz", role="responder")
        return HTMLResponse(components_page(theme, viewer), headers=page_headers(https=False))

    return app
