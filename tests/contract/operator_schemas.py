"""The fields of the Prometheus Operator's documents that Tocsin uses, as its API v1 defines them.

An excerpt: nothing else is allowed, so a misspelt field is found; who uses another field adds it here.
"""

from typing import Any

OPERATOR = "monitoring.coreos.com/v1"
_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION = {
    "type": "string",
    "pattern": r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$",
}
_NAME = {"type": "string", "maxLength": 63, "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _document(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = _object({"name": _NAME}, {"namespace": _TEXT, "labels": _TEXTS, "annotations": _TEXTS})
    return _object(
        {"apiVersion": {"const": OPERATOR}, "kind": {"const": kind}, "metadata": metadata, "spec": spec}
    )


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


_ENDPOINT = _object({"port": _TEXT, "path": _TEXT}, {"interval": _DURATION, "scrapeTimeout": _DURATION})
_RULE = _object({"alert": _TEXT, "expr": _TEXT}, {"for": _DURATION, "labels": _TEXTS, "annotations": _TEXTS})
_GROUP = _object({"name": _TEXT, "rules": _list_of(_RULE)}, {"interval": _DURATION})
_MONITOR = _object({"selector": _object({"matchLabels": _TEXTS}), "endpoints": _list_of(_ENDPOINT)})
SCHEMAS = {
    "ServiceMonitor": _document("ServiceMonitor", _MONITOR),
    "PrometheusRule": _document("PrometheusRule", _object({"groups": _list_of(_GROUP)})),
}
