"""People, their passwords, and the last administrator."""

from uuid import UUID

import pytest

from tocsin_paging.domain.person import (
    Person,
    PersonChange,
    Team,
    changed,
    is_email,
    is_slug,
    is_timezone,
    password_problem,
    slug_of,
    team_changed,
)

ANA = Person(UUID(int=1), name="Ana Ruiz", email="ana@example.org", role="admin", version=3)


def test_a_change_makes_a_new_version() -> None:
    decision = changed(ANA, PersonChange(name="Ana Maria", slack_user_id="U1"), admins=1)
    assert decision.reason == "changed"
    assert decision.after is not None
    assert (decision.after.name, decision.after.slack_user_id, decision.after.version) == (
        "Ana Maria",
        "U1",
        4,
    )


def test_what_is_as_it_was_asked_for_stays_untouched() -> None:
    decision = changed(ANA, PersonChange(name="Ana Ruiz", email="ana@example.org"), admins=1)
    assert (decision.after, decision.reason) == (ANA, "unchanged")


def test_an_empty_slack_name_takes_it_away() -> None:
    with_slack = changed(ANA, PersonChange(slack_user_id="U1"), admins=1).after
    assert with_slack is not None
    without = changed(with_slack, PersonChange(slack_user_id=""), admins=1).after
    assert without is not None
    assert without.slack_user_id is None


def test_one_administrator_always_remains() -> None:
    assert changed(ANA, PersonChange(role="viewer"), admins=1).reason == "last_admin"
    assert changed(ANA, PersonChange(role="viewer"), admins=2).reason == "changed"
    assert changed(ANA, PersonChange(name="A", role="admin"), admins=1).reason == "changed"


def test_a_team_keeps_its_version_when_nothing_differs() -> None:
    team = Team(UUID(int=2), name="Payments", slug="payments", member_ids=frozenset({ANA.id}))
    assert team_changed(team, name="Payments", member_ids=[ANA.id, ANA.id]) is team
    assert team_changed(team, name=None, member_ids=[]).version == 2


@pytest.mark.parametrize("email", ["a@b", "ana.ruiz+x@example.org", "ä@bücher.example"])
def test_addresses(email: str) -> None:
    assert is_email(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "@b",
        "a@",
        "a b@c",
        "a@b@c",
        "a@b\nBcc: x@y",
        "a@b..c",
        "<a@b>",
        "a,b@c",
        "a@" + "b" * 300,
        "a@b\x00",
    ],
)
def test_not_addresses(email: str) -> None:
    assert not is_email(email)


def test_zones() -> None:
    assert is_timezone("Europe/Berlin")
    assert is_timezone("UTC")
    for name in ("", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "europe/berlin\x00", "a" * 5000):
        assert not is_timezone(name)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Payments & Billing", "payments-billing"),
        ("  --A--  ", "a"),
        ("日本", "team"),
        ("x" * 500, "x" * 120),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert is_slug(slug)


@pytest.mark.parametrize("slug", ["", "A", "a--b", "-a", "a-", "a b", "a/b"])
def test_not_slugs(slug: str) -> None:
    assert not is_slug(slug)


@pytest.mark.parametrize("password", ["", "short", "a" * 12, "abababababab", "x" * 201, "ana@example.org"])
def test_weak_passwords_are_refused_with_advice(password: str) -> None:
    assert password_problem(password, person_words=["ana@example.org"])


def test_length_is_enough() -> None:
    assert password_problem("correct horse battery", person_words=["ana@example.org"]) is None
