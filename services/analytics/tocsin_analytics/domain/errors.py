"""What a question for figures may get wrong."""


class UnknownTeam(LookupError):
    """No such team"""

    pointer = "team"


class UnknownSeries(LookupError):
    """No such series"""
