"""A lock that does not belong to pyproject.toml is found without asking an index."""

from pathlib import Path
from typing import Any

import pytest

from tools.lock import LOCKS, wanted
from tools.lock_check import complaints

ROOT = Path(__file__).parents[3]
HASH = "    --hash=sha256:" + "0" * 64
PYPROJECT: dict[str, Any] = {
    "build-system": {"requires": ["hatchling>=1.27"]},
    "project": {
        "dependencies": ["Fast_API>=2", "uvicorn[standard]>=1"],
        "optional-dependencies": {"kafka": ["aiokafka>=1"], "dev": ["pytest>=9", "hatchling"]},
    },
}


def pin(name: str, version: str, *via: str) -> str:
    return f"{name}=={version} \\\n{HASH}\n    # via\n" + "".join(f"    #   {one}\n" for one in via)


def locks() -> dict[str, str]:
    """Three that belong to the pyproject above."""
    direct = "tocsin (pyproject.toml)"
    images = [
        pin("fast-api", "2.1", direct),
        pin("uvicorn", "1.4", direct),
        pin("click", "8.0", "uvicorn"),
        pin("aiokafka", "1.0", direct),
    ]
    build = pin("hatchling", "1.33.0", "-r -") + pin("pluggy", "1.0", "hatchling")
    rest = pin("pytest", "9.1", direct) + pin("pluggy", "1.0", "pytest") + pin("hatchling", "1.33.0", direct)
    return {
        "requirements.lock": "".join(images) + rest,
        "deploy/requirements.lock": "".join(images),
        "deploy/build.lock": build,
    }


def test_the_locks_of_this_repository_belong_to_it() -> None:
    assert complaints({name: (ROOT / name).read_text() for name in LOCKS}) == []


def test_each_lock_is_made_from_its_own_part() -> None:
    assert wanted(PYPROJECT, "deploy/build.lock") == ["hatchling>=1.27"]
    assert "aiokafka>=1" in wanted(PYPROJECT, "deploy/requirements.lock")
    assert "pytest>=9" not in wanted(PYPROJECT, "deploy/requirements.lock")
    assert "pytest>=9" in wanted(PYPROJECT, "requirements.lock")


def test_what_belongs_together_is_not_complained_about() -> None:
    assert complaints(locks(), PYPROJECT) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (
            "deploy/requirements.lock",
            "fast-api==2.1",
            "fast-api==1.9",
            "Fast_API>=2 is wanted, 1.9 is pinned",
        ),
        (
            "deploy/requirements.lock",
            "uvicorn==",
            "unicorn==",
            "uvicorn[standard]>=1 is wanted, nothing is pinned",
        ),
        (
            "deploy/requirements.lock",
            "click==8.0",
            "click==8.1",
            "click is 8.1, but 8.0 in requirements.lock",
        ),
        ("requirements.lock", "    #   uvicorn", "    #   gone", "click is pinned, but nothing asks for it"),
        ("deploy/build.lock", HASH, "", "hatchling has no hash"),
        ("deploy/build.lock", "pluggy==1.0 \\", "pluggy @ https://files.example/p.whl \\", "names a host"),
        (
            "deploy/build.lock",
            "hatchling==",
            "--index-url https://pypi.example/\nhatchling==",
            "names a host",
        ),
    ],
)
def test_what_does_not_is(name: str, old: str, new: str, says: str) -> None:
    changed = locks()
    assert old in changed[name]
    changed[name] = changed[name].replace(old, new, 1)
    assert any(
        complaint.startswith(name) and says in complaint for complaint in complaints(changed, PYPROJECT)
    )
