"""Play a kept delivery again, with the parser and the settings as they are now."""

from uuid import UUID

from tocsin_detector.domain.errors import NotFound
from tocsin_detector.domain.integration import Integration, Road
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.accept import Post
from tocsin_detector.usecases.find import existing_delivery, kept_body


async def post_again(
    deliveries: DeliveryQueries, integrations: IntegrationRepository, delivery_id: UUID
) -> tuple[Integration, Post]:
    """What to accept again, and for whom.

    Both read on the connection that the request has already: under an Idempotency-Key it holds one, and requests that
    each hold one while they wait for another would all wait in vain.

    Raises NotFound for an unknown delivery or a deleted integration, BodyNotKept when there is nothing to play.
    """
    kept = await existing_delivery(deliveries, delivery_id)
    integration = await integrations.get(kept.integration_id)
    if integration is None:
        raise NotFound("The integration that it came through has been deleted, so it cannot be replayed.")
    body = await kept_body(deliveries, delivery_id)
    post = Post(Road(kept.road), body, kept.content_type, replay_of=delivery_id, traceparent=kept.traceparent)
    return integration, post
