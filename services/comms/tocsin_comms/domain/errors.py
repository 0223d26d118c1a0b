"""What comms refuses, named so that each maps to one answer."""


class CommsError(Exception):
    """The base of all that is refused here."""


class IncidentNotKnown(CommsError):
    """No such incident"""


class ComponentNotKnown(CommsError):
    """No such component"""


class Misnamed(CommsError):
    """What was sent names something that there is not. `pointer` is the JSON pointer of the name."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class MaintenanceNotKnown(CommsError):
    """No such maintenance"""


class NameTaken(CommsError):
    """Another component has this name"""

    code = "name_taken"


class NotForThePublic(CommsError):
    """This incident is not for the public"""

    code = "wrong_state"


class NothingToHide(CommsError):
    """This incident has no public report"""

    code = "wrong_state"
