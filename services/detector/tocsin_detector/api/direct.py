"""The short road for the plainest posts: straight from the connection to the group commit and back (decision 15).

Whatever is not plain (a signature, a packed body, a sender's own id, an unknown key, a body that is no alert) is
declined, and comes again by the road through ASGI, which has an answer for everything.
"""

from collections.abc import Mapping
from typing import Any

from tocsin_detector.api import answers
from tocsin_detector.api.answers import Answer
from tocsin_detector.api.failures import answer_to
from tocsin_detector.api.senders import Visit, credentials, is_packed, post_of, visit_of
from tocsin_detector.domain.integration import SOURCE_OF, Integration, Road
from tocsin_detector.domain.limits import Limits
from tocsin_detector.usecases.accept import Accept, Receipt, Rejection, Tell
from tocsin_detector.usecases.figures import IntakeFigures
from tocsin_detector.usecases.keyring import Keyring
from tocsin_runtime.clock import stopwatch
from tocsin_runtime.direct import Reply


class DirectAlertRoad:
    """Answers posts of alerts to webhooks and to Alertmanager's API. PagerDuty's show their key in the body only."""

    prefixes: tuple[bytes, ...] = (b"/api/v1/webhooks/", b"/alertmanager/")

    def __init__(self, *, accept: Accept, keyring: Keyring, limits: Limits, figures: IntakeFigures) -> None:
        self._accept = accept
        self._keyring = keyring
        self._limits = limits
        self._figures = figures

    def take(self, scope: Mapping[str, Any], body: bytes, reply: Reply) -> bool:
        """Whether the post is plain; it is answered when it is durable."""
        began = stopwatch()
        visit = visit_of(scope)
        if visit is None or visit.refusal is not None:
            return False
        integration = self._keyring.known(credentials(visit))
        if integration is None or not self._is_plain(visit, integration, len(body)):
            return False

        def tell(outcome: Receipt | Exception) -> None:
            answer = self._answer(visit, outcome)
            self._figures.count(visit.label, answer.outcome, began)
            reply(answer.status, answer.headers, answer.body)

        return self._handed(integration, visit, body, tell)

    def _handed(self, integration: Integration, visit: Visit, body: bytes, tell: Tell) -> bool:
        post = post_of(visit, body)
        if post.sender_id is not None:
            return False
        try:
            self._accept.hand(integration, post, tell)
        except Rejection:
            return False
        except Exception as error:  # noqa: BLE001 - it has an answer of its own, or is logged there
            tell(error)
        return True

    def _is_plain(self, visit: Visit, integration: Integration, size: int) -> bool:
        return (
            visit.road is not None
            and SOURCE_OF[visit.road] is integration.source
            and integration.secret is None
            and size <= (integration.body_limit or self._limits.body)
            and not is_packed(visit)
        )

    def _answer(self, visit: Visit, outcome: Receipt | Exception) -> Answer:
        is_alertmanager = visit.road is Road.ALERTMANAGER_API
        if isinstance(outcome, Exception):
            answer = answer_to(outcome, road=visit.label)
            return answers.as_alertmanager(answer) if is_alertmanager else answer
        assert visit.road is not None
        self._figures.count_alerts(visit.road, outcome.accepted)
        return answers.alertmanager_accepted(outcome) if is_alertmanager else answers.accepted(outcome)
