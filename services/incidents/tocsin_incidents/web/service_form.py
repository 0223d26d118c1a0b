"""The fields of a service's form, and what they mean."""

import re
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from tocsin_incidents.domain.catalogue import is_slug, slug_of
from tocsin_incidents.domain.severity import DEFAULT_MAP, AlertSeverity, Severity
from tocsin_runtime.text import clean

LINK = re.compile(r"https?://\S+")
NAME_LIMIT, DESCRIPTION_LIMIT, ALIASES = 100, 2_000, 50


class Fields(BaseModel):
    """As the browser sends them: all text, an unchecked box not at all."""

    csrf: str = ""
    version: str = ""
    name: str = ""
    slug: str = ""
    description: str = ""
    aliases: str = ""
    team_id: str = ""
    escalation_policy_id: str = ""
    opens_critical: str = str(DEFAULT_MAP[AlertSeverity.CRITICAL])
    opens_high: str = str(DEFAULT_MAP[AlertSeverity.HIGH])
    opens_medium: str = str(DEFAULT_MAP[AlertSeverity.MEDIUM])
    opens_low: str = str(DEFAULT_MAP[AlertSeverity.LOW])
    opens_info: str = ""
    auto_resolve: str = ""
    runbook_url: str = ""


def read_form(fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of a Service, and what is wrong by the form's field."""
    typed = {name: clean(value).strip() for name, value in fields.model_dump().items()}
    errors: dict[str, str] = {}
    changes: dict[str, Any] = {
        "name": typed["name"],
        "slug": typed["slug"] or slug_of(typed["name"]),
        "description": typed["description"],
        "aliases": tuple(dict.fromkeys(name.strip() for name in typed["aliases"].split(",") if name.strip())),
        "team_id": _id(typed, "team_id", errors=errors),
        "escalation_policy_id": _id(typed, "escalation_policy_id", errors=errors),
        "severity_map": {alert: _severity(typed[f"opens_{alert}"]) for alert in AlertSeverity},
        "auto_resolve": bool(typed["auto_resolve"]),
        "runbook_url": typed["runbook_url"] or None,
    }
    _check(changes, errors)
    return changes, errors


def _check(changes: dict[str, Any], errors: dict[str, str]) -> None:
    name, slug = changes["name"], changes["slug"]
    if not name or len(name) > NAME_LIMIT:
        errors["name"] = f"Give it a name of at most {NAME_LIMIT} characters"
    elif not is_slug(slug):
        errors["slug"] = "Use lower-case letters, digits and inner dashes, such as checkout-api"
    if len(changes["description"]) > DESCRIPTION_LIMIT:
        errors["description"] = f"Use at most {DESCRIPTION_LIMIT} characters"
    aliases = changes["aliases"]
    if len(aliases) > ALIASES or any(len(alias) > NAME_LIMIT for alias in aliases):
        errors["aliases"] = f"Give at most {ALIASES} names of at most {NAME_LIMIT} characters"
    link = changes["runbook_url"]
    if link is not None and (len(link) > DESCRIPTION_LIMIT or not LINK.fullmatch(link)):
        errors["runbook_url"] = "Give a link that begins with https:// or http://"


def _id(typed: dict[str, str], name: str, *, errors: dict[str, str]) -> UUID | None:
    try:
        return UUID(typed[name]) if typed[name] else None
    except ValueError:
        errors[name] = "Choose one from the list"
        return None


def _severity(text: str) -> Severity | None:
    return next((severity for severity in Severity if severity == text), None)
