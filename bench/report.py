"""The result as a table and as JSON, kept in bench/results."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from bench.book import Book
from bench.checks import Result, results
from bench.machine import interpreter

FOLDER = Path(__file__).parent / "results"
_HEAD = "| row | figure | system | measured | Alertmanager | ratio | first | goal | verdict |"


def write(book: Book, facts: dict[str, Any], *, at: datetime) -> list[Path]:
    """Keep the run under its day; a later run of the same profile on the same day takes its place."""
    FOLDER.mkdir(exist_ok=True)
    name = f"{at:%Y-%m-%d}" + ("" if facts["profile"] == "full" else f"-{facts['profile']}")
    found = results(book)
    as_json = {"facts": facts, "results": [_plain(one) for one in found], **book.as_json()}
    files = [FOLDER / f"{name}.json", FOLDER / f"{name}.md"]
    files[0].write_bytes(orjson.dumps(as_json, option=orjson.OPT_INDENT_2) + b"\n")
    files[1].write_text(as_markdown(book, facts))
    return files


def as_markdown(book: Book, facts: dict[str, Any]) -> str:
    """The table of medians, with what it was measured on."""
    lines = [f"# Bench of {facts['at']}", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items() if name != "at"]
    lines += [f"- left out: {reason}" for reason in book.left_out]
    lines += [f"- failed: {what}" for what in book.failed]
    lines += ["", _HEAD, "|" + " --- |" * 9, *(_line(one) for one in results(book)), ""]
    return "\n".join(lines)


def facts_of(profile: str, *, at: datetime, versions: Iterable[str]) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "at": f"{at:%Y-%m-%d %H:%M} UTC",
        "profile": profile,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": interpreter(),
        "versions": ", ".join(versions),
    }


def load_facts(book: Book) -> dict[str, Any]:
    """How busy the machine was with other things."""
    loads = [entry.load_average for entry in book.entries]
    foreign = [e.figures["foreign_share"] for e in book.entries if "foreign_share" in e.figures]
    return {
        "load_average": f"{min(loads, default=0):.1f} to {max(loads, default=0):.1f} in the minute before a figure",
        "foreign_cpu": f"up to {100 * max(foreign, default=0):.0f} % of the CPU used while a load ran",
    }


def _line(one: Result) -> str:
    check = one.check
    cells = [
        check.row,
        check.what,
        check.system,
        number(one.measured),
        number(one.beside),
        "" if one.ratio is None else f"{one.ratio:.2f}",
        str(check.first or ""),
        str(check.goal or ""),
        one.verdict.value,
    ]
    return "| " + " | ".join(cells) + " |"


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _plain(one: Result) -> dict[str, Any]:
    check = one.check
    return {
        "row": check.row,
        "figure": check.what,
        "system": check.system,
        "measured": one.measured,
        "alertmanager": one.beside,
        "first": str(check.first or ""),
        "goal": str(check.goal or ""),
        "verdict": one.verdict.value,
    }
