from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tocsin_theme.filters import ago, chosen, clock, duration, markdown, moment, safe_url, there, toggled
from tocsin_theme.moments import rendered_at, zone_of

NOW = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at_three_twelve_in_berlin() -> Iterator[None]:
    with rendered_at(NOW, zone_of("Europe/Berlin")):
        yield


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (10 * timedelta(seconds=1), "just now"),
        (12 * MINUTE, "12 min ago"),
        (5 * HOUR, "5 h ago"),
        (DAY, "1 day ago"),
        (9 * DAY, "9 days ago"),
        (-2 * HOUR, "in 2 h"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(since: timedelta, words: str) -> None:
    assert f">{words}</time>" in ago(NOW - since)


def test_a_time_says_its_exact_utc_on_hover_and_the_readers_zone_in_its_text() -> None:
    shown = moment(NOW)

    assert shown == (
        '<time datetime="2026-11-24T03:12:00Z" title="2026-11-24 03:12:00 UTC" data-local="moment">'
        "24 Nov 2026, 04:12 CET</time>"
    )
    assert clock(NOW).endswith(">04:12</time>")


def test_a_zone_without_a_name_is_told_by_its_distance() -> None:
    with rendered_at(NOW, zone_of("Asia/Kathmandu")):
        assert moment(NOW).endswith(">24 Nov 2026, 08:57 UTC+05:45</time>")


def test_another_zones_reading_is_given_only_where_it_differs() -> None:
    assert there(NOW, "America/New_York") == "23 Nov 2026, 22:12 EST"
    assert there(NOW, "Europe/Paris") == ""


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        ago(NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (45, "45 s"),
        (12 * MINUTE, "12 min"),
        (HOUR + 4 * MINUTE, "1 h 04 min"),
        (2 * DAY + 3 * HOUR, "2 d 3 h"),
        (-5 * MINUTE, "−5 min"),
    ],
)
def test_a_duration_reads_as_words(span: timedelta | float | None, words: str) -> None:
    assert duration(span) == words


@pytest.mark.parametrize("url", ["https://example.org/a?b=1", "http://10.0.0.1:9090", "/incidents/INC-1"])
def test_a_harmless_url_is_kept(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/\\evil.example",
        "https:",
        "http://[::1",
        "ftp://example.org",
        "",
        None,
    ],
)
def test_any_other_url_becomes_empty(url: str | None) -> None:
    assert safe_url(url) == ""


def test_markdown_keeps_structure_and_marks_links() -> None:
    html = markdown("**Draining** `eu-1`\n\n- [board](https://example.org)")

    assert "<strong>Draining</strong> <code>eu-1</code>" in html
    assert '<a href="https://example.org" rel="nofollow noopener noreferrer">board</a>' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '<p style="position:fixed" onclick="x()">x</p>',
        "![x](https://evil.example/pixel.png)",
    ],
)
def test_markdown_lets_nothing_active_through(text: str) -> None:
    html = markdown(text)

    for live in ("<script", "<img", "<p style", 'href="javascript'):
        assert live not in html


def test_a_filter_is_switched_on_and_off_in_the_url() -> None:
    params = {"status": ["firing"], "q": "disk", "cursor": "abc"}

    assert chosen(params, "q") == ["disk"]
    assert toggled(params, "status", "resolved") == "?q=disk&status=firing&status=resolved"
    assert toggled(params, "status", "firing") == "?q=disk"
    assert toggled({"status": ["firing"]}, "status", "firing") == "?"
