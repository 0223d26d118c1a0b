"""The page that a form stands on, for whoever opens the form's own address: a reload, a bookmark, a way back."""

from fastapi import Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import compile_path


def page_above(request: Request) -> str:
    """The nearest path above that of the request at which this service has a page; the start page without any."""
    pages = [
        compile_path(context.path or "")[0]
        for context in iter_route_contexts(request.app.routes)
        if isinstance(context.original_route, APIRoute) and "GET" in (context.methods or ())
    ]
    path = request.url.path
    while path.rpartition("/")[0]:
        path = path.rpartition("/")[0]
        if any(page.match(path) for page in pages):
            return path
    return "/"
