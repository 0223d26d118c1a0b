"""Severity words, fingerprints, services, keys, health, sentences."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_detector.domain import fingerprint
from tocsin_detector.domain.catalogue import close_names, match, unknown_service
from tocsin_detector.domain.explain import details_in_words, reason_in_words
from tocsin_detector.domain.health import Condition, DeliveryLine, Verdict, health_of
from tocsin_detector.domain.keys import digester, is_signing_secret, is_wellformed, new_key, shown_part
from tocsin_detector.domain.severity import Severity, severity_of
from tocsin_detector.domain.slug import slug_of
from tocsin_detector.domain.texts import bounded_key

LABELS = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("P1", Severity.CRITICAL),
        ("Sev0", Severity.CRITICAL),
        ("SEV-1", Severity.CRITICAL),
        ("disaster", Severity.CRITICAL),
        ("page", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("Sev1", Severity.HIGH),
        (" Warning ", Severity.MEDIUM),
        ("average", Severity.MEDIUM),
        ("minor", Severity.LOW),
        ("info", Severity.INFO),
    ],
)
def test_the_fields_words_for_severity(word: str, severity: Severity) -> None:
    assert severity_of(word, Severity.LOW)[0] is severity


def test_no_word_is_the_default_and_an_unknown_one_is_medium() -> None:
    assert severity_of(None, Severity.HIGH) == (Severity.HIGH, "default")
    assert severity_of("purple", Severity.HIGH) == (Severity.MEDIUM, "unknown 'purple'")
    assert severity_of(["x"], Severity.HIGH)[0] is Severity.MEDIUM
    assert severity_of(3, Severity.HIGH)[0] is Severity.MEDIUM


@given(LABELS, LABELS)
def test_equal_label_sets_and_only_those_share_a_fingerprint(
    first: dict[str, str], second: dict[str, str]
) -> None:
    """Distinct alerts must never be one (keephq/keep#958); NUL is stripped before, as PostgreSQL takes none."""
    first = {k.replace("\x00", ""): v.replace("\x00", "") for k, v in first.items()}
    second = {k.replace("\x00", ""): v.replace("\x00", "") for k, v in second.items()}
    backwards = dict(reversed(list(first.items())))

    assert fingerprint.of_labels(first) == fingerprint.of_labels(backwards)
    assert (fingerprint.of_labels(first) == fingerprint.of_labels(second)) == (first == second)


@given(st.text(min_size=256, max_size=400), st.text(min_size=256, max_size=400))
def test_long_keys_stay_distinct(first: str, second: str) -> None:
    assert (bounded_key(first) == bounded_key(second)) == (
        first.replace("\x00", "") == second.replace("\x00", "") and first[:215] == second[:215]
    )


WEB = UUID(int=1)


@pytest.mark.parametrize(
    ("named", "default", "name", "known", "rule"),
    [
        ("Web", None, "Web", True, "named_by_alert"),
        ("web", "db", "web", True, "named_by_alert"),
        (None, "web", "web", True, "integration_default"),
        ("nope", "web", "web", True, "alert_names_unknown_service"),
        ("nope", None, "nope", False, "not_in_catalogue"),
        (None, "nope", "nope", False, "not_in_catalogue"),
        (None, None, None, False, "no_service"),
    ],
)
def test_service(named: str | None, default: str | None, name: str | None, known: bool, rule: str) -> None:
    found = match(named, default, {"web": WEB, "db": UUID(int=2)})

    assert (found.name, found.service_id, found.rule) == (name, WEB if known else None, rule)


def test_an_unknown_service_is_told_with_those_that_may_be_meant() -> None:
    slugs = {"shop": "shop", "web shop": "shop", "checkout": "shop", "database": "db", "db": "db"}

    assert close_names("Chekout ", slugs) == ["shop"]
    assert close_names("web shopp", slugs) == ["shop"]
    assert close_names("nope", slugs) == []
    assert "Did you mean shop or db?" in unknown_service("x", ["shop", "db"])
    assert unknown_service("nope", []).startswith("No service is called nope yet. Until ")


def test_keys_are_random_wellformed_and_known_by_a_keyed_hash() -> None:
    first, second = new_key(), new_key()

    assert first != second
    assert is_wellformed(first)
    assert len(first) == 47
    assert digester(b"a")(first) != digester(b"b")(first)
    assert len(digester(b"a")(first)) == 32
    assert first.startswith(shown_part(first))
    for bad in ("short", "x" * 129, "with space in the middle", "slash/slash/slash/slash", ""):
        assert not is_wellformed(bad)


@pytest.mark.parametrize(
    ("secret", "good"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", True),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", True),
        ("whsec_", False),
        ("whsec_short", False),
        ("not base64 at all!", False),
    ],
)
def test_signing_secrets(secret: str, good: bool) -> None:
    assert is_signing_secret(secret) is good


def line(verdict: Verdict, reason: str | None = None) -> DeliveryLine:
    return DeliveryLine(UUID(int=1), datetime(2026, 11, 24, tzinfo=UTC), verdict, reason)


def test_health_follows_the_last_deliveries() -> None:
    good, bad = line(Verdict.ACCEPTED), line(Verdict.REJECTED, "no title")

    assert health_of([], revoked=False).condition is Condition.WAITING
    assert health_of([good, line(Verdict.IGNORED)], revoked=False).condition is Condition.HEALTHY
    assert health_of([bad, good], revoked=False).detail == "1 refused of the last 2, last: no title."
    assert health_of([good, bad], revoked=False).detail == "1 refused of the last 2, last: no title."
    many = DeliveryLine(UUID(int=1), bad.received_at, Verdict.REJECTED, "bad signature", times=12)
    assert health_of([many], revoked=False).detail == "12 refused, last: bad signature."
    assert health_of([good], revoked=True).condition is Condition.REVOKED


def test_every_decision_is_said_in_words() -> None:
    details = {
        "dedup_key": "k",
        "key_rule": "labels:1",
        "severity": "medium",
        "severity_rule": "unknown 'purple'",
        "service_rule": "no_service",
        "group_key": "g",
        "group_rule": "own_key",
        "group_reason": "no_open_group",
    }

    assert dict(details_in_words(details)) == {
        "Key": "k is a hash of all labels.",
        "Severity": "medium, since the sender's word 'purple' is not known.",
        "Service": "Neither the alert nor the integration names a service.",
        "Group": "g comes from the alert's own key, so it stands alone."
        " No group with this key was open, so a new one began.",
    }
    assert details_in_words({}) == []
    assert reason_in_words("first_seen").endswith(".")
    assert reason_in_words("something_newer") == "something newer"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Alertmanager (Fra)", "alertmanager-fra"), ("Überwachung", "uberwachung"), ("监控", "integration")],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug
