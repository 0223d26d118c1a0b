"""What the code expects of a service's schema. Apart from `migrate`, which brings in all of Alembic."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path


class MigrationError(Exception):
    """A migration could not run; the text says what to do."""


def role_of(schema: str) -> str:
    """The role that owns a schema when one login serves all."""
    return f"tocsin_{schema}"


def migrations_of(package: str) -> Path:
    """The folder of a package's migrations. Raises MigrationError when there is no such package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MigrationError(f"package {package} is not installed")
    return Path(spec.submodule_search_locations[0]) / "migrations"


@cache
def newest(package: str) -> str:
    """The revision that the code expects. A migration's file is named after it, as in `0002_filters.py`."""
    files = (migrations_of(package) / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")
    return max(file.name[:4] for file in files)
