"""Which tests name which rule: R and F of reliability, S of security, B for bugs of others that we must not repeat."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
KINDS = {
    "R": "How the parts must behave",
    "F": "Faults",
    "S": "Hostile requests",
    "B": "Bugs that other systems had",
}
_RANGE = re.compile(r"\b([RFSB])(\d{1,2})(?:-| to )[RFSB]?(\d{1,2})\b")
_NAME = re.compile(r"\b([RFSB])(\d{1,2})\b")
HEAD = """# Which test shows which rule

Written by `make generate` from the words at the head of each test and test module; `make check` fails when it is out of
date. What is promised stands in [reliability.md](reliability.md). A rule without a line has no test that names it.
"""


def render() -> str:
    """The table as Markdown."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("*.py")):
        for name, text in _texts(path):
            for rule in rules_in(text):
                found[rule].add(f"{path.relative_to(TESTS)}{name}")
    return HEAD + "".join(_section(kind, title, found) for kind, title in KINDS.items())


def rules_in(text: str) -> set[tuple[str, int]]:
    """The rules that a text names, as in R5, R1-R5 or S4 to S8."""
    named = {(kind, int(number)) for kind, number in _NAME.findall(text)}
    for kind, first, last in _RANGE.findall(text):
        named |= {(kind, number) for number in range(int(first), int(last) + 1)}
    return named


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text())
    yield "", ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield f"::{node.name}", ast.get_docstring(node) or ""


def _section(kind: str, title: str, found: dict[tuple[str, int], set[str]]) -> str:
    rules = sorted(rule for rule in found if rule[0] == kind)
    lines = [f"| {kind}{number} | {_places(found[kind, number])} |" for _, number in rules]
    return "\n".join(["", f"## {title}", "| | |", "| --- | --- |", *lines, ""])


def _places(places: set[str]) -> str:
    """A module once, or those of its tests that name the rule."""
    modules = {place for place in places if "::" not in place}
    single = {place for place in places if place.partition("::")[0] not in modules}
    return ", ".join(f"`{place}`" for place in sorted(modules | single))
