"""What can be wrong with a request to paging. `app.py` maps each to a status; the first line is its title."""


class PagingError(Exception):
    """A request that paging refuses; the text says what to do."""


class NotFoundError(PagingError):
    """Not found"""


class ConflictError(PagingError):
    """In conflict with what is there"""


class InvalidChangeError(PagingError):
    """Not possible"""


class GoneError(PagingError):
    """No longer valid"""


class NotAllowedError(PagingError):
    """Not allowed"""
