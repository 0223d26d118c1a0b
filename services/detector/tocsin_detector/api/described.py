"""The roads of alerts in OpenAPI's words. They are answered ahead of FastAPI, which therefore cannot describe them."""

from typing import Any

from tocsin_chassis.openapi import Described
from tocsin_chassis.openapi_parts import ONE_STRING

Json = dict[str, Any]
KEYED: list[Json] = [{"integrationKey": []}, {"integrationKeyHeader": []}, {"integrationKeyPassword": []}]
_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_LABELS: Json = {"type": "object", "additionalProperties": {"type": "string"}}
_MOMENT: Json = {"type": "string", "format": "date-time"}


def _object(about: str, required: str = "", /, **properties: Json) -> Json:
    made: Json = {"type": "object", "description": about, "properties": properties}
    return {**made, "required": required.split()} if required else made


def _body(schema: Json, status: str, description: str) -> Json:
    return {status: {"description": description, "content": {"application/json": {"schema": schema}}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_or_many(name: str) -> Json:
    return {"anyOf": [_ref(name), {"type": "array", "items": _ref(name)}]}


SCHEMAS: dict[str, Json] = {
    "GenericAlert": _object(
        "An alert in Tocsin's own form. Without `dedup_key` title, service and labels say what is the same.",
        "title",
        title={**_TEXT, "minLength": 1},
        status={**_TEXT, "default": "firing", "examples": ["firing", "resolved", "acknowledged"]},
        severity={**_TEXT, "examples": ["critical", "high", "medium", "low", "info"]},
        dedup_key=_TEXT,
        description=_TEXT,
        service={**_TEXT, "description": "Slug, name or alias of a service."},
        labels=_LABELS,
        url={**_TEXT, "format": "uri"},
        started_at=_MOMENT,
    ),
    "AlertmanagerWebhook": _object(
        "What Alertmanager's webhook_config posts, version 4.",
        "alerts",
        version=_TEXT,
        status=_TEXT,
        receiver=_TEXT,
        groupKey=_TEXT,
        groupLabels=_LABELS,
        commonLabels=_LABELS,
        commonAnnotations=_LABELS,
        externalURL=_TEXT,
        alerts={"type": "array", "items": _ref("AlertmanagerAlert")},
    ),
    "AlertmanagerAlert": _object(
        "An alert as Prometheus and Alertmanager write it.",
        "labels",
        labels=_LABELS,
        annotations=_LABELS,
        status=_TEXT,
        startsAt=_MOMENT,
        endsAt=_MOMENT,
        generatorURL=_TEXT,
        fingerprint=_TEXT,
    ),
    "PagerDutyEvent": _object(
        "An event of PagerDuty's Events API v2. The routing key is the key of an integration with source pagerduty.",
        "routing_key event_action",
        routing_key=_TEXT,
        event_action={**_TEXT, "enum": ["trigger", "acknowledge", "resolve"]},
        dedup_key={**_TEXT, "maxLength": 255},
        payload={"type": "object", "description": "PagerDuty's payload; `trigger` needs it."},
    ),
    "PagerDutyAccepted": _object(
        "PagerDuty's answer.", "status message dedup_key", status=_TEXT, message=_TEXT, dedup_key=_TEXT
    ),
    "PagerDutyRefused": _object(
        "PagerDuty's error.",
        "status message errors",
        status=_TEXT,
        message=_TEXT,
        errors={"type": "array", "items": _TEXT},
    ),
    "Receipt": _object(
        "What was taken in, given once it is durable. `errors` say what of a list was left out.",
        "delivery_id accepted ignored duplicate dedup_keys",
        delivery_id={**_TEXT, "format": "uuid"},
        accepted=_COUNT,
        ignored=_COUNT,
        duplicate={
            "type": "boolean",
            "description": "The sender's own id came before: this is the first receipt.",
        },
        dedup_keys={"type": "array", "items": _TEXT},
        errors={
            "type": "array",
            "items": _object("One fault.", "pointer detail", pointer=_TEXT, detail=_TEXT),
        },
    ),
}
SECURITY_SCHEMES: dict[str, Json] = {
    "integrationKey": {"type": "http", "scheme": "bearer", "description": "The key of an integration."},
    "integrationKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Tocsin-Key"},
    "integrationKeyPassword": {
        "type": "http",
        "scheme": "basic",
        "description": "The key of an integration is the password; the user does not matter.",
    },
}
_SOURCE: Json = {
    "name": "source",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": ["alertmanager", "generic"]},
}
_KEY: Json = {
    "name": "key",
    "in": "path",
    "required": True,
    "schema": _TEXT,
    "description": "The integration's key.",
}
_SENDERS_ID: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": _TEXT,
    "description": "The sender's own id for this post: sent again, it gives the first receipt. So does webhook-id.",
}
_PROBLEMS: dict[str, str] = {
    "400": "The body is not JSON, or a key stands in the query string.",
    "401": "No valid key, or the signature does not match.",
    "403": "A valid key, but of another source.",
    "404": "An unknown source.",
    "408": "The body came too slowly.",
    "413": "The body is larger than the integration takes.",
    "415": "A content type other than JSON, or packed by something other than gzip.",
    "422": "Not of that source's form; it is kept, and `errors` says what is wrong.",
    "503": "Nothing was stored; send it again after as many seconds as Retry-After says.",
}


def _problems() -> Json:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {status: {"description": told, "content": content} for status, told in _PROBLEMS.items()}


def _webhook(name: str, *, keyed: bool) -> Json:
    body = {"anyOf": [_one_or_many("GenericAlert"), _ref("AlertmanagerWebhook")]}
    operation: Json = {
        "operationId": name,
        "tags": ["senders"],
        "summary": "Take in what a monitoring tool posts",
        "description": "Plain or with Content-Encoding gzip. Where the integration has a secret, the body is signed by"
        " Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature), as it is sent or before it is packed.",
        "security": [] if keyed else KEYED,
        "parameters": [_SOURCE, *([_KEY] if keyed else []), _SENDERS_ID],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {**_body(_ref("Receipt"), "202", "Taken in, and durable."), **_problems()},
    }
    return {"post": operation}


def _alertmanager(name: str, *, keyed: bool) -> Json:
    operation: Json = {
        "operationId": name,
        "tags": ["alertmanager"],
        "summary": "Take in the alerts of a Prometheus server",
        "description": "As Alertmanager's API v2 does: Prometheus lists Tocsin as an Alertmanager with path_prefix"
        " /alertmanager.",
        "security": [] if keyed else KEYED,
        "parameters": [_KEY] if keyed else [],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "array", "items": _ref("AlertmanagerAlert")}}
            },
        },
        "responses": {
            "200": {"description": "Taken in, and durable; without a body."},
            "default": ONE_STRING,
        },
    }
    return {"post": operation}


ENQUEUE: Json = {
    "post": {
        "operationId": "pagerduty_enqueue",
        "tags": ["senders"],
        "summary": "Take in an event as PagerDuty's Events API v2 does",
        "security": [],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("PagerDutyEvent")}},
        },
        "responses": {
            **_body(_ref("PagerDutyAccepted"), "202", "Taken in, and durable."),
            **_body(
                _ref("PagerDutyRefused"),
                "400",
                "The event is invalid, or no integration has its routing key.",
            ),
            **_body(_ref("PagerDutyRefused"), "default", "Whatever else went wrong, in the same form."),
        },
    }
}
ROADS = Described(
    paths={
        "/api/v1/webhooks/{source}": _webhook("post_webhook", keyed=False),
        "/api/v1/webhooks/{source}/{key}": _webhook("post_webhook_by_key", keyed=True),
        "/v2/enqueue": ENQUEUE,
        "/alertmanager/api/v2/alerts": _alertmanager("post_alertmanager_alerts", keyed=False),
        "/alertmanager/k/{key}/api/v2/alerts": _alertmanager("post_alertmanager_alerts_by_key", keyed=True),
    },
    schemas=SCHEMAS,
    security_schemes=SECURITY_SCHEMES,
    instead=KEYED,
)
