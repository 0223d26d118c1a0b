from uuid import UUID

import pytest

from tocsin_incidents.domain.catalogue import Service, complete_map, is_slug, slug_of
from tocsin_incidents.domain.severity import AlertSeverity, Severity


def test_a_map_is_completed_by_the_default_and_may_say_none() -> None:
    given = {AlertSeverity.CRITICAL: None, AlertSeverity.INFO: Severity.SEV4}
    assert complete_map(given) == {
        AlertSeverity.CRITICAL: None,
        AlertSeverity.HIGH: Severity.SEV2,
        AlertSeverity.MEDIUM: Severity.SEV3,
        AlertSeverity.LOW: Severity.SEV4,
        AlertSeverity.INFO: Severity.SEV4,
    }


def test_a_service_goes_by_slug_name_and_aliases_whatever_their_case() -> None:
    service = Service(UUID(int=1), 1, "checkout", "Checkout API", aliases=("CHECKOUT-prod ", "checkout"))
    assert service.names == {"checkout", "checkout api", "checkout-prod"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Checkout API", "checkout-api"), ("  a__b  ", "a-b"), ("支付", ""), ("x" * 99, "x" * 64)],
)
def test_a_slug_is_made_from_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert not slug or is_slug(slug)


@pytest.mark.parametrize(
    "text", ["", "-a", "a-", "A", "a b", "a" * 65, "é", "a\n", "new", str(UUID(int=7)), "0" * 32]
)
def test_what_is_no_slug(text: str) -> None:
    assert not is_slug(text)
