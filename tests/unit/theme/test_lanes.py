from datetime import UTC, datetime, timedelta

from tocsin_theme.lanes import HUES, Lane, Span, hues, laid_out

START = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def test_spans_are_placed_in_per_cent_and_cut_at_the_edges() -> None:
    spans = [
        Span(START - DAY, START + DAY, "Ana"),
        Span(START + DAY, START + 9 * DAY, "Bo"),
        Span(START - 2 * DAY, START, "Cy"),
    ]

    ((_, placed),) = laid_out([Lane("Primary", spans)], START, START + 4 * DAY, now=START + DAY).lanes

    assert [(each.span.person, each.x, each.width) for each in placed] == [("Ana", 0, 25), ("Bo", 25, 75)]


def test_now_is_drawn_only_inside_the_timeline() -> None:
    assert laid_out([], START, START + 2 * DAY, now=START + DAY).now == 50
    assert laid_out([], START, START + 2 * DAY, now=START + 2 * DAY).now is None


def test_days_begin_at_midnight_of_the_zone_and_may_last_23_hours() -> None:
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin, the night the clocks go forward

    first, second = laid_out([], spring, spring + timedelta(hours=47), now=spring, zone="Europe/Berlin").ticks

    assert (first.label, first.x, first.weekend) == ("Sun 29", 0, True)
    assert round(first.width / second.width, 3) == round(23 / 24, 3)


def test_eight_people_get_eight_colours() -> None:
    people = [f"Person {number}" for number in range(HUES)]

    assert set(hues(people).values()) == set(range(HUES))
    assert hues(people) == hues(reversed(people))
