"""How full a page is rendered: never again what was too heavy a moment ago, and in full again once it fits."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.unit.comms.builders import component, report, site, update
from tocsin_comms.domain.site import Site
from tocsin_comms.usecases.render import MEASURES, MOST_BYTES, Renderer
from tocsin_theme.theme import Theme, Viewer

TEMPLATES = Path(__file__).parents[3] / "services/comms/tocsin_comms/web/templates"
PAGES = {"status.html": "/status", "status_history.html": "/status/history"}


class Watched(Theme):
    """Notes which template it rendered, and how many components of a history it could tell at most."""

    def __init__(self) -> None:
        super().__init__("comms", TEMPLATES)
        self.rendered: list[tuple[str, int]] = []

    def render(self, template: str, *, path: str, viewer: Viewer | None, **context: Any) -> str:
        self.rendered.append((template, context["most_told"]))
        return super().render(template, path=path, viewer=viewer, **context)

    def take(self, template: str) -> list[int]:
        """The measures of its renderings since the last time, as places in MEASURES."""
        told = [measure.most_told for measure in MEASURES]
        taken = [told.index(most) for name, most in self.rendered if name == template]
        self.rendered = [each for each in self.rendered if each[0] != template]
        return taken


@pytest.fixture
def theme() -> Watched:
    return Watched()


def stormy() -> Site:
    """More than any page but the barest can hold."""
    words = "<&> Something long and hostile. " * 20
    parts = [component(f"Component {nr} " + "<&>" * 20, id=UUID(int=nr), position=nr) for nr in range(1, 121)]
    told = [
        report(
            id=UUID(int=1000 + nr),
            incident_id=UUID(int=nr),
            title="<&> All of it is down " * 8,
            updates=tuple(update(words, id=UUID(int=5000 + nr * 10 + each)) for each in range(3)),
        )
        for nr in range(100)
    ]
    return site(components=tuple(parts), reports=tuple(told))


def calm() -> Site:
    return site(components=(component(),), reports=(report(),))


@pytest.mark.parametrize("template", PAGES)
def test_in_a_storm_what_was_too_heavy_is_not_tried_again(theme: Watched, template: str) -> None:
    renderer, fitting = Renderer(theme), []
    for _ in range(4):
        files: Mapping[str, Any] = renderer.site(stormy())
        assert len(files[PAGES[template]].body) <= MOST_BYTES
        fitting.append(theme.take(template))
    last = fitting[0][-1]
    assert fitting[0] == list(range(last + 1)), "the first time it tries from the fullest on"
    assert last > 1, "or the storm is none"
    assert fitting[1:] == [[last - 1, last]] * 3


@pytest.mark.parametrize("template", PAGES)
def test_after_a_storm_it_becomes_full_again_by_itself(theme: Watched, template: str) -> None:
    renderer = Renderer(theme)
    renderer.site(stormy())
    place = theme.take(template)[-1]
    while place:
        renderer.site(calm())
        assert theme.take(template) == [place - 1]
        place -= 1
    renderer.site(calm())
    assert theme.take(template) == [0]


def test_pages_of_incidents_begin_with_the_fullest(theme: Watched) -> None:
    renderer = Renderer(theme)
    renderer.site(stormy())
    theme.take("status_incident.html")
    changed = replace(calm(), reports=(report(id=UUID(int=1000), version=2),))
    renderer.site(changed)
    assert theme.take("status_incident.html") == [0]
