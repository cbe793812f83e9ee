"""Keeps the rows moving (``-m worker.processes.sweeper``): silent workers lose their jobs, waiting jobs get hints.

Redis holds hints only, and never more than a window of them for each queue, however long the back-fill: that is the
back-pressure. A hint that is lost, with a worker or with Redis and all that was in it, is sent again because its row
is still there. Redis being away is no event: rows wait.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Final

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from schemas.errors import StorageError
from worker.blobs import open_blobs
from worker.confinement.remains import remove_folder
from worker.database import Database
from worker.jobs import leases, retention
from worker.processes.app import KEY_PREFIX, TASK, make_app
from worker.processes.process import stopping
from worker.routing import KINDS, URGENCIES, QueueKind, Urgency, queue_name
from worker.settings import Settings, load

log = logging.getLogger("crossfoot")

TICK_SECONDS: Final = 0.2
# where a queue is empty and a row waits, its hint is being claimed at this moment, or lost
LOST_SECONDS: Final = 2.0
CLEAN_SECONDS: Final = 60.0
# retention is counted in days; looking through a store of millions takes minutes
HOUSE_FIRST_SECONDS: Final = 600.0
HOUSE_SECONDS: Final = 86_400.0
SOCKET_SECONDS: Final = 5.0
UNREACHABLE: Final = (redis.RedisError, OperationalError, OSError)


class Sweeper:
    """The sweeper of one home."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._app: Celery = make_app(settings)
        self._redis = redis.Redis.from_url(
            settings.redis_url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS
        )
        self._away = False
        self._blind_until = 0.0

    def blind(self) -> None:
        """The rows could not be reached, so no worker could renew its lease: all get another before one is taken."""
        self._blind_until = time.monotonic() + self._settings.lease_seconds

    def sweep(self, now: float) -> None:
        """Take jobs from silent workers; ``now`` as everywhere here by the clock of the rows."""
        if time.monotonic() < self._blind_until:
            return
        moved = leases.bring_back(self._db, self._settings, now)
        if moved:
            log.warning("the clock was set back: %d leases and hints were of the future", moved)
        states = leases.expire(self._db, self._settings, now)
        if states:
            log.info("%d jobs taken from silent workers, %d of them given up", len(states), states.count("quarantined"))

    def hint(self, now: float, *, again: bool) -> int:
        """Send hints for waiting jobs, the most urgent queues first; how many. Redis being away is noted once.

        Args:
            now: wall-clock time. again: whether stale hints are sent again too.
        """
        try:
            sent = sum(self._hint_queue(urgency, kind, now, again=again) for urgency in URGENCIES for kind in KINDS)
        except UNREACHABLE as error:
            if not self._away:
                log.warning("Redis does not answer (%s); jobs wait in their rows", error)
            self._away = True
            return 0
        if self._away and sent:
            log.info("Redis answers again")
            self._away = False
        return sent

    def _hint_queue(self, urgency: Urgency, kind: QueueKind, now: float, *, again: bool) -> int:
        """One queue, as far as its window goes."""
        newest = now - LOST_SECONDS if again else 0.0
        if not self._find(urgency, kind, newest, 1):
            return 0
        queue = queue_name(urgency, kind)
        length = self._redis.llen(KEY_PREFIX + queue)
        outstanding = length if isinstance(length, int) else self._settings.hint_window
        if outstanding and again:
            newest = now - self._settings.rehint_seconds
        jobs = self._find(urgency, kind, newest, max(0, self._settings.hint_window - outstanding))
        # noted before they are sent: a worker that is quick may have given the job back before we could note it after
        self._mark(jobs, now)
        sent = 0
        try:
            with self._app.producer_or_acquire() as producer:
                for job in jobs:
                    self._app.send_task(TASK, args=[job], queue=queue, producer=producer, retry=False)
                    sent += 1
        finally:
            self._mark(jobs[sent:], 0.0)
        return sent

    def _find(self, urgency: str, kind: str, newest: float, limit: int) -> list[int]:
        """Waiting jobs of a queue whose last hint is not newer; those never hinted first."""
        rows = self._db.rows(
            "SELECT id FROM jobs WHERE state = 'queued' AND urgency = ? AND kind = ? AND hinted_at <= ?"
            " ORDER BY hinted_at, id LIMIT ?",
            (urgency, kind, newest, limit),
        )
        return [row["id"] for row in rows]

    def _mark(self, jobs: list[int], now: float) -> None:
        """Note when hints were sent (0: not at all)."""
        if jobs:
            with self._db.relaxed():
                for job in jobs:
                    self._db.execute("UPDATE jobs SET hinted_at = ? WHERE id = ? AND state = 'queued'", (now, job))


def remove_leftovers(settings: Settings, db: Database, known: set[str] | None = None) -> int:
    """Remove the folders of conversions that nobody holds any more, and half-written blobs; how many.

    One that cannot be removed keeps no other from it, and is told of once: ``known`` are those that were.
    """
    found = list(settings.scratch.iterdir())  # before the rows are read: a job is claimed before its folder is made
    held = {row["owner"].replace(":", "-") for row in db.rows("SELECT owner FROM jobs WHERE state = 'running'")}
    left = [p for p in found if p.name not in held]
    removed = sum(_remove(folder, set() if known is None else known) for folder in left)
    return removed + open_blobs(settings).remove_stale()


def _remove(folder: Path, known: set[str]) -> bool:
    """Whether a folder, or a file in its place, is gone now."""
    try:
        remove_folder(folder)
    except FileNotFoundError:
        pass  # its own worker was quicker
    except OSError as error:
        if folder.name not in known:
            log.warning("%s: cannot be removed: %s", folder, error)
        known.add(folder.name)
        return False
    return True


def keep_house(settings: Settings, db: Database, now: float) -> None:
    """Remove what has been kept for as long as it is to be kept, and bytes that no row names; may take minutes."""
    store = open_blobs(settings)
    retention.forget_requests(db, now)
    gone = retention.Purged()
    if settings.retention_days:
        gone = retention.purge(db, store, now - settings.retention_days * retention.DAY_SECONDS)
    orphans = retention.remove_orphans(db, store)
    if gone.files or gone.jobs or orphans.files:
        named, unnamed = gone.files, orphans.files
        log.info("removed %d old jobs with %d files, and %d files that nothing names", gone.jobs, named, unnamed)


class House(threading.Thread):
    """Tidies up beside the sweep, which nothing may hold up: on a thread, and with rows, of its own.

    Whoever ends it in the middle leaves something for the next time.
    """

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        super().__init__(name="house", daemon=True)
        self._settings = settings
        self._stop_event = stop
        self._due = time.monotonic() + HOUSE_FIRST_SECONDS
        self._known: set[str] = set()
        self.begun = time.monotonic()

    def run(self) -> None:
        """Tidy up until told to stop."""
        while True:
            try:
                with Database.open(self._settings) as db:
                    remove_leftovers(self._settings, db, self._known)
                    if time.monotonic() >= self._due:
                        self._due = time.monotonic() + HOUSE_SECONDS
                        keep_house(self._settings, db, time.time())
            except (StorageError, OSError) as error:
                log.warning("tidying up: %s", error)
            if self._stop_event.wait(CLEAN_SECONDS):
                return


def _open_house(settings: Settings, stop: threading.Event) -> House:
    house = House(settings, stop)
    house.start()
    return house


def serve(settings: Settings) -> None:
    """Sweep and hint until told to stop."""
    with Database.open(settings) as db, stopping() as stop:
        sweeper = Sweeper(settings, db)
        house = _open_house(settings, stop)
        next_sweep = 0.0
        while not stop.is_set():
            if not house.is_alive() and time.monotonic() > house.begun + CLEAN_SECONDS:
                house = _open_house(settings, stop)  # it has said what it came to grief of; no lease waits for that
            try:
                due = time.monotonic() >= next_sweep
                if due:
                    sweeper.sweep(db.now())
                    next_sweep = time.monotonic() + settings.sweep_seconds
                sweeper.hint(db.now(), again=due)
            except StorageError as error:
                log.warning("%s", error.detail)
                sweeper.blind()
                stop.wait(settings.sweep_seconds)
            stop.wait(min(TICK_SECONDS, settings.sweep_seconds))


if __name__ == "__main__":
    serve(load())
