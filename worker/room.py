"""Whether there is room for another document. Every door asks here before it stores one, so that all stop at once.

What was taken in is converted whatever this says: the reserve is there so that its results still fit.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from worker.blobs import FullError, Store, find_free, storing
from worker.database import Database
from worker.settings import MEGABYTE, Settings

# how long what the store holds is remembered: adding up a million rows takes a tenth of a second
USED_SECONDS: Final = 5.0


class QuotaError(FullError):
    """The quota is used up, or the disk nearly full. Later there may be room."""


class Room:
    """The room of one home, as one process sees it; for any number of threads, each with its own rows."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._used = 0
        self._asked = float("-inf")
        self._lock = threading.Lock()

    def check(self, db: Database, size: int = 0) -> None:
        """Refuse a document of so many bytes where there is no room for it.

        Raises:
            QuotaError: there is none. StorageError: the store does not answer.
        """
        self.check_disk(size)
        if self._settings.quota_mb and self._find_used(db) + size > self._settings.quota_mb * MEGABYTE:
            raise QuotaError(f"The quota of {self._settings.quota_mb:,} MB is used up.")

    def check_disk(self, size: int) -> None:
        """Refuse so many bytes where the disk of the store, or that of the home, would be nearly full with them.

        The home's too: documents lie there on their way to a store elsewhere. The errors of ``check``.
        """
        with storing():
            stored, free = self._store.free_bytes(), find_free(self._settings.home)
        free = free if stored is None else min(free, stored)
        if free - size < self._settings.reserve_mb * MEGABYTE:
            raise QuotaError(f"The disk is nearly full: {free // MEGABYTE:,} MB are free.")

    def take(self, db: Database, size: int, sha256: str = "", sees: int = -1) -> None:
        """``check``, and count these bytes as used: they are about to be stored. What is known takes no room.

        With ``sees``, the number of an API key, only what is known to it: no answer tells what others have sent.
        """
        known = (
            "SELECT 1 FROM documents d WHERE d.sha256 = ? AND (? = -1"
            " OR EXISTS (SELECT 1 FROM jobs j WHERE j.sha256 = d.sha256 AND j.key_id = ?))"
        )
        if sha256 and db.row(known, (sha256, sees, sees)) is not None:
            return
        self.check(db, size)
        with self._lock:
            self._used += size

    def _find_used(self, db: Database) -> int:
        """What the store holds, seconds ago, and what has come since."""
        with self._lock:
            if time.monotonic() - self._asked <= USED_SECONDS:
                return self._used
        used = used_bytes(db)
        with self._lock:
            self._used, self._asked = used, time.monotonic()
            return used


def used_bytes(db: Database) -> int:
    """What documents and results take in the store."""
    row = db.row(
        "SELECT (SELECT coalesce(sum(bytes), 0) FROM documents) + (SELECT coalesce(sum(bytes), 0) FROM results) AS used"
    )
    return 0 if row is None else int(row["used"])
