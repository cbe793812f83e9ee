"""Whether anybody works: seen from the rows, since a process that answers a ping may be deaf all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from schemas.errors import StorageError
from worker.database import Database

# a job that waits for so long while nobody takes any: the workers hang, or there is none
STALL_SECONDS: Final = 120.0
LOOKED_AT: Final = 100
# how long what was found of the store is said again: who asks whether we are ready asks often
REACHED_SECONDS: Final = 5.0


def is_stalled(db: Database, now: float, *, hinted: bool = False) -> bool:
    """Whether a job waits that could have been taken, and nobody works or has taken any for ``STALL_SECONDS``.

    Args:
        now: wall-clock time. hinted: count only jobs whose hint was sent: where Redis is away no worker is to blame.
    """
    since = now - STALL_SECONDS
    busy = (
        ("SELECT 1 FROM jobs WHERE state = 'running' AND lease_until >= ? LIMIT 1", (now,)),
        ("SELECT 1 FROM jobs WHERE claimed_at >= ? LIMIT 1", (since,)),
    )
    if any(db.row(query, values) is not None for query, values in busy):
        return False
    # the number tells the age too: among a million that wait, the oldest are looked at first
    waiting = db.rows(
        "SELECT created_at FROM jobs WHERE state = 'queued' AND hinted_at >= ? ORDER BY id LIMIT ?",
        (1.0 if hinted else 0.0, LOOKED_AT),
    )
    return any(row["created_at"] < since for row in waiting)


class Probe:
    """Whether something answers, asked now and then by one thread, whoever else waits for the answer.

    ``ask`` raises StorageError where it does not.
    """

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._answers = True

    def answers(self) -> bool:
        """What was found last, a few seconds ago at most; while somebody asks, what was found before."""
        if time.monotonic() - self._asked > REACHED_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._ask()
                self._answers = True
            except StorageError:
                self._answers = False
            finally:
                self._asked = time.monotonic()
                self._lock.release()
        return self._answers
