"""What is forgiven in a sender's JSON, and what is left alone."""

import pytest

from tocsin_detector.domain.forgiving import forgiven


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"a": 1}', b'{"a": 1}'),
        (b'\xef\xbb\xbf{"a": 1}', b'{"a": 1}'),
        (b'"\\ud83d\\ude00"', b'"\\ud83d\\ude00"'),
        (b'"x \\ud83d"', b'"x \\ufffd"'),
        (b'"\\uDE00 x"', b'"\\ufffd x"'),
        (b'"\\ud83d\\ud83d\\ude00"', b'"\\ufffd\\ud83d\\ude00"'),
        (b'"\\\\ud83d"', b'"\\\\ud83d"'),
        (b'"\\n\\"\\u00e9\\\\"', b'"\\n\\"\\u00e9\\\\"'),
    ],
)
def test_only_marks_and_half_surrogates_are_changed(body: bytes, read: bytes) -> None:
    assert forgiven(body) == read
