"""What requests need besides what every service has; on `app.state.detector`."""

from dataclasses import dataclass

from tocsin_detector.usecases.accept import Accept
from tocsin_detector.usecases.keyring import Keyring


@dataclass(frozen=True)
class DetectorState:
    """One per app. `public_url` is the origin that senders use, without a slash at its end."""

    accept: Accept
    keyring: Keyring
    public_url: str
