"""Small look-ups that the API and the pages share."""

from collections.abc import Sequence
from uuid import UUID

from tocsin_detector.domain.alert import Alert
from tocsin_detector.domain.errors import BodyNotKept, ForeignCursor, NotFound
from tocsin_detector.store.queries import AlertQueries, DeliveryQueries, KeptDelivery


async def existing_alert(queries: AlertQueries, alert_id: UUID) -> Alert:
    """The alert. Raises NotFound."""
    alert = await queries.get(alert_id)
    if alert is None:
        raise NotFound(f"There is no alert {alert_id}.")
    return alert


async def existing_delivery(queries: DeliveryQueries, delivery_id: UUID) -> KeptDelivery:
    """The delivery. Raises NotFound, also for one that is past its time."""
    delivery = await queries.get(delivery_id)
    if delivery is None:
        raise NotFound(
            f"There is no delivery {delivery_id}. It may be past the time for which bodies are kept."
        )
    return delivery


async def kept_body(queries: DeliveryQueries, delivery_id: UUID) -> bytes:
    """What was sent. Raises NotFound and BodyNotKept."""
    delivery = await existing_delivery(queries, delivery_id)
    if delivery.body_missing is not None:
        raise BodyNotKept(
            f"The body was not kept, because {delivery.body_missing}. Have the sender send it again."
        )
    return await queries.body(delivery_id) or b""


def last_id(after: Sequence[object] | None) -> UUID | None:
    """The id after which a page begins. Raises ForeignCursor for the cursor of a list that is not sorted by id."""
    try:
        return UUID(str(after[0])) if after else None
    except ValueError as error:
        raise ForeignCursor("Use the cursor that this list gave as `next`, unchanged.") from error
