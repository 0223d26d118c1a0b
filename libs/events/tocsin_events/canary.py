"""The canary: sent through every topic, so that a consumer which has silently stopped is noticed (R21)."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from tocsin_events.base import Event, Topic


class Canary(Event):
    """Means nothing; that it arrives means everything: readers drop it. `sent_to` is its topic.

    `id` is one of a few fixed keys, one for each partition, which take turns.
    """

    TYPE: ClassVar = "canary.v1"
    TOPIC: ClassVar = Topic.STATUS
    id: UUID
    sent_to: Topic
    sent_at: AwareDatetime

    @property
    def topic(self) -> Topic:
        return self.sent_to

    @property
    def key(self) -> UUID:
        return self.id
