"""What some tests need beyond Python and the embedded PostgreSQL, and what happens to them where it is missing.

Such a test is left out, and the end of the run says so; when TOCSIN_TEST_REQUIRE names its marker, it fails instead.
"""

import os
import shutil
from collections.abc import Callable
from functools import cache

from tests import kustomize
from tocsin_testkit import kafka


def _chromium() -> str | None:
    found = shutil.which("chromium") or shutil.which("chromium", path="/usr/bin")
    return None if found else "there is no chromium: apt-get install chromium"


def _prometheus() -> str | None:
    missing = [name for name in ("prometheus", "prometheus-alertmanager") if shutil.which(name) is None]
    return f"there is no {missing[0]}: apt-get install {' '.join(missing)}" if missing else None


_REASONS: dict[str, Callable[[], str | None]] = {
    "kafka": kafka.available,
    "browser": _chromium,
    "prometheus": _prometheus,
    "kustomize": kustomize.missing,
}


@cache
def reason_against(marker: str) -> str | None:
    """Why tests with this marker cannot run here and what to do about it; None if they can."""
    look = _REASONS.get(marker)
    return look() if look else None


def markers() -> list[str]:
    """The markers that need something."""
    return list(_REASONS)


def required() -> set[str]:
    """The markers whose tests may not be left out."""
    return {name.strip() for name in os.environ.get("TOCSIN_TEST_REQUIRE", "").split(",") if name.strip()}
