"""A container refuses settings that nobody reads, as `tocsin serve` does."""

import os
import subprocess
import sys

GOOD = {
    "TOCSIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "TOCSIN_SECRET_KEY": "a-secret-key-that-only-the-tests-use",
    "TOCSIN_DETECTOR_LANES": "2",
}


def start_detector(**settings: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m tocsin_detector` to its end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin_detector"],
        env=inherited | GOOD | settings,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_misspelt_setting_stops_the_start() -> None:
    # The port is wrong, too, so that it ends either way.
    done = start_detector(TOCSIN_SMPT_HOST="mail", TOCSIN_DETECTOR_LANE="4", TOCSIN_PORT="0")

    assert done.returncode == 2
    assert (
        "unknown settings: TOCSIN_DETECTOR_LANE, TOCSIN_SMPT_HOST (see docs/operate/settings.md)"
        in done.stderr
    )


def test_what_belongs_to_another_service_is_none_of_its_business() -> None:
    done = start_detector(TOCSIN_PAGING_ALLOWED_NETWORKS="10.0.0.0/8", TOCSIN_COMMS_NEXT="x", TOCSIN_PORT="0")

    assert done.returncode == 2
    assert "TOCSIN_PORT" in done.stderr
    assert "unknown settings" not in done.stderr
