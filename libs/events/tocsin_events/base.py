"""What every event is: a frozen model with a versioned name, a topic and a key."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Topic(StrEnum):
    """The five streams. A topic keeps order per key, and promises nothing between keys."""

    ALERTS = "alerts"
    INCIDENTS = "incidents"
    PAGES = "pages"
    STATUS = "status"
    DIRECTORY = "directory"


REGISTRY: dict[str, type["Event"]] = {}
"""Every event type by its versioned name, such as `incident.opened.v1`."""


class Value(BaseModel):
    """A part of an event. Unknown fields are ignored, so that a newer writer never breaks an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class Event(Value):
    """Something that happened. Subclasses set `TYPE` and `TOPIC` and say which aggregate orders them by `key`."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[Topic]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        if "TYPE" not in cls.__dict__:
            return
        if cls.TYPE in REGISTRY:
            raise TypeError(f"two event types are called {cls.TYPE}")
        REGISTRY[cls.TYPE] = cls

    @property
    def topic(self) -> Topic:
        """Where it is told."""
        return self.TOPIC

    @property
    def key(self) -> UUID:
        """The aggregate whose events keep their order."""
        raise TypeError(f"{type(self).__name__} names no key")
