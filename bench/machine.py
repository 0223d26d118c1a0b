"""What the machine is like just now, which no code can change.

A process that is mostly at rest finds its caches cold whenever it wakes. Where other guests share them, that alone
makes a piece of work ten times as dear as an hour before, and with it every figure at rest or at a few alerts a second:
Alertmanager's, too.
"""

import platform
from statistics import median
from time import perf_counter, sleep

_ASLEEP = 0.01
_TIMES = 100


def waking() -> str:
    """How long a small piece of work takes at once, and how long after 10 ms of sleep; medians."""
    hot = median(_work() for _ in range(_TIMES))
    cold = median(_woken() for _ in range(_TIMES))
    return f"{1e6 * hot:.0f} us of work take {1e6 * cold:.0f} us after a sleep of 10 ms"


def interpreter() -> str:
    """Python's version and speed: one that was built without its own profile (pyenv's) is slower by a third."""
    return f"{platform.python_version()}, {1e3 * median(_plain() for _ in range(5)):.0f} ms for a loop of plain Python"


def _plain() -> float:
    began = perf_counter()
    seen: dict[str, tuple[int, int]] = {}
    for number in range(100_000):
        seen[str(number % 1_000)] = (number, 2 * number)
    return perf_counter() - began


def _woken() -> float:
    sleep(_ASLEEP)
    return _work()


def _work() -> float:
    began = perf_counter()
    sum(range(1000))
    return perf_counter() - began
