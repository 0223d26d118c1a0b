"""The road that alerts come in by: a bare ASGI app ahead of FastAPI, which gets everything else.

FastAPI's machinery costs three times as much as all that is done here (docs/decisions). Order of the checks: method,
source, query string, content type, key, body, signature; then the use case.
"""

from dataclasses import replace

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tocsin_detector.api import answers
from tocsin_detector.api.answers import Answer
from tocsin_detector.api.bodies import Gone, NotGzip, TooLarge, TooSlow, gunzip, read_body
from tocsin_detector.api.direct import DirectAlertRoad
from tocsin_detector.api.failures import answer_to
from tocsin_detector.api.senders import Visit, credentials, is_packed, post_of, signature_matches, visit_of
from tocsin_detector.domain.integration import SOURCE_OF, Integration, Road
from tocsin_detector.domain.limits import Limits
from tocsin_detector.domain.sources.pagerduty import read_event
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.usecases.accept import Accept, Receipt, Rejection, decoded
from tocsin_detector.usecases.figures import IntakeFigures
from tocsin_detector.usecases.keyring import Keyring
from tocsin_detector.usecases.refusals import Refusals, Refused
from tocsin_runtime.clock import stopwatch

_ASTRAY = "it came to the address of another source"
_UNVOUCHED = "nothing vouches for it"
PREFIXES = ("/api/v1/webhooks/", "/v2/enqueue", "/alertmanager/")


class AlertRoad:
    """Answers the posts of alerts."""

    def __init__(
        self,
        *,
        accept: Accept,
        keyring: Keyring,
        refusals: Refusals,
        limits: Limits,
        figures: IntakeFigures,
    ) -> None:
        self._accept = accept
        self._keyring = keyring
        self._refusals = refusals
        self._limits = limits
        self._figures = figures

    async def answer(self, visit: Visit, receive: Receive, send: Send) -> None:
        """Take the post in and answer it."""
        began = stopwatch()
        answer = await self._answer(visit, receive)
        if answer is None:
            self._figures.count(visit.label, "gone", began)
            return
        if visit.road is Road.ALERTMANAGER_API:
            answer = answers.as_alertmanager(answer)
        elif visit.road is Road.PAGERDUTY:
            answer = answers.as_pagerduty(answer)
        self._figures.count(visit.label, answer.outcome, began)
        await answer.send(send)

    async def _answer(self, visit: Visit, receive: Receive) -> Answer | None:
        """The answer, None when nobody is there any more to get it. Whatever happens, it is never a 500."""
        try:
            if visit.refusal is not None:
                return await self._turned_away(visit, receive, visit.refusal)
            if visit.road is Road.PAGERDUTY:
                return await self._pagerduty(visit, receive)
            return await self._webhook(visit, receive)
        except Gone:
            return None
        except Exception as error:  # noqa: BLE001 - it has an answer of its own, or is logged there
            return answer_to(error, road=visit.label)

    async def _webhook(self, visit: Visit, receive: Receive) -> Answer:
        integration = await self._keyring.find(credentials(visit))
        if integration is None:
            return answers.UNAUTHORIZED
        if visit.road is None or SOURCE_OF[visit.road] is not integration.source:
            return await self._refused(visit, integration, answers.OTHER_SOURCE, missing=_ASTRAY)
        try:
            sent = await self._raw(visit, receive, limit=integration.body_limit or self._limits.body)
            body = self._unpacked(visit, sent)
        except (TooLarge, TooSlow, NotGzip) as error:
            return await self._unreadable(visit, integration, error)
        secret, packed = integration.secret, sent if is_packed(visit) else None
        if secret is not None and not signature_matches(visit, body, secret, packed=packed):
            return await self._refused(visit, integration, answers.BAD_SIGNATURE, missing=_UNVOUCHED)
        receipt = await self._take(integration, visit, body)
        if visit.road is Road.ALERTMANAGER_API:
            return answers.alertmanager_accepted(receipt)
        return answers.accepted(receipt)

    async def _turned_away(self, visit: Visit, receive: Receive, answer: Answer) -> Answer:
        """The answer; with a valid key beside the body it is kept for whoever looks after the integration."""
        if visit.road is None or visit.road is Road.PAGERDUTY or answer is answers.NOT_POST:
            return answer
        try:
            integration = await self._keyring.find(credentials(visit))
        except DatabaseAway:
            return answer
        if integration is None or SOURCE_OF[visit.road] is not integration.source:
            return answer
        return await self._refused(visit, integration, answer, receive=receive)

    async def _unreadable(
        self, visit: Visit, integration: Integration, error: TooLarge | TooSlow | NotGzip
    ) -> Answer:
        answer = answer_to(error, road=visit.label)
        if isinstance(error, NotGzip):
            missing = _UNVOUCHED if integration.secret else None
            return await self._refused(visit, integration, answer, body=error.body, missing=missing)
        return await self._refused(visit, integration, answer, missing=_why_unread(error))

    async def _refused(
        self,
        visit: Visit,
        integration: Integration,
        answer: Answer,
        *,
        body: bytes = b"",
        missing: str | None = None,
        receive: Receive | None = None,
    ) -> Answer:
        """The answer, once the refusal is kept or counted. With `receive` the body is still to be read."""
        refused = Refused(integration, post_of(visit, body), kind=answer.outcome, reason=answer.says)
        if not self._refusals.admits(refused):
            return answer
        if receive is not None:
            body, missing = await self._unlooked_at(visit, integration, receive)
            refused = replace(refused, post=post_of(visit, body))
        await self._refusals.keep(refused, missing=missing)
        return answer

    async def _unlooked_at(
        self, visit: Visit, integration: Integration, receive: Receive
    ) -> tuple[bytes, str | None]:
        """The body as it came, and why it may not be kept."""
        if integration.secret is not None:
            return b"", _UNVOUCHED
        try:
            return await self._raw(visit, receive, limit=integration.body_limit or self._limits.body), None
        except (TooLarge, TooSlow) as error:
            return b"", _why_unread(error)

    async def _pagerduty(self, visit: Visit, receive: Receive) -> Answer:
        body = self._unpacked(visit, await self._raw(visit, receive, limit=self._limits.body))
        try:
            event = read_event(decoded(body))
        except Rejection as rejection:
            return answers.pagerduty_refused([rejection.detail])
        integration = await self._keyring.find(event.routing_key)
        if integration is None:
            errors = ["'routing_key' is invalid"] if event.routing_key else event.errors
            return answers.pagerduty_refused(errors, outcome="unauthorized")
        if integration.source is not SOURCE_OF[Road.PAGERDUTY]:
            await self._refused(visit, integration, answers.OTHER_SOURCE, missing=_ASTRAY)
            return answers.pagerduty_refused(
                ["'routing_key' belongs to an integration of another source"],
                status=403,
                outcome="other_source",
            )
        try:
            return answers.pagerduty_accepted(await self._take(integration, visit, body))
        except Rejection as rejection:
            return answers.pagerduty_refused(
                [fault.detail for fault in rejection.faults] or [rejection.detail]
            )

    async def _take(self, integration: Integration, visit: Visit, body: bytes) -> Receipt:
        post = post_of(visit, body)
        receipt = await self._accept(integration, post)
        self._figures.count_alerts(post.road, receipt.accepted)
        return receipt

    def _unpacked(self, visit: Visit, sent: bytes) -> bytes:
        return gunzip(sent, self._limits) if is_packed(visit) else sent

    async def _raw(self, visit: Visit, receive: Receive, *, limit: int) -> bytes:
        declared = visit.headers.get(b"content-length")
        return await read_body(receive, limit=limit, declared=declared, seconds=self._limits.body_seconds)


def _why_unread(error: TooLarge | TooSlow) -> str:
    return "it was too large" if isinstance(error, TooLarge) else "it did not come in time"


class DetectorApp(FastAPI):
    """The service's app. Posts of alerts never get to FastAPI's machinery; everything else does."""

    road: AlertRoad
    direct_road: DirectAlertRoad

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIXES):
            visit = visit_of(scope)
            if visit is not None:
                await self.road.answer(visit, receive, send)
                return
        await super().__call__(scope, receive, send)
