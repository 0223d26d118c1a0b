"""What senders get wrong in JSON that is still plain to read: a mark in front, and half an emoji."""

import re

_MARK = b"\xef\xbb\xbf"
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def forgiven(body: bytes) -> bytes:
    """The body without a byte order mark, and with U+FFFD for each half of a surrogate pair.

    Whatever cuts a text by UTF-16 units, as JavaScript does, leaves such halves: "Checkout is on \\ud83d".
    """
    return _ESCAPES.sub(_whole, body.removeprefix(_MARK))


def _whole(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]
