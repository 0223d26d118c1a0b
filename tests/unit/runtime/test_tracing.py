"""Only a trace context of version 00 is carried on."""

import pytest

from tocsin_runtime.tracing import valid_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_one_of_version_00_is_carried_on_as_it_came(flags: str) -> None:
    shown = f"00-{TRACE}-{SPAN}-{flags}"
    assert valid_traceparent(shown) == shown


@pytest.mark.parametrize(
    "shown",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"01-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{'٣' * 32}-{SPAN}-01",
    ],
)
def test_anything_else_is_as_if_none_had_come(shown: str) -> None:
    assert valid_traceparent(shown) is None
