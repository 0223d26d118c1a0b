"""The command line's way to a running Tocsin: its public API, with a token from the environment or this machine."""

import os
from pathlib import Path
from typing import Any

import httpx2

from tocsin.embedded import default_data_dir
from tocsin.keys import ADMIN_TOKEN_FILE

DEFAULT_URL = "http://127.0.0.1:8080"


class ApiError(Exception):
    """Tocsin said no, or did not answer; the text says why and what to do."""


class Api:
    """Calls one Tocsin. Every method raises ApiError instead of returning an error."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def get(self, path: str, **params: object) -> Any:
        """The JSON at a path."""
        return self.call("GET", path, params={k: v for k, v in params.items() if v is not None})

    def all(self, path: str, **params: object) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, limit=200, cursor=cursor, **params)
            items += page["items"]
            cursor = page.get("next")
            if cursor is None:
                return items

    def find(self, path: str) -> Any | None:
        """The JSON at a path, None when nothing is there."""
        answer = self._send("GET", path)
        return None if answer.status_code == 404 else self._read(answer)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Call and read; None for an answer without a body."""
        return self._read(self._send(method, path, **options))

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            return self.client.request(method, path, **options)
        except httpx2.HTTPError as error:
            base = self.client.base_url
            raise ApiError(
                f"{base} does not answer ({error!r}). Is `tocsin up` running? Set TOCSIN_URL."
            ) from error

    def _read(self, answer: httpx2.Response) -> Any:
        if answer.is_success:
            return (
                answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None
            )
        raise ApiError(explain(answer))


def explain(answer: httpx2.Response) -> str:
    """A problem+json as one readable text."""
    where = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
    try:
        problem = answer.json()
    except ValueError:
        return f"{where} {answer.text[:200]}"
    fields = "".join(f"\n  {e['pointer']}: {e['detail']}" for e in problem.get("errors", []))
    hint = " Set TOCSIN_TOKEN." if answer.status_code == 401 else ""
    return f"{where} {problem.get('title', '')}: {problem.get('detail', '')}{hint}{fields}"


def open_api(url: str = "", token: str = "", *, data_dir: Path | None = None) -> Api:
    """An API on TOCSIN_URL with TOCSIN_TOKEN; on this machine the token of `tocsin up` is found by itself."""
    base = url or os.environ.get("TOCSIN_URL", "") or os.environ.get("TOCSIN_PUBLIC_URL", "") or DEFAULT_URL
    secret = token or os.environ.get("TOCSIN_TOKEN", "") or os.environ.get("TOCSIN_ADMIN_TOKEN", "")
    if not secret:
        secret = _kept_token(data_dir or Path(os.environ.get("TOCSIN_DATA_DIR", "") or default_data_dir()))
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return Api(httpx2.Client(base_url=base.rstrip("/"), headers=headers, timeout=15))


def _kept_token(data_dir: Path) -> str:
    try:
        return (data_dir / ADMIN_TOKEN_FILE).read_text().strip()
    except OSError:
        return ""
