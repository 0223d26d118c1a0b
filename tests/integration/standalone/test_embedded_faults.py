"""Killing the embedded PostgreSQL, or the process that started it, loses nothing and leaves nothing (R40)."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.integration.standalone.processes import Parent, has_no_server, wait_for_no_server
from tocsin.embedded import start_postgres
from tocsin.embedded_layout import Layout
from tocsin_testkit.waiting import eventually

StartParent = Callable[[str], Parent]


async def stored_receipts(url: str) -> set[int]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return {row["number"] for row in await connection.fetch("SELECT number FROM receipts")}
    finally:
        await connection.close()


def numbers(lines: list[str]) -> set[int]:
    return {int(line.removeprefix("committed: ")) for line in lines if line.startswith("committed: ")}


@pytest.mark.parametrize("committed", [1, 50, 400])
async def test_a_parent_killed_while_it_writes_loses_no_commit(
    data_dir: Path, parent: StartParent, committed: int
) -> None:
    writer = parent("write")
    left_behind = int(writer.read_until("ready: "))
    writer.read_until(f"committed: {committed}")
    _, rest = writer.end(signal.SIGKILL)
    assert not has_no_server(data_dir), "the kill was to leave the server behind"

    reports: list[str] = []
    server = await start_postgres(data_dir, report=reports.append)
    try:
        assert server.pid != left_behind
        assert any(f"process {left_behind}" in line for line in reports), reports
        expected = set(range(1, committed + 1)) | numbers(rest)
        assert expected <= await stored_receipts(server.url)
    finally:
        await server.stop()
    assert has_no_server(data_dir)


async def test_parent_and_server_killed_at_once_lose_no_commit(data_dir: Path, parent: StartParent) -> None:
    writer = parent("write")
    server_pid = int(writer.read_until("ready: "))
    writer.read_until("committed: 100")
    os.kill(server_pid, signal.SIGKILL)
    _, rest = writer.end(signal.SIGKILL)
    server = await start_postgres(data_dir, report=print)
    try:
        assert set(range(1, 101)) | numbers(rest) <= await stored_receipts(server.url)
    finally:
        await server.stop()


def test_sigterm_and_a_forgotten_stop_leave_no_server(data_dir: Path, parent: StartParent) -> None:
    serving = parent("serve")
    serving.read_until("ready: ")
    code, _ = serving.end(signal.SIGTERM)
    assert code == 0
    wait_for_no_server(data_dir)

    forgetful = parent("forget")
    forgetful.read_until("ready: ")
    assert forgetful.wait() == 0
    wait_for_no_server(data_dir)


async def test_a_parent_killed_while_it_makes_the_database_does_not_spoil_it(
    data_dir: Path, parent: StartParent
) -> None:
    maker = parent("serve")
    maker.read_until("report: making a new database")
    maker.end(signal.SIGKILL)
    server = await start_postgres(data_dir, report=print)
    await server.stop()


async def test_a_killed_server_comes_back_by_itself(data_dir: Path) -> None:
    reports: list[str] = []
    server = await start_postgres(data_dir, report=reports.append)
    try:
        connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
        await connection.execute("CREATE TABLE receipts AS SELECT 7 AS number")
        killed = server.pid
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: reports[-1:] == ["PostgreSQL is back"], within=20)
        assert server.pid != killed
        assert await stored_receipts(server.url) == {7}
    finally:
        await server.stop()


async def test_a_process_id_that_another_program_got_is_not_taken_for_the_server(data_dir: Path) -> None:
    await (await start_postgres(data_dir, report=print)).stop()
    layout = Layout(root=data_dir)
    layout.pid_file.write_text(f"{os.getpid()}\n{layout.data}\n1\n5432\n{layout.socket_dir}\n\n0 0\nready\n")
    await (await start_postgres(data_dir, report=print)).stop()
