from hashlib import sha256
from pathlib import Path

from tocsin_theme.assets import STATIC, icon_names

VENDOR = STATIC / "vendor"


def sums() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_vendored_file_is_what_was_checked_in() -> None:
    found = {
        str(path.relative_to(VENDOR)): sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }

    assert found == sums()


def test_every_vendored_work_comes_with_its_licence() -> None:
    licences = {path.stem for path in (VENDOR / "LICENSES").iterdir()}

    for name in sums():
        if "/" not in name:
            assert any(name.startswith(licence) for licence in licences), name


def test_the_sprite_has_the_listed_icons() -> None:
    listed = Path(__file__).parents[3] / "libs" / "theme" / "icons.txt"

    assert set(listed.read_text().split()) == icon_names()
