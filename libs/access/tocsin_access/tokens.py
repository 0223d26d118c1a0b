"""Keys for programs: made here, shown once, kept only as a keyed hash (S3)."""

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from secrets import choice
from string import ascii_letters, digits

from tocsin_access.keys import derived_key

API_TOKEN = "tcs"
_ALPHABET = digits + ascii_letters
_RANDOM_LENGTH = 43  # 62 ** 43 > 2 ** 256: as good as 32 random bytes
_PREFIX_LENGTH = 8
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. `plain` is for its owner's eyes, once; `prefix` and `digest` are what may be stored."""

    plain: str = field(repr=False)
    prefix: str
    digest: str


class TokenKeeper:
    """Makes and recognises tokens of one installation. A digest is worthless without its secret key."""

    def __init__(self, secret_key: str) -> None:
        self._key = derived_key(secret_key, "token digest")

    def issue(self, kind: str = API_TOKEN) -> IssuedToken:
        """A token `<kind>_<43 letters and digits>` of 256 random bits."""
        plain = f"{kind}_" + "".join(choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
        return IssuedToken(plain, prefix=plain[: len(kind) + 1 + _PREFIX_LENGTH], digest=self.digest(plain))

    def digest(self, plain: str) -> str:
        """HMAC-SHA256 as hex: what stores and events hold instead of the token."""
        return hmac_digest(self._key, plain.encode("utf-8", "surrogatepass"), sha256).hex()

    def matches(self, plain: str, digest: str) -> bool:
        """Whether this token has that digest, in constant time."""
        return compare_digest(self.digest(plain), digest)


def looks_like_token(plain: str, kind: str = API_TOKEN) -> bool:
    """Whether it is worth a look-up at all. It may still be unknown."""
    body = plain.removeprefix(f"{kind}_")
    return body != plain and len(plain) <= _LONGEST and body.isascii() and body.isalnum()
