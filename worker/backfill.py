"""``crossfoot backfill``: job rows for many documents, in batches; resumable, in shards, at a rate, or for a look only.

    folder, manifest or prefix ──find──▶ URIs ──plan──▶ rows ──hints──▶ workers read, hash and convert

Rows hold URIs: nothing is opened here, so that a million documents are minutes. What the rows hold is the state of the
back-fill, whoever asks: a second run adds what is new and shows where the first stands.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from schemas.errors import ServiceError
from worker import deliveries, redo, results, sources
from worker.blobs import FullError, open_blobs
from worker.confine import die_with_parent
from worker.database import Database
from worker.naming import key_of
from worker.room import Room
from worker.settings import Settings, engine_name
from worker.sources import Found

# so few that nobody who writes meanwhile waits long for SQLite's one lock
BATCH_ROWS: Final = 4_000
# and so long it is left to others
BREATH_SECONDS: Final = 0.02
REPORT_SECONDS: Final = 0.5
# counting a million rows takes seconds: it must not become what the machine does
COUNT_SHARE: Final = 10
STOP_MARGIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill is: counts of its documents, the parts of containers included, by state.

    ``review``: how many of those done have figures that a person should look at. ``paused``: one sentence why
    documents are not taken in at the moment, or "".
    """

    total: int = 0
    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    cancelled: int = 0
    review: int = 0
    paused: str = ""

    @property
    def ended(self) -> int:
        """Documents that have reached a final state."""
        return self.done + self.failed + self.quarantined + self.cancelled


@dataclass(frozen=True, slots=True)
class Options:
    """How a back-fill is done.

    Attributes:
        wait: stay until all have ended.
        rate: so many documents a second are let in at most; 0 is as many as there are.
        shard: ``(3, 16)``, the third of sixteen parts: each document belongs to one of them, whoever looks.
        dry_run: say what there is, and write nothing.
        redo: what an earlier engine has done is converted again.
    """

    wait: bool = True
    rate: float = 0.0
    shard: tuple[int, int] = (1, 1)
    dry_run: bool = False
    redo: bool = False


Report = Callable[[Progress], None]
DEFAULT: Final = Options()


def run(source: str | Path, settings: Settings, options: Options = DEFAULT, report: Report | None = None) -> Progress:
    """Add the documents of a folder, manifest or prefix and, with ``wait``, stay until all have ended.

    A folder is walked; a manifest holds one path or URI a line, JSON lines ``{"path": …}`` or ``{"uri": …}``, or CSV
    with such a column; relative paths start at the manifest's folder; ``s3://bucket/prefix`` is listed. Running it
    again adds nothing and shows where the first run stands. Where no ``crossfoot up`` serves the home and ``wait`` is
    set, one is started for as long as it takes. Results lie under ``settings.results`` in the same relative paths.

    Args:
        source: folder, manifest or prefix.
        settings: whose home. options: how.
        report: called about twice a second with the state of things (for a display).

    Raises:
        UsageError: ``source`` does not exist, or a line of the manifest names no document.
        MissingProgramError: a service is to be started and there is no redis-server.
        ServiceError: the service that was started has ended.
    """
    source = str(source)
    tell = report or (lambda _: None)
    batch = batch_name(source, options.shard)
    found = _shard(sources.find(source), options.shard)
    with Database.open(settings) as db:
        if options.dry_run:
            return _look(db, batch, found, tell)
        counter = _Counter(db, batch, tell, Room(settings, open_blobs(settings)))
        _plan(db, batch, results.find_site(settings), _paced(found, options.rate), counter)
        if options.redo:
            redo.redo_all(db, engine_name(), time.time(), batch)
        if options.wait and not _is_complete(db, batch):
            with _service(settings) as check:
                while not _is_complete(db, batch):
                    check()
                    counter.tick()
                    time.sleep(REPORT_SECONDS)
        progress = count(db, batch)
    tell(progress)
    return progress


def batch_name(source: str, shard: tuple[int, int] = (1, 1)) -> str:
    """What the rows call the back-fill of a source, or of a shard of it."""
    number, shards = shard
    name = sources.name_of(source)
    return name if shards == 1 else f"{name}#{number}/{shards}"


def count(db: Database, batch: str) -> Progress:
    """How far a back-fill is."""
    counts: dict[str, Any] = dict(deliveries.count_batch(db, batch))
    review = db.row(
        "SELECT count(*) AS documents FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.batch = ?"
        " AND j.state = 'done' AND j.summary LIKE '%\"review\": %' AND j.summary NOT LIKE '%\"review\": 0%'",
        (key_of(batch),),
    )
    return Progress(total=sum(counts.values()), review=int(review["documents"]) if review is not None else 0, **counts)


@dataclass(slots=True)
class _Counter:
    """Tells how far things are, as often as counting leaves time for."""

    db: Database
    batch: str
    tell: Report
    room: Room
    due: float = field(default=0.0)

    def tick(self) -> None:
        """Count and tell, or let it be."""
        begun = time.monotonic()
        if begun < self.due:
            return
        progress = count(self.db, self.batch)
        self.tell(replace(progress, paused=self._find_lack() if progress.queued else ""))
        ended = time.monotonic()
        self.due = ended + max(REPORT_SECONDS, COUNT_SHARE * (ended - begun))

    def _find_lack(self) -> str:
        """Why the workers, which ask the same, take nothing in."""
        try:
            self.room.check(self.db)
        except FullError as error:
            return error.detail
        return ""


def _plan(db: Database, batch: str, site: str, groups: Iterator[list[Found]], counter: _Counter) -> None:
    """Write the rows."""
    for group in groups:
        rows = [(found.path, found.uri, found.kind) for found in group]
        deliveries.plan(db, batch, rows, engine_name(), time.time(), site)
        counter.tick()
        time.sleep(BREATH_SECONDS)


def _paced(found: Iterator[Found], rate: float) -> Iterator[list[Found]]:
    """Documents in groups; at a rate, one group a second (or one document in more than one)."""
    size = BATCH_ROWS if not rate else max(1, min(BATCH_ROWS, int(rate)))
    due = time.monotonic()
    while group := list(islice(found, size)):
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic() - 1.0) + (len(group) / rate if rate else 0.0)
        yield group


def _shard(found: Iterator[Found], shard: tuple[int, int]) -> Iterator[Found]:
    """Those that belong to a shard: by their names, so that every machine sees it the same way."""
    number, shards = shard
    if shards == 1:
        return found
    return (f for f in found if int.from_bytes(hashlib.sha256(f.uri.encode()).digest()[:8]) % shards == number - 1)


def _look(db: Database, batch: str, found: Iterator[Found], tell: Report) -> Progress:
    """What a run would find: all of it as ``total``, what would be new as ``queued``."""
    total = new = 0
    while group := list(islice(found, BATCH_ROWS)):
        total += len(group)
        new += deliveries.count_new(db, batch, [f.uri for f in group])
        tell(Progress(total=total, queued=new))
    return Progress(total=total, queued=new)


def _is_complete(db: Database, batch: str) -> bool:
    """Whether all has ended and lies where it belongs, what is converted again included."""
    if not deliveries.is_delivered(db, batch):
        return False
    again = (
        "SELECT 1 FROM jobs n JOIN deliveries d ON d.job_id = n.supersedes"
        " WHERE n.state IN ('queued', 'running') AND n.supersedes IS NOT NULL AND d.batch = ? LIMIT 1"
    )
    return db.row(again, (key_of(batch),)) is None


@contextlib.contextmanager
def _service(settings: Settings) -> Iterator[Callable[[], None]]:
    """A service for this home: the one that runs, or one for as long as it takes; call the value to look after it."""
    from worker import own_redis, supervisor

    if supervisor.is_served(settings):
        yield lambda: None
        return
    if not settings.redis_url:
        own_redis.find_program()
    supervisor.make_folders(settings)
    log_file = settings.logs / "up.log"
    with log_file.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "worker.supervisor"],
            env=settings.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it must not serve on after a killed back-fill
        )

    def check() -> None:
        if process.poll() is not None and not supervisor.is_served(settings):
            raise ServiceError(f"The service has ended; {log_file} says why.", str(log_file))

    try:
        yield check
    finally:
        process.terminate()
        try:
            process.wait(2 * settings.stop_seconds + STOP_MARGIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
