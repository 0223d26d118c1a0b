"""What can go wrong for a caller of the detector's API; app.py maps each to a status."""


class DetectorError(Exception):
    """The base of this service's own errors."""


class NotFound(DetectorError):
    """There is no such thing"""


class NameTaken(DetectorError):
    """The name is taken"""

    code = "name_taken"


class BodyNotKept(DetectorError):
    """The body was not kept"""

    code = "body_not_kept"


class NotAllowed(DetectorError):
    """That cannot be done now"""

    code = "wrong_state"


class Unfit(DetectorError):
    """The settings do not fit the source"""

    def __init__(self, pointer: str, detail: str) -> None:
        """`pointer` is the JSON pointer of the field that does not fit."""
        super().__init__(detail)
        self.pointer = pointer


class ForeignCursor(DetectorError):
    """Bad cursor"""

    code = "bad_cursor"
    pointer = "cursor"
