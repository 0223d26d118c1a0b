"""Play a kept delivery again, with the parser and the settings as they are now."""

from uuid import UUID

from tocsin_detector.domain.errors import NotFound
from tocsin_detector.domain.integration import Integration, Road
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.accept import Post
from tocsin_detector.usecases.find import existing_delivery, kept_body
from tocsin_runtime.database import Database


async def post_again(database: Database, delivery_id: UUID) -> tuple[Integration, Post]:
    """What to accept again, and for whom.

    Raises NotFound for an unknown delivery or a deleted integration, BodyNotKept when there is nothing to play.
    """
    async with database.read() as conn:
        kept = await existing_delivery(DeliveryQueries(conn), delivery_id)
        integration = await IntegrationRepository(conn).get(kept.integration_id)
        if integration is None:
            raise NotFound("The integration that it came by is deleted; there is nobody to replay it for.")
        body = await kept_body(DeliveryQueries(conn), delivery_id)
    post = Post(Road(kept.road), body, kept.content_type, replay_of=delivery_id, traceparent=kept.traceparent)
    return integration, post
