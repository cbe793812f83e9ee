"""API keys: made, hashed, looked up. The rows of ``keys`` hold a hash; the key itself is shown once.

A key is ``cf_`` and 256 random bits, so that one SHA-256 is enough: there is nothing to guess, and a slow hash would
only be a way to keep us busy. What a key has sent, only it sees (and keys of the scope ``admin``).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal, get_args

from schemas.errors import UsageError

Scope = Literal["submit", "read", "review", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
DEFAULT_SCOPES: Final[tuple[Scope, ...]] = ("submit", "read")
KEY: Final = re.compile(r"cf_[A-Za-z0-9_-]{43}")
LONGEST_NAME: Final = 100
ALL: Final = -1


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        key_id: the key's number, 0 where no key is needed; what is sent belongs to it.
        scopes: what it may do; ``admin`` includes all others, and sees the jobs of every key and of the inbox.
        hash: of the key that was shown, "" where none is needed.
    """

    key_id: int
    scopes: frozenset[Scope]
    hash: str = ""

    def may(self, scope: Scope) -> bool:
        """Whether it may do what a scope stands for."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def sees(self) -> int:
        """The key whose jobs it sees; ``ALL`` for everybody's."""
        return ALL if "admin" in self.scopes else self.key_id


LOCAL: Final = Caller(0, frozenset(SCOPES))


def make_key() -> str:
    """A new key."""
    return f"cf_{secrets.token_urlsafe(32)}"


def hash_key(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_scopes(words: list[str]) -> tuple[Scope, ...]:
    """Scopes by their names, in order; none named is ``submit`` and ``read``.

    Raises:
        UsageError: there is none of that name.
    """
    unknown = [w for w in words if w not in SCOPES]
    if unknown:
        raise UsageError(f"There is no scope {unknown[0]!r}; there are {', '.join(SCOPES)}.")
    return tuple(s for s in SCOPES if s in words) or DEFAULT_SCOPES
