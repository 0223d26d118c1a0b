"""The end of a process whose orderly stop hangs (R33): it ends itself before its orchestrator has to kill it.

Like `atexit`, it belongs to the process and not to one of its parts; only an entry point allows it.
"""

import os
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger("tocsin.hard_stop")
WITHIN = 25.0
"""Seconds from the first signal; the grace of a pod, and of a unit of systemd, is 40."""
_LOG_WITHIN = 1.0
Deed = Callable[[], None]


class HardStop:
    """Counts from the first signal on, in a thread of its own, for the event loop may be what hangs."""

    def __init__(self) -> None:
        self._within: float | None = None
        self._timer: threading.Timer | None = None
        self._deeds: list[Deed] = []

    def allow(self, within: float) -> None:
        """From now on a stop may take so many seconds. Never called in a process that outlives its servers."""
        self._within = within

    def before_the_end(self, deed: Deed) -> None:
        """Do this before the process ends hard, such as ending a child. It is called from another thread."""
        self._deeds.append(deed)

    def forget(self, deed: Deed) -> None:
        """It has been done in an orderly way."""
        if deed in self._deeds:
            self._deeds.remove(deed)

    def begin(self) -> None:
        """The stop begins. Safe to call again, and in a signal handler."""
        if self._within is None or self._timer is not None:
            return
        self._timer = threading.Timer(self._within, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        try:
            self._say_so()
            for deed in list(self._deeds):
                deed()
        finally:
            os._exit(1)

    def _say_so(self) -> None:
        # In a thread of its own: what hangs may be a write to the log, which holds its lock.
        seconds = self._within
        speaking = threading.Thread(
            target=lambda: log.critical("process.stopped_hard", seconds=seconds), daemon=True
        )
        speaking.start()
        speaking.join(_LOG_WITHIN)


HARD_STOP = HardStop()
"""This process's own."""
