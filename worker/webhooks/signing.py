"""Secrets and signatures by the Standard Webhooks rules (standardwebhooks.com), symmetric form ``v1``.

The signed text is ``<id>.<timestamp>.<body>``, the signature its HMAC-SHA256 under the secret's bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from schemas.errors import UsageError

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
# what the rules allow for a secret
SHORTEST: Final = 24
LONGEST: Final = 64


def make_secret() -> str:
    """A new secret, ``whsec_`` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def read_secret(text: str) -> bytes:
    """The bytes of a secret.

    Raises:
        UsageError: it is not ``whsec_`` and 24 to 64 bytes in base64.
    """
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise UsageError(f"A secret is {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64.")
    return key


def sign(message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The three headers of a message; one signature for each secret, so that a secret can be changed without a gap.

    ``timestamp`` is that of the attempt, in seconds; ``message_id`` stays the same over all attempts.
    """
    text = f"{message_id}.{timestamp}.".encode() + body
    signatures = [hmac.digest(read_secret(key), text, hashlib.sha256) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join("v1," + base64.b64encode(s).decode() for s in signatures),
    }
