"""`docs/operate/settings.md`: every TOCSIN_ variable, from the settings classes and their docstrings."""

import ast
import inspect

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from tocsin.registry import settings_of
from tocsin_runtime.settings import SERVICES, PlatformSettings

HEAD = """# Settings

Made from the code by `make generate`; do not edit. Every variable may instead be given as a file:
`TOCSIN_SECRET_KEY_FILE` holds the path of a file with the value. An unknown `TOCSIN_` variable stops the start, for it
is most likely misspelt; a service that runs alone overlooks only what is named like another service's own.
"""


def render() -> str:
    """The page."""
    parts = [HEAD, _section("All services", PlatformSettings)]
    parts += [_section(name.capitalize(), settings_of(name)) for name in SERVICES]
    return "\n".join(parts)


def _section(title: str, settings: type[BaseSettings]) -> str:
    prefix = str(settings.model_config.get("env_prefix", ""))
    if not settings.model_fields:
        return f"## {title}\n\nNothing beyond what all services share.\n"
    notes = _docstrings(settings)
    lines = [f"## {title}", "", "| variable | default | what it does |", "| --- | --- | --- |"]
    for name, field in settings.model_fields.items():
        default = "" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        text = " ".join((field.description or notes.get(name, "")).split()).replace("|", "\\|")
        lines.append(f"| `{(prefix + name).upper()}` | {default} | {text} |")
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default in ("", None, (), []) else f"`{default}`"


def _docstrings(settings: type[BaseSettings]) -> dict[str, str]:
    """The string below each field; fields that share one string stand above it in a row."""
    body = ast.parse(inspect.getsource(settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    notes: dict[str, str] = {}
    waiting: list[str] = []
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting.append(node.target.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            notes |= dict.fromkeys(waiting, str(node.value.value))
            waiting = []
    return notes
