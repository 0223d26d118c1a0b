"""Take a delivery in: understand it, write it down, and only then give a receipt."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any
from uuid import UUID

import msgspec
import structlog

from tocsin_detector.domain.content_type import says_json
from tocsin_detector.domain.delivery import STORED, Delivery, Outcome, Refused, Repeats
from tocsin_detector.domain.forgiving import forgiven
from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Integration, Road
from tocsin_detector.domain.limits import Limits, too_deep, too_many_members
from tocsin_detector.domain.signal import Defaults, Fault, Parsed
from tocsin_detector.domain.sources import alertmanager, alertmanager_api, generic, pagerduty
from tocsin_detector.domain.unparsed import unparsed_signal
from tocsin_detector.usecases.group_commit import GroupCommit
from tocsin_detector.usecases.wire import encode_signals
from tocsin_runtime.clock import process_now
from tocsin_runtime.errors import Code
from tocsin_runtime.ids import new_id
from tocsin_runtime.text import clean

log = structlog.get_logger("tocsin.accept")
Parser = Callable[[object, Defaults, datetime], Parsed]
PARSERS: Mapping[Road, Parser] = {
    Road.ALERTMANAGER: alertmanager.parse,
    Road.ALERTMANAGER_API: alertmanager_api.parse,
    Road.GENERIC: generic.parse,
    Road.PAGERDUTY: pagerduty.parse,
}
MOST_ERRORS = 20
_decode = msgspec.json.Decoder().decode
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the sender is told: how much was taken in, and by which keys. `duplicate`: it is the first receipt again.

    `errors` say what was left out, the first twenty of it, and why; the key is missing when nothing was.
    """

    delivery_id: str
    accepted: int
    ignored: int
    duplicate: bool
    dedup_keys: tuple[str, ...]
    errors: tuple[Fault, ...] = ()


class Rejection(Exception):
    """The body was kept, but is no alert. `status` is what the sender is answered."""

    def __init__(self, status: int, code: Code, detail: str, *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults


class Post(msgspec.Struct, frozen=True):
    """A body and how it came. `sender_id` is the sender's own id of it; `strict` refuses another body under that id.

    `traceparent` is the trace that the sender is part of, if it says so.
    """

    road: Road
    body: bytes
    content_type: str | None = None
    sender_id: str | None = None
    strict: bool = False
    replay_of: UUID | None = None
    traceparent: str | None = None


Tell = Callable[[Receipt | Exception], None]
_receipts = msgspec.json.Decoder(Receipt)
_encode = msgspec.json.Encoder().encode


class Accept:
    """The use case. It keeps whatever an authenticated sender sends, also what nobody can read."""

    def __init__(
        self, commit: GroupCommit, *, limits: Limits, parsers: Mapping[Road, Parser] = PARSERS
    ) -> None:
        self._commit = commit
        self._limits = limits
        self._parsers = parsers

    async def __call__(self, integration: Integration, post: Post) -> Receipt:
        """The receipt, once everything is durable.

        Raises Rejection (kept all the same), TooMuchWaiting, DatabaseAway.
        """
        try:
            delivery, receipt = self._understood(integration, post)
        except Rejection as rejection:
            await self.keep_rejected(integration, post, rejection)
            raise
        return await self._durable(delivery, receipt, post)

    def hand(self, integration: Integration, post: Post, tell: Tell) -> None:
        """The same without waiting, for a post that has no id of its sender: `tell` hears the receipt or the error.

        Raises Rejection with nothing kept, TooMuchWaiting, DatabaseAway; `tell` is not called then.
        """
        delivery, receipt = self._understood(integration, post)

        def heard(outcome: Outcome | Exception) -> None:
            if outcome is STORED:
                tell(receipt)
            elif isinstance(outcome, Refused):
                tell(_refusal(outcome))
            else:
                assert isinstance(outcome, Exception), "a post without an id repeats nothing"
                tell(outcome)

        self._commit.hand(delivery, heard)

    async def keep_rejected(self, integration: Integration, post: Post, rejection: Rejection) -> None:
        """Write a rejected body down, so that its owner sees it and can replay it (R4)."""
        await self._commit.put(
            Delivery(
                id=new_id(),
                integration_id=integration.id,
                lane=integration.lane,
                received_at=process_now(),
                road=post.road,
                verdict=Verdict.REJECTED,
                body=post.body,
                reason=clean(rejection.detail)[:500],
                content_type=post.content_type,
                replay_of=post.replay_of,
                traceparent=post.traceparent,
            )
        )

    async def _durable(self, delivery: Delivery, receipt: Receipt, post: Post) -> Receipt:
        if post.sender_id is not None:
            digest = sha256(post.body).digest()
            delivery = replace(
                delivery, sender_id=post.sender_id, body_digest=digest, answer=_encode(receipt)
            )
        outcome = await self._commit.put(delivery)
        if isinstance(outcome, Repeats):
            if post.strict and not outcome.same_body:
                raise Rejection(
                    422,
                    Code.IDEMPOTENCY_KEY_REUSED,
                    "Another body came with this Idempotency-Key in the last 24 hours. Use a fresh key.",
                )
            return msgspec.structs.replace(_receipts.decode(outcome.answer), duplicate=True)
        if isinstance(outcome, Refused):
            raise _refusal(outcome)
        return receipt

    def _understood(self, integration: Integration, post: Post) -> tuple[Delivery, Receipt]:
        """What is to be written, and what the sender is told once it is. Raises Rejection."""
        received_at = process_now()
        parsed = self._understand(integration, post, received_at)
        delivery_id = new_id()
        receipt = Receipt(
            delivery_id=str(delivery_id),
            accepted=len(parsed.signals),
            ignored=len(parsed.ignored) + len(parsed.faults),
            duplicate=False,
            dedup_keys=tuple([signal.dedup_key for signal in parsed.signals]),
            errors=parsed.faults[:MOST_ERRORS],
        )
        delivery = Delivery(
            id=delivery_id,
            integration_id=integration.id,
            lane=integration.lane,
            received_at=received_at,
            road=post.road,
            verdict=Verdict.ACCEPTED if parsed.signals else Verdict.IGNORED,
            body=post.body,
            reason=_reason(parsed),
            accepted=receipt.accepted,
            ignored=receipt.ignored,
            content_type=post.content_type,
            signals=encode_signals(parsed.signals) if parsed.signals else None,
            replay_of=post.replay_of,
            traceparent=post.traceparent,
        )
        return delivery, receipt

    def _understand(self, integration: Integration, post: Post, received_at: datetime) -> Parsed:
        document = self._document(post)
        try:
            parsed = self._parsers[post.road](document, integration.defaults, received_at)
        except Exception:
            log.exception("delivery.parser_failed", integration_id=str(integration.id), road=post.road)
            about = sha256(post.body).hexdigest()
            return Parsed(
                (unparsed_signal(integration.name, about=about, severity=integration.defaults.severity),)
            )
        if len(parsed.signals) > self._limits.alerts:
            raise Rejection(
                413, Code.TOO_MANY_ALERTS, f"A post may hold {self._limits.alerts} alerts; split it."
            )
        if parsed.nothing_understood():
            detail = f"The body is not of the form that source {integration.source} sends: {parsed.faults[0].detail}"
            raise Rejection(422, Code.WRONG_FORM, detail, faults=parsed.faults[:MOST_ERRORS])
        return parsed

    def _document(self, post: Post) -> Any:
        document = decoded(post.body, post.content_type)
        if too_deep(post.body, document, self._limits.depth):
            raise Rejection(
                400, Code.NESTED_TOO_DEEPLY, f"Nest objects and lists at most {self._limits.depth} deep."
            )
        if too_many_members(post.body, document, self._limits.members):
            raise Rejection(400, Code.TOO_MANY_MEMBERS, f"An object may have {self._limits.members} members.")
        if post.road is Road.PAGERDUTY and isinstance(document, dict) and pagerduty.lacks_key(document):
            return {**document, "dedup_key": token_hex(16)}
        return document


def decoded(body: bytes, content_type: str | None = None) -> Any:
    """The body as plain values. Raises a Rejection when it is not JSON: 400, or 415 when it did not say so either."""
    try:
        try:
            return _decode(body)
        except msgspec.DecodeError:
            return _decode(forgiven(body))
    except _NOT_JSON as error:
        raise _not_json(error, content_type) from error


def _not_json(error: Exception, content_type: str | None) -> Rejection:
    if says_json(content_type):
        return Rejection(400, Code.NOT_JSON, f"The body is not JSON: {error}.")
    detail = (
        f"The body came as {content_type}, and is not JSON: send JSON, with `Content-Type: application/json`."
    )
    return Rejection(415, Code.NOT_JSON_TYPE, detail)


def _refusal(refused: Refused) -> Rejection:
    kept = "" if refused.kept else "not "
    return Rejection(422, Code.CANNOT_BE_STORED, f"{refused.reason}. The body was {kept}kept.")


def _reason(parsed: Parsed) -> str | None:
    if parsed.faults:
        first = parsed.faults[0]
        return clean(f"{len(parsed.faults)} left out; {first.pointer or '/'}: {first.detail}")[:500]
    return ", ".join(parsed.ignored)[:500] or None
