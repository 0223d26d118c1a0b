"""Walks the pages as a browser without a script does: links, forms, and what a form would send."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx2

LEFT_ALONE = ("/logout", "/stream", "/mailbox", "/_/components")
"""Links and forms that end the walk, never end, or are no part of the product."""


@dataclass
class Form:
    """Where it goes and what its fields hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    is_post: bool = True


class Reader(HTMLParser):
    """Collects the links and forms of one page."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.forms: list[Form] = []
        self._at = at
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of what matters here."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._link(given.get("href", ""))
        for name in ("hx-get", "data-chart-url"):
            self._link(given.get(name, ""))
        if tag == "form":
            action = urljoin(self._at, given.get("action", "") or self._at)
            self._form = Form(action, is_post=given.get("method", "get").lower() == "post")
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._form = None

    def _link(self, href: str) -> None:
        where = urlsplit(urljoin(self._at, href))
        is_ours = bool(href) and not where.scheme and not where.netloc
        if is_ours and not any(part in where.path for part in LEFT_ALONE):
            self.links.add(where.path + (f"?{where.query}" if where.query else ""))

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif (
            tag == "option"
            and self._select
            and ("selected" in given or self._select not in self._form.fields)
        ):
            self._form.fields[self._select] = given.get("value", "")
        elif name and tag in {"input", "textarea", "button"}:
            self._form.fields.setdefault(name, given.get("value", ""))


def read(answer: httpx2.Response) -> Reader:
    """The links and forms of a page; none of what is no HTML."""
    reader = Reader(answer.request.url.path)
    if "html" in answer.headers.get("content-type", ""):
        reader.feed(answer.text)
    return reader
