"""`asyncapi.yaml` (3.0), made from the event types."""

import importlib
import pkgutil
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

import tocsin_events
from tocsin_events.base import REGISTRY, Event, Topic
from tocsin_events.canary import Canary
from tocsin_events.envelope import TYPE_PREFIX

OWNERS = {
    Topic.ALERTS: ("detector", "the alert group"),
    Topic.INCIDENTS: ("incidents", "the incident"),
    Topic.PAGES: ("paging", "the incident"),
    Topic.STATUS: ("comms", "the component or the incident"),
    Topic.DIRECTORY: ("paging; services of the catalogue by incidents", "the entry"),
}
HEADER = "# Made from libs/events by `make generate`; do not edit.\n"


def load_events() -> dict[str, type[Event]]:
    """Every event type, by name in order."""
    for module in pkgutil.iter_modules(tocsin_events.__path__):
        importlib.import_module(f"tocsin_events.{module.name}")
    return dict(sorted(REGISTRY.items()))


def schemas() -> dict[str, Any]:
    """JSON Schema of each event and of each value inside them."""
    events = load_events()
    _, document = models_json_schema(
        [(model, "validation") for model in events.values()],
        ref_template="#/components/schemas/{model}",
        schema_generator=GenerateJsonSchema,
    )
    return dict(sorted(document["$defs"].items()))


def render() -> str:
    """The whole document as YAML."""
    events = load_events()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tocsin events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in binary mode: attributes are headers with prefix `ce_`, the value is"
            " the event as JSON, the key is the aggregate's id. A field may be added to a type, never changed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.value: _channel(topic, events) for topic in Topic},
        "operations": {
            f"publish_{topic.value}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{topic.value}"},
                "summary": f"Told by {OWNERS[topic][0]}.",
            }
            for topic in Topic
        },
        "components": {
            "messages": {_message(name): _described(name, kind) for name, kind in events.items()},
            "schemas": {**schemas(), "CloudEventHeaders": _headers()},
        },
    }
    return HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def _channel(topic: Topic, events: dict[str, type[Event]]) -> dict[str, Any]:
    own = [name for name, kind in events.items() if kind is Canary or topic == kind.TOPIC]
    return {
        "address": f"tocsin.{topic.value}",
        "description": f"Ordered by key: {OWNERS[topic][1]}."
        + (" Compacted: the last state of each key stays." if topic == Topic.DIRECTORY else ""),
        "messages": {_message(name): {"$ref": f"#/components/messages/{_message(name)}"} for name in own},
    }


def _described(name: str, kind: type[Event]) -> dict[str, Any]:
    return {
        "name": TYPE_PREFIX + name,
        "title": kind.__name__,
        "summary": " ".join((kind.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }


def _headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": [
            "ce_specversion",
            "ce_id",
            "ce_type",
            "ce_source",
            "ce_subject",
            "ce_time",
            "ce_correlationid",
        ],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {
                **text,
                "format": "uuid",
                "description": "UUIDv7; the same on every redelivery and replay.",
            },
            "ce_type": {**text, "description": "io.tocsin.<entity>.<what happened>.v<major>"},
            "ce_source": {**text, "description": "/tocsin/<service>"},
            "ce_subject": {**text, "format": "uuid", "description": "The key."},
            "ce_time": {**text, "format": "date-time"},
            "ce_correlationid": {
                **text,
                "format": "uuid",
                "description": "The delivery or request it all began with.",
            },
            "ce_causationid": {**text, "format": "uuid", "description": "The event that led to this one."},
            "ce_traceparent": {
                **text,
                "description": "W3C trace context of the post or request that it began with, if one came.",
            },
        },
    }


def _message(name: str) -> str:
    return name.replace(".", "_")
