"""The two secrets of `tocsin up`: made once, kept in the data directory for its owner only."""

import os
import secrets
from pathlib import Path

SECRET_KEY_FILE = "secret-key"
ADMIN_TOKEN_FILE = "admin-token"


def keep_secret(path: Path, make: str) -> tuple[str, bool]:
    """The secret in the file, and whether it was made just now. The file gets mode 0600."""
    try:
        return path.read_text().strip(), False
    except FileNotFoundError:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make + "\n")
        return make, True


def secret_key(data_dir: Path) -> str:
    """Signs sessions and hashes keys."""
    return keep_secret(data_dir / SECRET_KEY_FILE, secrets.token_hex(32))[0]


def admin_token(data_dir: Path) -> tuple[str, bool]:
    """The bearer token with every right, and whether it is new."""
    return keep_secret(data_dir / ADMIN_TOKEN_FILE, "tcs_admin_" + secrets.token_hex(24))
