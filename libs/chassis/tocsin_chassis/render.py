"""A page of the service, with the headers that keep it to itself."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from tocsin_access.once import take_back
from tocsin_access.principal import Principal
from tocsin_chassis.requests import get_service
from tocsin_theme.security import page_headers
from tocsin_theme.theme import Viewer


def page(
    request: Request,
    template: str,
    principal: Principal | None,
    *,
    status_code: int = 200,
    **context: object,
) -> HTMLResponse:
    """Render a template, or the fragment of one, for whoever looks. What was shown once is taken from the browser."""
    service = get_service(request)
    viewer: Viewer | None = principal.viewer() if principal else None
    html = service.theme.render(template, path=request.url.path, viewer=viewer, request=request, **context)
    headers = page_headers(service.platform.settings.public_url.startswith("https://"))
    if principal is not None:
        headers["cache-control"] = "no-store"
    answer = HTMLResponse(html, status_code=status_code, headers=headers)
    take_back(request, answer)
    return answer
