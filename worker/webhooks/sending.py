"""One message to one address: looked at, signed, posted; what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from schemas.errors import CrossfootError
from worker.settings import engine_name
from worker.webhooks import guard
from worker.webhooks.signing import sign

DEADLINE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted.

    Attributes:
        id: the same for every try, by which the receiver knows what it has had.
        secrets: one, or two while one is changed; none leaves the message unsigned.
    """

    id: str
    url: str
    secrets: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it: ``error`` is None where the answer was a 2xx; ``gone`` where it wants nothing any more."""

    status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether it has arrived."""
        return self.error is None

    @property
    def gone(self) -> bool:
        """Whether the address has said that it wants nothing any more."""
        return self.status == HTTPStatus.GONE


def send(message: Message, allowed: tuple[guard.Network, ...], seconds: float = DEADLINE_SECONDS) -> Sent:
    """Post a message; whatever goes wrong is a value."""
    headers = {"Content-Type": "application/json", "User-Agent": engine_name().replace(" ", "/")}
    try:
        target = guard.resolve(message.url, allowed)
        if message.secrets:
            headers |= sign(message.id, int(time.time()), message.body, message.secrets)
        else:
            headers |= {"webhook-id": message.id, "webhook-timestamp": str(int(time.time()))}
        status = guard.post(target, headers, message.body, seconds).status
    except CrossfootError as error:
        return Sent(None, error.detail)
    return Sent(status, None if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES else f"Status {status}.")
