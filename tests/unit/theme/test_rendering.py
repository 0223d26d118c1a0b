import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tocsin_theme.assets import UnknownAsset
from tocsin_theme.components import components_page
from tocsin_theme.theme import Theme, Viewer, initials

NOW = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
ANA = Viewer(user_id=None, name="Ana <Ruiz>", role="responder", csrf='to"ken', timezone="Europe/Berlin")
README = Path(__file__).parents[3] / "libs" / "theme" / "README.md"
LAYOUTS = ("base.html", "bare.html", "public.html")


class Inline(HTMLParser):
    """Collects what a strict content security policy would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        inline_script = tag == "script" and "src" not in names
        handlers = [name for name in names if name == "style" or name.startswith(("on", "hx-on"))]
        foreign = [
            value
            for name, value in attrs
            if name in ("src", "href") and tag in ("script", "link") and "//" in (value or "")
        ]
        if inline_script or tag == "style" or handlers or foreign:
            self.refused.append(self.get_starttag_text() or tag)


@pytest.fixture
def theme(tmp_path: Path) -> Theme:
    (tmp_path / "words.html").write_text(
        '{% extends "base.html" %}{% block content %}{{ words }}{% endblock %}'
    )
    for layout in LAYOUTS:
        (tmp_path / f"in-{layout}").write_text(
            f'{{% extends "{layout}" %}}{{% block title %}}Page{{% endblock %}}'
        )
    return Theme("demo", tmp_path)


def fill(folder: Path, source: str, **context: object) -> str:
    """Render a snippet the way a service's template is rendered."""
    (folder / "snippet.html").write_text(source)
    return Theme("demo", folder).render("snippet.html", path="/", viewer=ANA, now=NOW, **context)


@pytest.mark.parametrize("viewer", [ANA, None])
def test_no_page_holds_anything_inline_or_foreign(theme: Theme, viewer: Viewer | None) -> None:
    pages = [components_page(theme, viewer)]
    pages += [
        theme.render(f"in-{layout}", path="/", viewer=viewer, flash={"text": "Saved", "tone": ""})
        for layout in LAYOUTS[:1]
    ]
    pages += [theme.render(f"in-{layout}", path="/", viewer=viewer) for layout in LAYOUTS[1:]]

    assert [Inline(page).refused for page in pages] == [[]] * 4


def test_the_components_page_stays_under_100_kb(theme: Theme) -> None:
    assert len(components_page(theme, ANA).encode()) < 100_000


def test_what_people_write_is_escaped(theme: Theme) -> None:
    html = theme.render("words.html", path="/", viewer=ANA, words="<script>alert(1)</script>")

    assert "<script>alert" not in html
    assert "Ana &lt;Ruiz&gt;" in html
    assert "X-CSRF-Token&#34;: &#34;to\\&#34;ken" in html


def test_macros_escape_what_they_are_given(tmp_path: Path) -> None:
    bad = '"><img src=x onerror=alert(1)>'

    html = fill(
        tmp_path,
        "{{ ui.field(bad, bad, value=bad, error=bad, help=bad) }}{{ ui.badge(bad) }}{{ ui.person(bad, note=bad) }}"
        "{{ ui.button(bad, value=bad, name=bad, action=bad) }}{{ ui.empty(bad, bad) }}{{ ui.copy(bad) }}"
        "{{ ui.chip(bad) }}{{ ui.stat(bad, bad, definition=bad) }}{{ ui.select(bad, bad, [(bad, bad)]) }}",
        bad=bad,
    )

    assert "<img" not in html


def test_a_missing_name_is_an_error_and_so_is_an_unknown_icon(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError):
        fill(tmp_path, "{{ nothing }}")
    with pytest.raises(UndefinedError):
        fill(tmp_path, "{{ ui.no_such_macro() }}")
    with pytest.raises(UnknownAsset):
        fill(tmp_path, "{{ ui.icon('no-such-icon') }}")


def test_every_form_of_a_macro_carries_the_csrf_token(theme: Theme) -> None:
    html = components_page(theme, ANA)

    for form in re.findall(r'<form[^>]*method="post".*?</form>', html, flags=re.S):
        assert 'name="csrf" value="to&#34;ken"' in form


def test_actions_can_be_reached_by_key_and_palette(tmp_path: Path) -> None:
    html = fill(tmp_path, '{{ ui.post_button("Acknowledge", "/x", viewer, key="a") }}')

    assert 'data-action-key="a"' in html
    assert 'data-action="Acknowledge"' in html
    assert 'aria-keyshortcuts="a"' in html


def test_nobody_logged_in_sees_no_menu_and_no_fragments(theme: Theme) -> None:
    html = theme.render("in-base.html", path="/", viewer=None)

    assert "/logout" not in html
    assert "hx-get" not in html
    assert 'href="/login"' in html


def test_the_status_page_needs_no_script(theme: Theme) -> None:
    assert "<script" not in theme.render("in-public.html", path="/status", viewer=None)


def test_every_macro_is_described_in_the_readme(theme: Theme) -> None:
    words = set(re.findall(r"\w+", README.read_text()))

    assert set(vars(theme.env.globals["ui"])) - words == set()


def test_initials_come_from_the_first_and_the_last_name() -> None:
    assert [initials(name) for name in ("Ana Ruiz", "ana", "Jo van der Berg", "")] == ["AR", "A", "JB", "?"]


def test_without_a_now_the_clock_of_the_theme_is_asked(tmp_path: Path) -> None:
    (tmp_path / "age.html").write_text("{{ then|ago }}")
    theme = Theme("demo", tmp_path, clock=lambda: NOW)

    assert ">just now<" in theme.render("age.html", path="/", viewer=None, then=NOW)
