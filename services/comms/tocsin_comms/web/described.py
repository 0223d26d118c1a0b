"""The public documents in OpenAPI's words: they are answered from memory, so FastAPI knows only their paths."""

from typing import Any

from tocsin_chassis.openapi import Described
from tocsin_comms.domain.maintenance import MaintenanceStatus
from tocsin_comms.domain.states import ComponentState, Impact, PublicStatus

Json = dict[str, Any]
_TEXT: Json = {"type": "string"}
_ID: Json = {"type": "string", "format": "uuid"}
_MOMENT: Json = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
_MAYBE_TEXT: Json = {"type": ["string", "null"]}


def _object(about: str, /, **properties: Json) -> Json:
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": True,
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _all(name: str) -> Json:
    return {"type": "array", "items": _ref(name)}


PAGE: Json = {"page": _ref("PublicPage")}
STATUS: Json = {"status": _ref("PublicIndicator")}
COMPONENTS: Json = {"components": _all("PublicComponent")}
INCIDENTS: Json = {"incidents": _all("PublicIncident")}
WORKS: Json = {"scheduled_maintenances": _all("PublicMaintenance")}
STORY: Json = {
    "id": _ID,
    "name": _TEXT,
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
    "started_at": _MOMENT,
    "resolved_at": _MAYBE_MOMENT,
    "impact": {"type": "string", "enum": [*Impact]},
    "shortlink": _TEXT,
    "page_id": _ID,
    "incident_updates": _all("PublicUpdate"),
    "components": _all("PublicComponent"),
}
SCHEMAS: dict[str, Json] = {
    "PublicPage": _object(
        "The status page.", id=_ID, name=_TEXT, url=_TEXT, time_zone=_TEXT, updated_at=_MOMENT
    ),
    "PublicIndicator": _object(
        "How the whole is.", indicator={"type": "string", "enum": [*Impact]}, description=_TEXT
    ),
    "PublicComponent": _object(
        "A component, or with `group` a group of them.",
        id=_ID,
        name=_TEXT,
        status={"type": "string", "enum": [*ComponentState]},
        description=_MAYBE_TEXT,
        position={"type": "integer"},
        group={"type": "boolean"},
        group_id={"type": ["string", "null"], "format": "uuid"},
        page_id=_ID,
    ),
    "PublicUpdate": _object(
        "One public statement.",
        id=_ID,
        status={"type": "string", "enum": sorted({*PublicStatus, *MaintenanceStatus})},
        body=_TEXT,
        incident_id=_ID,
        created_at=_MOMENT,
        updated_at=_MOMENT,
        display_at=_MOMENT,
    ),
    "PublicIncident": _object(
        "A public report.", **STORY, status={"type": "string", "enum": [*PublicStatus]}
    ),
    "PublicMaintenance": _object(
        "Planned work.",
        **STORY,
        status={"type": "string", "enum": [*MaintenanceStatus]},
        scheduled_for=_MOMENT,
        scheduled_until=_MOMENT,
    ),
}


def _document(name: str, description: str, *parts: Json) -> Json:
    schema = _object(description, **{key: value for part in parts for key, value in part.items()})
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    operation: Json = {
        "operationId": f"status_{name}",
        "tags": ["public status"],
        "summary": description,
        "description": "As Atlassian Statuspage's API v2 gives it. Open to all; answers 304 to If-None-Match.",
        "security": [],
        "responses": {
            "200": {"description": description, "content": {"application/json": {"schema": schema}}},
            "304": {"description": "Nothing has changed since."},
            "503": {"description": "The page is still being rendered; try again.", "content": problem},
        },
    }
    return {"get": operation}


STATUS_JSON = Described(
    paths={
        f"/status/api/v2/{path}.json": document
        for path, document in {
            "summary": _document("summary", "All at a glance", PAGE, COMPONENTS, INCIDENTS, WORKS, STATUS),
            "status": _document("status", "How the whole is", PAGE, STATUS),
            "components": _document("components", "Every component", PAGE, COMPONENTS),
            "incidents": _document("incidents", "The newest reports", PAGE, INCIDENTS),
            "incidents/unresolved": _document("unresolved", "Reports that are not over", PAGE, INCIDENTS),
            "scheduled-maintenances": _document("maintenances", "Planned work", PAGE, WORKS),
        }.items()
    },
    schemas=SCHEMAS,
)
