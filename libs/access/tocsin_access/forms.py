"""Forms that are filled in before anybody is logged in: log-in, set-up, one-use links (S24).

The browser gets a random cookie, the form a token made from it; a foreign page can have neither.
"""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from re import compile as compiled
from secrets import token_hex
from typing import Final

from fastapi import Request
from starlette.responses import Response

from tocsin_access.access import Access
from tocsin_access.dependencies import SAFE_METHODS, access_of, shown_csrf
from tocsin_access.errors import ForgedRequest
from tocsin_access.origins import same_origin

_LIFETIME: Final = 12 * 3600
_SEED: Final = compiled(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class OpenForm:
    """What a page needs to show such a form: `ui.csrf(form)` in it, and `attach` on the answer."""

    csrf: str
    seed: str
    cookie: str
    secure: bool

    def attach(self, response: Response) -> None:
        """Give the browser the other half."""
        response.set_cookie(
            self.cookie,
            self.seed,
            max_age=_LIFETIME,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )


def open_form(request: Request) -> OpenForm:
    """The form for this browser; the same one in all its tabs."""
    access = access_of(request)
    seed = _shown_seed(request, access) or token_hex(16)
    secure = access.sessions.rules.secure
    return OpenForm(_csrf(access, seed), seed=seed, cookie=_cookie_name(access), secure=secure)


class OpenFormPage:
    """Marks a page with such a form, and refuses a POST that no page of ours made."""

    def __init__(self, reason: str) -> None:
        self.access_rule = f"public: {reason}"

    async def __call__(self, request: Request) -> OpenForm:
        form = open_form(request)
        if request.method not in SAFE_METHODS:
            await _check(request, form)
        return form


async def _check(request: Request, form: OpenForm) -> None:
    access = access_of(request)
    shown = await shown_csrf(request)
    ours = _shown_seed(request, access) is not None and same_origin(request.headers, access.public_url)
    if not ours or not compare_digest(form.csrf.encode(), shown.encode("utf-8", "surrogatepass")):
        raise ForgedRequest


def _cookie_name(access: Access) -> str:
    return "__Host-tocsin_form" if access.sessions.rules.secure else "tocsin_form"


def _shown_seed(request: Request, access: Access) -> str | None:
    seed = request.cookies.get(_cookie_name(access), "")
    return seed if _SEED.fullmatch(seed) else None


def _csrf(access: Access, seed: str) -> str:
    return hmac_digest(access.form_key, seed.encode(), sha256).hex()
