"""A page that names an icon which the sprite does not have answers 500: so every name in the code is looked up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tocsin_theme.assets import icon_names

ROOT = Path(__file__).parents[3]
TONES = {"red", "orange", "amber", "green", "teal", "blue", "indigo", "violet", "slate", "neutral"}
PLACES = [folder for part in ("libs", "services") for folder in sorted((ROOT / part).glob("*/tocsin_*"))]
PAIR, TRIPLE = 2, 3


def in_template(path: Path) -> Iterator[str]:
    """What is passed as `icon=…`, to `icon(…)` or `icon_button(…)`, and looks of two or three parts."""
    tree = Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(path.read_text())
    for keyword in tree.find_all(nodes.Keyword):
        if keyword.key == "icon":
            yield from _chosen(keyword.value)
    for call in tree.find_all(nodes.Call):
        name = str(getattr(call.node, "attr", None) or getattr(call.node, "name", None))
        at = {"icon": 0, "icon_button": 1}.get(name)
        if at is not None and len(call.args) > at:
            yield from _chosen(call.args[at])
    for pair in tree.find_all(nodes.Tuple):
        yield from _look([one.value if isinstance(one, nodes.Const) else None for one in pair.items])


def _chosen(value: nodes.Node) -> Iterator[str]:
    if isinstance(value, nodes.CondExpr):
        for branch in (value.expr1, value.expr2):
            if branch is not None:
                yield from _chosen(branch)
    elif isinstance(value, nodes.Const) and value.value:
        yield str(value.value)


def in_code(path: Path) -> Iterator[str]:
    """What is given to a field `icon`, by name or by place, and looks such as ("circle-check", "green")."""
    tree = ast.parse(path.read_text())
    places = dict(_classes(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "icon"]
            at = places.get(node.func.id) if isinstance(node.func, ast.Name) else None
            given += node.args[at : at + 1] if at is not None else []
            yield from (str(one.value) for one in given if isinstance(one, ast.Constant) and one.value)
        if isinstance(node, ast.Tuple):
            yield from _look([one.value if isinstance(one, ast.Constant) else None for one in node.elts])


def _classes(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = [
                one.target.id
                for one in node.body
                if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
            ]
            if "icon" in fields:
                yield node.name, fields.index("icon")


def _look(values: list[object]) -> Iterator[str]:
    """An icon and its tone, in either order; or a label, its tone and its icon."""
    strings = [value for value in values if isinstance(value, str)]
    if len(values) == len(strings) == PAIR and len(TONES.intersection(strings)) == 1:
        yield from (value for value in strings if value not in TONES)
    if len(values) == len(strings) == TRIPLE and strings[1] in TONES:
        yield strings[-1]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_icon_that_is_named_is_in_the_sprite(place: Path) -> None:
    named = {(name, path.name) for path in place.rglob("*.html") for name in in_template(path)}
    named |= {(name, path.name) for path in place.rglob("*.py") for name in in_code(path)}
    assert sorted(one for one in named if one[0] not in icon_names()) == []
