from datetime import date, timedelta

from tocsin_theme.uptime import Day, bars

FIRST = date(2026, 11, 1)


def test_plain_days_cost_a_few_letters_each() -> None:
    drawing = bars([Day(FIRST + timedelta(days=number)) for number in range(90)])

    ((state, path),) = drawing.paths
    assert (state, drawing.width, drawing.marks) == ("operational", 359, ())
    assert len(path) < 90 * 10


def test_a_bad_day_is_pointed_at_with_its_downtime() -> None:
    days = [Day(FIRST), Day(FIRST + timedelta(days=1), "major_outage", timedelta(hours=3)), Day(FIRST, "odd")]

    drawing = bars(days)

    assert drawing.paths == (
        ("operational", "M1.5 0v32"),
        ("major_outage", "M5.5 0v32"),
        ("unknown", "M9.5 0v32"),
    )
    assert [(mark.x, mark.title) for mark in drawing.marks] == [(4, "2 Nov: major outage, 3 h 00 min")]


def test_no_days_make_an_empty_drawing() -> None:
    assert bars([]).paths == ()
