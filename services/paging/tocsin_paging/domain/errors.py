"""What can be wrong with a request to paging. `app.py` maps each to a status; the first line is its title."""

from collections.abc import Iterator
from contextlib import contextmanager


class PagingError(Exception):
    """A request that paging refuses; the text says what to do."""


class NotFoundError(PagingError):
    """Not found"""


class ConflictError(PagingError):
    """In conflict with what is there"""


class NameTakenError(ConflictError):
    """Another one goes by that name"""

    code = "name_taken"


class InvalidChangeError(PagingError):
    """Not possible"""

    def __init__(self, detail: str, *, pointer: str = "") -> None:
        """`pointer` is the JSON pointer of what is wrong, or the name of a parameter; empty for the whole."""
        super().__init__(detail)
        self.pointer = pointer


@contextmanager
def at(pointer: str) -> Iterator[None]:
    """What is refused inside is a part of something greater, and lies there at this pointer."""
    try:
        yield
    except InvalidChangeError as error:
        error.pointer = pointer + error.pointer
        raise


class GoneError(PagingError):
    """No longer valid"""


class NotAllowedError(PagingError):
    """Not allowed"""
