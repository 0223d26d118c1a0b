"""What the machine is like just now, which no code can change.

A process that is mostly at rest finds its caches cold whenever it wakes. Where other guests share them, that alone
makes a piece of work ten times as dear as an hour before, and with it every figure at rest or at a few alerts a second:
Alertmanager's, too.
"""

from statistics import median
from time import perf_counter, sleep

_ASLEEP = 0.01
_TIMES = 100


def waking() -> str:
    """How long a small piece of work takes at once, and how long after 10 ms of sleep; medians."""
    hot = median(_work() for _ in range(_TIMES))
    cold = median(_woken() for _ in range(_TIMES))
    return f"{1e6 * hot:.0f} us of work take {1e6 * cold:.0f} us after a sleep of 10 ms"


def _woken() -> float:
    sleep(_ASLEEP)
    return _work()


def _work() -> float:
    began = perf_counter()
    sum(range(1000))
    return perf_counter() - began
