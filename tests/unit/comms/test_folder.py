"""The folder always holds whole files, and none that the world may no longer see."""

from pathlib import Path

import pytest

from tocsin_comms.adapters.folder import Folder

PAGE, REPORT = "status/index.html", "status/incidents/1/index.html"


def test_files_lie_where_their_urls_say(tmp_path: Path) -> None:
    assert Folder(tmp_path).write({PAGE: b"all is well", REPORT: b"a report"}) == 2
    assert (tmp_path / PAGE).read_bytes() == b"all is well"
    assert (tmp_path / PAGE).stat().st_mode & 0o777 == 0o644


def test_only_what_changed_is_written_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write({PAGE: b"1", REPORT: b"same"})
    untouched = (tmp_path / REPORT).stat().st_ino
    assert folder.write({PAGE: b"2", REPORT: b"same"}) == 1
    assert (tmp_path / REPORT).stat().st_ino == untouched


def test_a_report_that_is_hidden_goes_also_one_of_an_earlier_process(tmp_path: Path) -> None:
    Folder(tmp_path).write({PAGE: b"1", REPORT: b"secret by now"})
    Folder(tmp_path).write({PAGE: b"1"})
    assert not (tmp_path / REPORT).exists()


def test_a_report_that_is_hidden_goes_also_when_the_first_writing_failed_half_way(tmp_path: Path) -> None:
    Folder(tmp_path).write({PAGE: b"1", REPORT: b"secret by now"})
    folder, obstacle = Folder(tmp_path), tmp_path / "blocked"
    obstacle.write_text("a file where a folder is needed")
    rest = {"status/other/deeper/page.html": b"1", "blocked/page.html": b"1", PAGE: b"1"}
    with pytest.raises(OSError, match=r"blocked|exists|directory"):
        folder.write(rest)
    obstacle.unlink()
    folder.write(rest)
    assert not (tmp_path / REPORT).exists()


def test_what_somebody_else_put_there_stays(tmp_path: Path) -> None:
    (tmp_path / "robots.txt").write_text("mine")
    Folder(tmp_path).write({PAGE: b"1"})
    assert (tmp_path / "robots.txt").read_text() == "mine"


def test_what_a_killed_process_left_half_written_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "status").mkdir()
    (tmp_path / "status/.new-abc").write_text("half")
    Folder(tmp_path).write({PAGE: b"1"})
    assert not (tmp_path / "status/.new-abc").exists()


def test_no_half_file_is_left_behind_and_the_old_one_stays_when_writing_fails(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write({PAGE: b"old"})
    (tmp_path / "blocked").write_text("a file where a folder is needed")
    with pytest.raises(OSError, match=r"blocked|exists|directory"):
        folder.write({PAGE: b"new", "blocked/deep/page.html": b"1"})
    assert (tmp_path / PAGE).read_bytes() == b"old"
    assert not list(tmp_path.rglob(".new-*"))
