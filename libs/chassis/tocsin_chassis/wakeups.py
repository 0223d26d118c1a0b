"""Who is to be woken: by a commit in this process at once, by a notification from another replica soon after."""

import orjson

from tocsin_runtime.ids import new_id
from tocsin_runtime.worker import Worker


class Wakeups:
    """The service's workers by name. `sender` is this replica in notifications."""

    def __init__(self) -> None:
        self.sender = new_id().hex
        self.workers: dict[str, Worker] = {}
        self._stirred = True

    def add(self, worker: Worker) -> Worker:
        """Two workers of one name would hide each other, so that is an error."""
        if worker.name in self.workers:
            raise ValueError(f"two workers are called {worker.name}")
        self.workers[worker.name] = worker
        return worker

    def wake(self, name: str) -> None:
        """Wake that worker; a name that this replica does not run means nothing."""
        worker = self.workers.get(name)
        if worker is not None:
            worker.wake()

    def stir(self) -> None:
        """Something was committed: there may be more to do, and soon, than the last look has found."""
        self._stirred = True

    def take_stirred(self) -> bool:
        """Whether anything was committed, here or in a replica that told, since this was last asked."""
        stirred, self._stirred = self._stirred, False
        return stirred

    def heard(self, payload: str) -> None:
        """A notification came; the empty one, after a reconnect, wakes all, for some may have been missed.

        One of our own says nothing new: its commit has woken our workers already.
        """
        told = orjson.loads(payload) if payload else {"wake": list(self.workers)}
        if told.get("from") != self.sender:
            self.stir()
            for name in told.get("wake", []):
                self.wake(name)
