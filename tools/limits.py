"""The house's own limits: files to 400 lines, functions to 60, no import inside a function, no forbidden names."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ["standalone", "services", "libs", "tests", "tools", "bench"]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}
SLEEPERS = {"time.sleep", "asyncio.sleep"}
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
CLOCK_HOME = "libs/runtime/tocsin_runtime/clock.py"
TELL_TIME_THEMSELVES = {
    CLOCK_HOME,
    "libs/runtime/tocsin_runtime/ids.py",  # a UUIDv7 holds a time
    "libs/chassis/tocsin_chassis/lag.py",  # the processor's time, which is no clock
}
"""The only modules of services and libraries that may import `time`."""


def main() -> int:
    """Print each breach; exit code 1 when there is one."""
    breaches = [
        breach for folder in FOLDERS for path in _sources(ROOT / folder) for breach in _breaches(path)
    ]
    print("\n".join(breaches))
    return 1 if breaches else 0


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if not {"vendor", "__pycache__", "node_modules"} & set(path.parts):
            yield path


def _breaches(path: Path) -> Iterator[str]:
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text()
    if path.stem in FORBIDDEN:
        yield f"{name}: a module must say what it is about"
    if source.count("\n") > LONGEST_FILE:
        yield f"{name}: {source.count(chr(10))} lines, at most {LONGEST_FILE}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > LONGEST_FUNCTION:
                yield f"{name}:{node.lineno}: {node.name} has {size} lines, at most {LONGEST_FUNCTION}"
        if isinstance(node, ast.Call):
            yield from _calls(name, node)
        if isinstance(node, ast.Import | ast.ImportFrom) and _imports_time(node) and _is_timeless(name):
            yield f"{name}:{node.lineno}: take monotonic, stopwatch or process_now from tocsin_runtime.clock"


def _imports_time(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "time"
    return any(alias.name == "time" for alias in node.names)


def _is_timeless(name: str) -> bool:
    return (
        name.startswith(("services/", "libs/")) and "testkit" not in name and name not in TELL_TIME_THEMSELVES
    )


def _calls(name: str, node: ast.Call) -> Iterator[str]:
    called = ast.unparse(node.func)
    if (
        called in CLOCKS
        and name.startswith(("services/", "libs/"))
        and name != CLOCK_HOME
        and "testkit" not in name
    ):
        yield f"{name}:{node.lineno}: only tocsin_runtime.clock reads the clock"
    if called in SLEEPERS and name.startswith("tests/") and not _is_zero(node):
        yield f"{name}:{node.lineno}: tests wait for a condition (tocsin_testkit.waiting), they do not sleep"


def _is_zero(node: ast.Call) -> bool:
    return bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0


if __name__ == "__main__":
    sys.exit(main())
