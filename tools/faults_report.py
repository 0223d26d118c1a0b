"""Puts the figures of the last fault run between the two marks of docs/reliability.md; the prose around is by hand."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: written by `make faults` -->", "<!-- end of measured -->"
HEAD = (
    "| fault | what was done, and what must hold | load | accepted | lost | doubled | late: median / 99 % / worst"
    " | worst after it was back | also measured | verdict |"
)
ALSO = {
    "kills": "{} kills",
    "restarts": "{} restarts",
    "repeats_under_key": "{} repeated under their key",
    "steps": "{} later steps",
    "steps_lost": "{} of them lost",
    "step_late": "the worst {} s late",
    "after_answer": "{} pages after an answer",
    "refused": "{} posts told to come again",
    "broken": "{} posts cut off and sent again",
    "tries": "{} tries for the unluckiest post",
    "answer_p99": "99 % of answers within {} s",
    "consumers_moved_after": "consumers moved after {} s",
    "slack_messages": "{} Slack messages",
    "slack_twice": "{} of them doubled",
    "dead_after": "dead letters after {} s",
    "told_after": "a person told after {} s",
    "healed_after": "page {} s after the replay",
    "start_after_kill": "start after a kill {} s",
    "second_start": "second start {} s",
}
NOT_WORTH_SAYING = {"steps_lost": 0, "refused": 0, "broken": 0, "tries": 1, "repeats_under_key": 0}
FAULTS = ("F1", "F2", "F3", "F6", "F9", "F10", "F21", "F38", "F45")
FULL_RATE, FULL_SECONDS = 50.0, 60.0
Result = dict[str, Any]


def write_page(page: Path, *, faults: Sequence[Result], bus: Sequence[Result]) -> None:
    """Replace what stands between the marks. Raises ValueError when the page has no marks."""
    text = page.read_text()
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    page.write_text(f"{text[:before]}\n{measured(faults, bus)}\n{text[after:]}")


def measured(faults: Sequence[Result], bus: Sequence[Result]) -> str:
    """The part that is made of results."""
    rows = sorted(faults, key=lambda result: int(str(result["fault"]).removeprefix("F") or 0))
    lines = [*_circumstances(rows), "", HEAD, "|" + " --- |" * 10, *map(_row, rows), ""]
    missing = [fault for fault in FAULTS if fault not in {row["fault"] for row in rows}]
    if missing:
        lines += [f"Without a result in this run: {', '.join(missing)}.", ""]
    return "\n".join(
        [*lines, *(map(_bus, bus) if bus else ["The bus's own suite was not part of this run."])]
    )


def _circumstances(rows: Sequence[Result]) -> list[str]:
    if not rows:
        return ["No run yet: `make faults`."]
    days = sorted(str(row["at"])[:10] for row in rows)
    seconds = sorted({float(row["seconds"]) for row in rows})
    machines = sorted({str(row["machine"]).rpartition(", load")[0] for row in rows})
    busy = [float(str(row["machine"]).rpartition(" ")[2]) for row in rows]
    lasted = " or ".join(f"{each:g}" for each in seconds)
    small = any(float(row["rate"]) < FULL_RATE or float(row["seconds"]) < FULL_SECONDS for row in rows)
    size = " A small run, with fewer kills where it says so; the full size stands below." if small else ""
    return [
        f"Run on {days[-1]}; alerts came for {lasted} s at least, 20 % told twice, 10 % resolved after 3 s,"
        f" 20 % went up three steps of 5 s, of which somebody answered half."
        f" Machine: {'; '.join(machines)}, which also ran PostgreSQL, Kafka, the load and the receivers"
        f" (load average {min(busy):.0f} to {max(busy):.0f}).{size}"
    ]


def _row(result: Result) -> str:
    figures, what = result["figures"], result["about"]
    which = re.search(r"\[f\d+-(\w+)\]", str(result["test"]))
    if which:
        what = f"{which[1]}: {what}"
    verdict = "held" if result["passed"] else f"**NOT HELD**: {result.get('why', '')}"
    begin = f"| {result['fault']} | {what} | {result['rate']:g}/s"
    if not figures:
        return f"{begin} | | | | | | ended before it had figures | {verdict} |"
    late = f"{figures['late_p50']} / {figures['late_p99']} / {figures['late_max']} s"
    also = ", ".join(
        words.format(figures[name])
        for name, words in ALSO.items()
        if name in figures and figures[name] != NOT_WORTH_SAYING.get(name)
    )
    numbers = f"{figures['accepted']} | {figures['lost']} | {figures['duplicates']}"
    after = f"{figures['late_after']} s"
    return f"{begin} | {numbers} | {late} | {after} | {also} | {verdict} |"


def _bus(result: Result) -> str:
    passed = result["tests"] - result["failed"] - result["left_out"]
    left_out = f", {result['left_out']} left out" if result["left_out"] else ""
    failed = f", **{result['failed']} failed**" if result["failed"] else ""
    return (
        f"The bus's own suite over both real transports, {result['events']:,} events each with two kills:"
        f" {passed} tests passed{failed}{left_out}, {result['seconds']} s, {str(result['at'])[:10]}."
    )
