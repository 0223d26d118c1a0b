"""What this service refuses. The text of each is written for the person who asked: it says what to do."""


class NotFound(Exception):
    """There is no such thing"""


class NotAllowed(Exception):
    """Not possible in this state"""

    code = "wrong_state"


class NameTaken(Exception):
    """Another service goes by that name"""

    code = "name_taken"


class Invalid(Exception):
    """A field does not hold what it should. `pointer` is its JSON pointer."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.detail = detail


class UnknownReference(Invalid):
    """A field names somebody or something of the directory that is not known here, or is not told yet"""
