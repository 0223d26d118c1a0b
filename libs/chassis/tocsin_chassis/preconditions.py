"""ETag and If-Match: two people cannot overwrite each other unseen."""

from collections.abc import Callable, Collection
from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel

from tocsin_runtime.errors import Code, Problem

Check = Callable[[int | str | None], None]
Given = Annotated[
    str | None,
    Header(
        description="The ETag of what the change begins from; 412 when somebody else has changed it since."
    ),
]


def etag(version: int | str) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def content_version(view: BaseModel, *, but: Collection[str] = ()) -> str:
    """A version for what keeps none: it changes with all that is shown, `but` for what nobody writes by hand."""
    content = view.model_dump_json(exclude=set(but)).encode()
    return blake2b(content, digest_size=8).hexdigest()


def check_of(if_match: Given = None) -> Check:
    """Compares If-Match, if it was sent, with the version that a change begins from; the check raises 412.

    None is for what does not exist yet: nothing matches that, not even `*`.
    """

    def check(version: int | str | None) -> None:
        if if_match is None:
            return
        if version is None:
            raise Problem(412, Code.CHANGED_MEANWHILE, "There is none yet. Leave If-Match out to make it.")
        if if_match.strip() == "*":
            return
        tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
        if etag(version) not in tags:
            raise _changed_meanwhile(version)

    return check


IfMatch = Annotated[Check, Depends(check_of)]
"""Without the header nothing is checked."""


def _changed_meanwhile(version: int | str) -> Problem:
    detail = f"It is at version {version} now. Get it again, look at what changed, and send its new ETag."
    return Problem(412, Code.CHANGED_MEANWHILE, detail, headers={"ETag": etag(version)})
