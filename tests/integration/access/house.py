"""What the access tests do again and again, in words."""

import re
from dataclasses import dataclass
from uuid import UUID

import httpx2
from fastapi import FastAPI

from tocsin_access.access import Access
from tocsin_chassis.service import Service
from tocsin_paging.usecases.passwords import hashed
from tocsin_paging.usecases.people import set_password
from tocsin_testkit.apps import ADMIN_TOKEN, ORIGIN

PASSWORD = "correct horse battery staple"
_CSRF = re.compile(r'name="csrf" value="([^"]*)"')


def bearer(token: str) -> httpx2.Headers:
    return httpx2.Headers({b"Authorization": f"Bearer {token}".encode()})


ADMIN = bearer(ADMIN_TOKEN)


class Browser:
    """A browser of its own: it keeps cookies, and sends forms as they stand on a page."""

    def __init__(self, app: FastAPI) -> None:
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url=ORIGIN, headers={"Accept": "text/html"}
        )

    async def csrf(self, page: str) -> str:
        """The token in the first form of this page."""
        found = _CSRF.search((await self.http.get(page)).text)
        assert found, f"no form on {page}"
        return found[1]

    async def send(self, action: str, *, page: str, **fields: str) -> httpx2.Response:
        """Fill in the form of a page, and send it as a browser does."""
        form = {"csrf": await self.csrf(page), **fields}
        return await self.http.post(action, data=form, headers={"Origin": ORIGIN})

    async def log_in(self, email: str, password: str = PASSWORD, **fields: str) -> httpx2.Response:
        return await self.send("/login", page="/login", email=email, password=password, **fields)

    @property
    def cookie(self) -> str:
        """The session cookie that the browser holds."""
        return self.http.cookies["tocsin_session"]


@dataclass
class House:
    """The running app. `http` carries no credentials."""

    app: FastAPI
    http: httpx2.AsyncClient

    @property
    def service(self) -> Service:
        service = self.app.state.service
        assert isinstance(service, Service)
        return service

    @property
    def access(self) -> Access:
        return self.service.access

    def browser(self) -> Browser:
        return Browser(self.app)

    async def person(self, name: str, role: str = "responder", *, password: str | None = PASSWORD) -> UUID:
        """Somebody with the address <name>@example.org, who can log in."""
        body = {"name": name.capitalize(), "email": f"{name}@example.org", "role": role}
        made = await self.http.post("/api/v1/users", json=body, headers=ADMIN)
        assert made.status_code == 201, made.text
        user_id = UUID(made.json()["id"])
        if password is not None:
            password_hash = await hashed(password)
            async with self.service.unit_of_work() as uow:
                await set_password(uow, user_id, password_hash, keep=None)
        return user_id

    async def token(self, *scopes: str, owner_id: UUID | None = None, **more: str) -> tuple[str, UUID]:
        """A token's plain text and id, made by the administrator."""
        owner = str(owner_id) if owner_id else None
        body = {"name": "of a test", "scopes": scopes, "owner_id": owner, **more}
        made = await self.http.post("/api/v1/tokens", json=body, headers=ADMIN)
        assert made.status_code == 201, made.text
        return made.json()["token"], UUID(made.json()["id"])

    async def ask(self, token: str, path: str = "/api/v1/users") -> httpx2.Response:
        return await self.http.get(path, headers=bearer(token))
