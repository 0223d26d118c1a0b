"""What a sender is answered when its post was not taken. Whatever went wrong, it is never a 500 (R3)."""

import structlog

from tocsin_detector.api import answers
from tocsin_detector.api.answers import Answer
from tocsin_detector.api.bodies import NotGzip, TooLarge, TooSlow
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.usecases.accept import Rejection
from tocsin_detector.usecases.group_commit import TooMuchWaiting
from tocsin_runtime.errors import Code

log = structlog.get_logger("tocsin.accept")


def answer_to(error: Exception, *, road: str) -> Answer:
    """The answer; an error that nobody foresaw is logged."""
    match error:
        case Rejection():
            return answers.rejected(error)
        case TooLarge():
            return answers.too_large(str(error))
        case TooSlow():
            return answers.too_slow(str(error))
        case NotGzip():
            return answers.problem(400, Code.NOT_GZIP, f"The body is not gzip: {error}.", outcome="rejected")
        case TooMuchWaiting():
            detail = "More alerts are coming in than can be written down."
            return answers.come_again(detail, outcome="overloaded")
        case DatabaseAway():
            return answers.come_again("The database is away; nothing was stored.", outcome="database_away")
        case _:
            log.error("delivery.failed", road=road, exc_info=error)
            return answers.come_again("Tocsin failed to store the delivery.", outcome="failed")
