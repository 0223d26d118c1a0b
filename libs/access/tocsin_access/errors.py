"""How a request ends that may not go on."""

from urllib.parse import quote

from starlette.exceptions import HTTPException

from tocsin_runtime.errors import Code, Problem


class Unauthenticated(Problem):
    """401: nobody, or nobody we know. Unknown, revoked and expired tokens are told alike (S1)."""

    def __init__(self, detail: str, *, error: str = "") -> None:
        challenge = 'Bearer realm="tocsin"' + (f', error="{error}"' if error else "")
        super().__init__(401, Code.NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": challenge})


class NotAllowed(Problem):
    """403: known, but without the scope."""

    def __init__(self, scope: str, *, role: str | None = None) -> None:
        super().__init__(403, Code.NOT_ALLOWED, f"This needs the scope {scope}. Ask an administrator for it.")
        whose = f"your role, {role}," if role else "your role"
        what = "see" if scope.endswith(":read") else "do"
        self.detail_for_people = (
            f"This is more than {whose} may {what}. Ask an administrator for another role."
        )


class IngestKeyOnly(Problem):
    """403: the key of an integration, which opens nothing but its own webhook (S2)."""

    def __init__(self) -> None:
        detail = "This is an integration's key: it opens its own webhook only. Use an API token, tcs_…"
        super().__init__(403, Code.INTEGRATION_KEY, detail)


class NotHeardYet(Problem):
    """503: logged in a moment ago, and the news has not come here yet. To ask again soon is right."""

    def __init__(self) -> None:
        detail = "You are logged in, but this part of Tocsin has not heard of it yet. It will in a moment."
        super().__init__(503, Code.UNAVAILABLE, detail, headers={"Retry-After": "1"})


class ForgedRequest(Problem):
    """403: the browser is logged in, but our own page did not send this."""

    def __init__(self) -> None:
        super().__init__(
            403,
            Code.FORM_EXPIRED,
            "This form does not belong to your log-in. Go back, reload the page and send it again.",
        )


def log_in_first(next_path: str, *, htmx: bool) -> HTTPException:
    """Sends the browser to the log-in page and from there to `next_path`."""
    target = "/login" if next_path == "/" else f"/login?next={quote(next_path, safe='/')}"
    if htmx:  # a fragment cannot show a log-in page: htmx is told to leave
        return HTTPException(401, "Log in to go on.", headers={"HX-Redirect": target})
    return HTTPException(303, "Log in to go on.", headers={"Location": target})
