"""Writes the generated files; with --check it only says which differ. Run by `make generate` and `make check`."""

import sys
from pathlib import Path

import orjson

from tocsin.proxies import generated as proxy_files
from tocsin.registry import create_app_of, settings_of
from tocsin_bus.connect import connect
from tocsin_chassis.platform import Platform
from tocsin_runtime.settings import SERVICES, PlatformSettings
from tools import asyncapi, rule_tests, settings_reference

ROOT = Path(__file__).parent.parent


def generated() -> dict[str, str]:
    """Content by path."""
    files = {
        "asyncapi.yaml": asyncapi.render(),
        "docs/operate/settings.md": settings_reference.render(),
        "docs/reliability-tests.md": rule_tests.render(),
    }
    settings = PlatformSettings(database_url="postgresql://nobody@localhost/none", secret_key="x" * 32)
    for name in SERVICES:
        app = create_app_of(name)(settings_of(name)(), Platform(settings, connect(settings)))
        document = orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        files[f"docs/openapi/{name}.json"] = document.decode() + "\n"
    return files | proxy_files()


def main() -> int:
    """Exit code 1 when --check finds a difference."""
    files = generated()
    stale = [name for name, content in files.items() if _read(ROOT / name) != content]
    if "--check" in sys.argv:
        if stale:
            print("out of date, run `make generate`: " + ", ".join(sorted(stale)))
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(files[name])
        print(f"wrote {name}")
    return 0


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
