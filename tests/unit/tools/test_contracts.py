"""The import contracts name every part that they are about: a new one cannot slip past them."""

import tomllib
from pathlib import Path
from typing import Any

from tocsin_runtime.settings import SERVICES

ROOT = Path(__file__).parents[3]
HOLDS_SQL = {"store", "migrations"}
PURE = {"domain"}
"""Kept from SQL, and from all else, by a contract of its own."""
WIRING = {"__init__", "__main__", "app", "settings", "py"}


def test_all_of_a_service_but_its_store_is_kept_from_sql() -> None:
    there = {
        f"tocsin_{service}.{part}"
        for service in SERVICES
        for part in _parts(ROOT / "services" / service / f"tocsin_{service}")
        if part not in HOLDS_SQL | PURE | WIRING
    }
    assert set(_contract("sql")["source_modules"]) == there


def test_every_module_of_a_transport_is_protected() -> None:
    there = {
        f"tocsin_bus.{path.stem}"
        for path in (ROOT / "libs/bus/tocsin_bus").glob("*.py")
        if path.stem.startswith(("kafka", "postgres"))
    }
    contract = _contract("transport")
    assert set(contract["protected_modules"]) == there
    assert set(contract["allowed_importers"]) == {"tocsin_bus.connect", *there}


def _parts(package: Path) -> set[str]:
    names = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    return names - {"__pycache__"}


def _contract(wanted: str) -> dict[str, Any]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [contract for contract in contracts if contract["id"] == wanted]
    return dict(found)
