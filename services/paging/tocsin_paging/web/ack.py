"""`/ack/{token}`: the one-use link of a page. Looking changes nothing; only its button answers (S25)."""

from fastapi import Depends, Request, Response

from tocsin_access.dependencies import public
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import GoneError, NotFoundError
from tocsin_paging.domain.escalation import Reason
from tocsin_paging.usecases.acknowledge import Answered, acknowledge_by_link, link_state, page_of_link
from tocsin_paging.usecases.context import pager_of

router = page_router()
ONE_USE = Depends(public("carries its own one-use secret of 160 bits"))


@router.api_route("/ack/{token}", methods=["GET", "HEAD"], name="ack_page", dependencies=[ONE_USE])
async def ack_page(request: Request, reading: RequestReading, token: str) -> Response:
    """Show what there is to acknowledge. Mail scanners that follow links find nothing to trip over."""
    try:
        answered = await link_state(reading, await page_of_link(reading, token))
    except (NotFoundError, GoneError) as error:
        return _over(request, error)
    return _shown(request, answered, token=token, just_now=False)


@router.post("/ack/{token}", name="ack_form", dependencies=[ONE_USE])
async def ack_form(request: Request, uow: RequestUnitOfWork, token: str) -> Response:
    """Acknowledge as whoever was paged. Once; a second time says who did."""
    try:
        answered = await acknowledge_by_link(uow, token, pager=pager_of(request))
    except (NotFoundError, GoneError) as error:
        return _over(request, error)
    return _shown(request, answered, token=token, just_now=answered.reason == Reason.ACKNOWLEDGED)


def _shown(request: Request, answered: Answered, *, token: str, just_now: bool) -> Response:
    return _private(
        page(request, "ack.html", None, answered=answered, token=token, just_now=just_now, problem="")
    )


def _over(request: Request, error: NotFoundError | GoneError) -> Response:
    status = 410 if isinstance(error, GoneError) else 404
    return _private(
        page(
            request,
            "ack.html",
            None,
            status_code=status,
            answered=None,
            token="",
            just_now=False,
            problem=str(error),
        )
    )


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
