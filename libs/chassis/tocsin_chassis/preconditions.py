"""ETag and If-Match: two people cannot overwrite each other unseen."""

from collections.abc import Collection
from hashlib import blake2b

from fastapi import Request
from pydantic import BaseModel

from tocsin_runtime.errors import Problem


def etag(version: int | str) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def content_version(view: BaseModel, *, but: Collection[str] = ()) -> str:
    """A version for what keeps none: it changes with all that is shown, `but` for what nobody writes by hand."""
    content = view.model_dump_json(exclude=set(but)).encode()
    return blake2b(content, digest_size=8).hexdigest()


def check_match(request: Request, version: int | str) -> None:
    """Raise 412 when If-Match names another version. Without If-Match nothing is checked."""
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return
    tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
    if etag(version) not in tags:
        detail = f"It is at version {version} now. Get it again, look at what changed, and send its new ETag."
        raise Problem(412, "Changed meanwhile", detail, headers={"ETag": etag(version)})
