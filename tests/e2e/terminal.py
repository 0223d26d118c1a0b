"""A terminal: `tocsin …` as an operator types it, against one world."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import httpx2

from tocsin_testkit.world import ADMIN_TOKEN, OneProcess


class Terminal:
    """Runs `tocsin …` against one world."""

    def __init__(self, world: OneProcess) -> None:
        self._world = world

    def run(
        self,
        *arguments: str,
        token: str = ADMIN_TOKEN,
        more: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> tuple[int, str]:
        """Exit code, and all that was printed. `more` is further environment; nobody is there to answer, unless `stdin`
        is a terminal's."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        own = {
            "TOCSIN_URL": self._world.origin,
            "TOCSIN_TOKEN": token,
            "TOCSIN_DATA_DIR": str(self._world.data_dir),
            "COLUMNS": "200",
        }
        command = [sys.executable, "-m", "tocsin", *arguments]
        done = subprocess.run(
            command,
            env={**kept, **own, **(more or {})},
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def declare(self, *, service: str) -> dict[str, Any]:
        """An incident of this service, as a person declares one."""
        body = {"title": f"{service} is slow", "severity": "SEV-2", "service": service}
        return self._call("POST", "/api/v1/incidents", json=body)

    @property
    def origin(self) -> str:
        """Where the world answers."""
        return self._world.origin

    def get(self, path: str) -> dict[str, Any]:
        """What is there."""
        return self._call("GET", path)

    def incident(self, ref: str) -> dict[str, Any]:
        """How it stands."""
        return self.get(f"/api/v1/incidents/{ref}")

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Something of the configuration."""
        return self._call("POST", path, json=body)

    def remove(self, path: str) -> None:
        """And away with it."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        assert httpx2.delete(self._world.origin + path, headers=headers).is_success

    def items(self, path: str, **params: str) -> list[dict[str, Any]]:
        """A list, as the API gives it."""
        found: list[dict[str, Any]] = self._call("GET", path, params={"limit": "200", **params})["items"]
        return found

    def one(self, path: str, **params: str) -> dict[str, Any]:
        """The only one of a list."""
        (found,) = self.items(path, **params)
        return found

    def knock(self, key: str) -> str:
        """The code of the refusal that an unsigned alert with this key gets."""
        answer = httpx2.post(f"{self._world.origin}/api/v1/webhooks/generic/{key}", json={"title": "knock"})
        return str(answer.json()["code"])

    def resolve(self, ref: str) -> None:
        """End it."""
        self._call("POST", f"/api/v1/incidents/{ref}/resolve", json={})

    def _call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        answer = httpx2.request(method, self._world.origin + path, headers=headers, **sent)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found
