"""Signals as the bytes that wait in the database for their lane."""

import msgspec

from tocsin_detector.domain.signal import Signal

encode_signals = msgspec.json.Encoder().encode
"""Signals as JSON. A field that a newer release adds has a default, so older rows stay readable."""

_decoder = msgspec.json.Decoder(tuple[Signal, ...])


def decode_signals(encoded: bytes) -> tuple[Signal, ...]:
    """What `encode_signals` wrote."""
    return _decoder.decode(encoded)
