"""`python -m bench [--quick] [--rows ROW …] [--rounds N]`: measure, print the table, keep it in bench/results."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from signal import SIGTERM, default_int_handler, signal

from bench import alertmanager, generator
from bench.book import Book
from bench.machine import waking
from bench.plan import ROWS, measure
from bench.profiles import FULL, QUICK, Profile
from bench.report import as_markdown, facts_of, load_facts, write
from bench.session import Session
from tocsin_runtime.clock import process_now
from tocsin_testkit import kafka
from tocsin_testkit.kafka import KafkaRig


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when nothing can be measured, or something failed."""
    options = _options(arguments)
    if reason := generator.unavailable():
        print(f"bench: nothing can be measured: {reason}")
        return 1
    signal(SIGTERM, default_int_handler)  # ends all that was started, as Ctrl-C does
    at = process_now()
    chosen = QUICK if options.quick else FULL
    profile = replace(chosen, rounds=options.rounds or chosen.rounds)
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL's account has to pass through
        before = waking()
        book = asyncio.run(_measure(Path(folder), profile, options.rows))
    state = {"waking_up": f"{before} (at the end {waking()})"}
    facts = facts_of(profile.name, at=at, versions=_versions()) | {"rounds": profile.rounds}
    facts |= load_facts(book) | state
    print("\n" + as_markdown(book, facts))
    if not options.look_only:
        print("kept in " + " and ".join(str(file) for file in write(book, facts, at=at)))
    return 1 if book.failed else 0


async def _measure(root: Path, profile: Profile, rows: Sequence[str]) -> Book:
    """Whatever is missing is said in one line and leaves its rows out."""
    built = generator.build(root)
    no_alertmanager, no_kafka = alertmanager.unavailable(), kafka.available()
    book = Book()
    if no_alertmanager:
        book.left_out.append(f"all that is beside Alertmanager: {no_alertmanager}")
    if no_kafka:
        book.left_out.append(f"five processes over Kafka: {no_kafka}")
    for line in book.left_out:
        print(f"bench: left out: {line}")
    async with built.sink() as sink:
        with nullcontext() if no_kafka else KafkaRig() as rig:
            session = Session(
                profile, built, sink, rig, alertmanager=not no_alertmanager, root=root, book=book
            )
            await measure(session, rows)
    return book


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of the full sizes")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, help="only these")
    parser.add_argument("--rounds", type=int, default=0, help="how many rounds; the medians are shown")
    parser.add_argument("--note", default="", help="what else a reader of the result has to know")
    parser.add_argument("--look-only", action="store_true", help="do not write to bench/results")
    return parser.parse_args(arguments)


def _versions() -> list[str]:
    names = ("tocsin", "asyncpg", "aiokafka", "uvicorn", "fastapi")
    found = [f"{name} {version(name)}" for name in names]
    return found if alertmanager.unavailable() else [*found, alertmanager.version()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
