"""What a problem's page says: the same as the API, without what only programs can use."""

import re
from dataclasses import dataclass

from tocsin_runtime.errors import Problem

_SENTENCE = re.compile(r"(?<=[.!?]) +")
_FOR_PROGRAMS = re.compile(r"/api/|Idempotency-Key|Content-Type|Authorization|\bscope\b")


@dataclass(frozen=True, slots=True)
class Words:
    """The text of the page, and a line for each field that is wrong."""

    detail: str
    fields: tuple[tuple[str, str], ...] = ()


def for_people(problem: Problem) -> Words:
    """The words for whoever looks at a page. Where nothing is left to say, the heading says it all."""
    if problem.detail_for_people:
        return Words(problem.detail_for_people)
    fields = tuple((_name(error.pointer), _plain(error.detail)) for error in problem.errors)
    if any(name for name, _ in fields):
        return Words("", fields)
    return Words(_plain(problem.detail))


def _plain(text: str) -> str:
    return " ".join(each for each in _SENTENCE.split(text) if not _FOR_PROGRAMS.search(each))


def _name(pointer: str) -> str:
    return pointer.strip("/").replace("/", ", ").replace("_", " ").capitalize()
