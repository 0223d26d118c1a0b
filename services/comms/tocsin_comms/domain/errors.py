"""What comms refuses, named so that each maps to one answer."""


class CommsError(Exception):
    """The base of all that is refused here."""


class IncidentNotKnown(CommsError):
    """No such incident"""


class ComponentNotKnown(CommsError):
    """No such component"""


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
