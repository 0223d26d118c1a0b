"""Alertmanager's matchers."""

import pytest

from tocsin_detector.domain.matchers import Comparison, Matcher, read_matcher


@pytest.mark.parametrize(
    ("written", "matcher"),
    [
        ("alertname=DiskFull", Matcher("alertname", Comparison.IS, "DiskFull")),
        ('alertname="Disk Full"', Matcher("alertname", Comparison.IS, "Disk Full")),
        ('a!="b\\"c"', Matcher("a", Comparison.IS_NOT, 'b"c')),
        ("a =~ x=.*", Matcher("a", Comparison.MATCHES, "x=.*")),
        ('a!~"x|y"', Matcher("a", Comparison.MATCHES_NOT, "x|y")),
        ("a=", Matcher("a", Comparison.IS, "")),
    ],
)
def test_a_matcher_is_read(written: str, matcher: Matcher) -> None:
    assert read_matcher(written) == matcher


@pytest.mark.parametrize("written", ["", "a", "=b", "{a=b}", "a~b"])
def test_what_is_no_matcher_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a matcher"):
        read_matcher(written)
