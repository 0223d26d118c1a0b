"""The red line as a style sheet: whatever a title holds, it stays text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tocsin_incidents.web.sev1 import quoted, style


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_a_title_never_leaves_its_string(words: str) -> None:
    css = quoted(words)

    assert re.fullmatch(r'"([A-Za-z0-9]|\\[0-9a-f]{1,6} )*"', css)
    read = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), css[1:-1])
    assert read == words


def test_nothing_is_shown_while_none_is_open() -> None:
    assert style([]) == ""
