"""What the code expects of each schema is what Alembic would bring it to."""

import subprocess
import sys

import pytest

from tocsin.registry import SCHEMAS
from tocsin_runtime.migrate import _scripts
from tocsin_runtime.schemas import MigrationError, newest


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_newest_file_is_the_head_of_the_migrations(schema: str) -> None:
    package = f"tocsin_{schema}"
    assert newest(package) == _scripts(package).get_current_head()


def test_a_package_that_is_not_there_is_said_so() -> None:
    with pytest.raises(MigrationError, match="tocsin_nowhere is not installed"):
        newest("tocsin_nowhere")


def test_a_service_starts_without_what_migrates_and_without_the_other_services() -> None:
    """A restart while pages wait costs the time of its imports."""
    command = "import sys, tocsin.cli, tocsin.hosting_one, tocsin_detector.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    unwanted = {"alembic", "tocsin.up", "tocsin_paging.app", "apprise", "slack_sdk"}
    assert not unwanted & set(loaded.stdout.split())
