"""What routes take from the composition root: the pager, and the guard that checks addresses."""

from typing import cast

from fastapi import Request

from tocsin_paging.adapters.guard import Guard
from tocsin_paging.usecases.pager import Pager


def pager_of(request: Request) -> Pager:
    """Return the pager of the app."""
    return cast(Pager, request.app.state.pager)


def guard_of(request: Request) -> Guard:
    """Return the guard of the app."""
    return cast(Guard, request.app.state.guard)
