"""``crossfoot backfill``: job rows for many documents, in batches; resumable, in shards, at a rate, or for a look only.

    folder, manifest or prefix ──find──▶ URIs ──plan──▶ rows ──hints──▶ workers read, hash and convert

Rows hold URIs: nothing is opened here, so that a million documents are minutes. What the rows hold is the state of the
back-fill, whoever asks: a second run adds what is new and shows where the first stands.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from schemas.errors import EmptyError, ServiceError
from worker import results, sources
from worker.blobs import FullError, open_blobs
from worker.confinement.confine import die_with_parent
from worker.database import Database
from worker.jobs import deliveries, redo
from worker.naming import key_of
from worker.processes import own_redis, supervisor
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
# how often it is asked whether the service still runs, and how long it may be away before one is started here
LOOK_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 10.0


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
        retry_failed: what has failed, or was given up, is tried again.
    """

    wait: bool = True
    rate: float = 0.0
    shard: tuple[int, int] = (1, 1)
    dry_run: bool = False
    redo: bool = False
    retry_failed: bool = False


Report = Callable[[Progress], None]
DEFAULT: Final = Options()


def run(source: str | Path, settings: Settings, options: Options = DEFAULT, report: Report | None = None) -> Progress:
    """Add the documents of a folder, manifest or prefix and, with ``wait``, stay until all have ended.

    A folder is walked; a manifest holds one path or URI a line, JSON lines ``{"path": …}`` or ``{"uri": …}`` with what
    is wished of the document, or a table (CSV, TSV) with such a column; relative paths start at the manifest's folder;
    ``s3://bucket/prefix`` is listed. Running it again adds nothing and shows where the first run stands. Where no
    ``crossfoot up`` serves the home and ``wait`` is set, or where it ends meanwhile, one is started for as long as it
    takes. Results lie under ``settings.results`` in the same relative paths.

    Args:
        source: folder, manifest or prefix.
        settings: whose home. options: how.
        report: called about twice a second with the state of things (for a display).

    Raises:
        UsageError: ``source`` does not exist, or a line of the manifest names no document.
        EmptyError: there are no documents in it.
        MissingProgramError: a service is to be started and there is no redis-server.
        ServiceError: the service that was started has ended.
    """
    source = str(source)
    tell = report or (lambda _: None)
    batch = batch_name(source, options.shard)
    found = _Tally(sources.find(source))
    with Database.open(settings) as db, _Service(settings) as service:
        if options.dry_run:
            progress = _look(db, batch, _shard(found, options.shard), tell)
        else:
            counter = _Counter(db, batch, tell, Room(settings, open_blobs(settings)))
            keep = service.check if options.wait else _let_be
            _plan(_Plan(db, batch, results.find_site(settings), options.rate, counter, keep), found, options.shard)
            _start_again(db, settings, batch, options)
            while options.wait and not _is_complete(db, batch):
                keep()
                counter.tick()
                time.sleep(REPORT_SECONDS)
            progress = count(db, batch)
    if not found.seen and not progress.total:
        raise EmptyError("There are no documents in it.", source)
    tell(progress)
    return progress


def _let_be() -> None:
    """Nobody is waited for, so nobody is needed."""


def _start_again(db: Database, settings: Settings, batch: str, options: Options) -> None:
    """Queue what has ended and is wished for once more."""
    if options.retry_failed:
        redo.retry_failed(db, redo.Wanted(engine_name(), batch), settings)
    if options.redo:
        redo.redo_all(db, engine_name(), time.time(), batch, settings)


class _Tally(Iterator[Found]):
    """Documents, and how many there were so far."""

    def __init__(self, found: Iterator[Found]) -> None:
        self._found = found
        self.seen = 0

    def __next__(self) -> Found:
        found = next(self._found)
        self.seen += 1
        return found


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


@dataclass(frozen=True, slots=True)
class _Plan:
    """How rows are written: where, for whom, how fast; ``keep`` sees to it that somebody converts them meanwhile."""

    db: Database
    batch: str
    site: str
    rate: float
    counter: _Counter
    keep: Callable[[], None]


def _plan(plan: _Plan, found: Iterator[Found], shard: tuple[int, int]) -> None:
    """Write the rows; at a rate, one group of new ones a second (or one document in more than one)."""
    rate = plan.rate
    size = BATCH_ROWS if not rate else max(1, min(BATCH_ROWS, int(rate)))
    due = time.monotonic()
    mine = _shard(found, shard)
    while group := list(islice(mine, BATCH_ROWS)):
        if rate:  # what is known already is not waited for
            new = deliveries.find_new(plan.db, plan.batch, [f.uri for f in group])
            group = [f for f in group if f.uri in new]
        for start in range(0, len(group), size):
            _wait(plan, due)
            written = deliveries.plan(
                *(plan.db, plan.batch, [_row(f) for f in group[start : start + size]], engine_name(), time.time()),
                plan.site,
            )
            due = max(due, time.monotonic() - 1.0) + (written / rate if rate else 0.0)
            plan.counter.tick()
            if written:
                plan.keep()
                time.sleep(BREATH_SECONDS)


def _wait(plan: _Plan, due: float) -> None:
    """Wait until more may be let in."""
    while (left := due - time.monotonic()) > 0:
        time.sleep(min(left, REPORT_SECONDS))
        plan.keep()
        plan.counter.tick()


def _row(found: Found) -> deliveries.Planned:
    """What is written down of a document."""
    wish = found.wish
    if wish is None:
        return deliveries.Planned(found.path, found.uri, found.kind)
    urgency = wish.urgency if "urgency" in wish.model_fields_set else "backfill"
    metadata = json.dumps(wish.metadata, ensure_ascii=False) if wish.metadata else None
    return deliveries.Planned(found.path, found.uri, found.kind, urgency, wish.password, metadata)


def _shard(found: Iterator[Found], shard: tuple[int, int]) -> Iterator[Found]:
    """Those that belong to a shard, by what their source calls them: it may lie elsewhere on every machine."""
    number, shards = shard
    return (f for f in found if shards == 1 or _find_share(f.name) % shards == number - 1)


def _find_share(name: str) -> int:
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8])


def _look(db: Database, batch: str, found: Iterator[Found], tell: Report) -> Progress:
    """What a run would find: all of it as ``total``, what would be new as ``queued``."""
    total = new = 0
    while group := list(islice(found, BATCH_ROWS)):
        total += len(group)
        new += len(deliveries.find_new(db, batch, [f.uri for f in group]))
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


class _Service:
    """The service that a back-fill needs: the one that runs, or one of its own for as long as it takes.

    ``check`` is called again and again: it starts one where there is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log_file = settings.logs / "up.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._due = 0.0
        self._away_until: float | None = None

    def __enter__(self) -> Self:
        return self

    def check(self) -> None:
        """Have one.

        Raises:
            ServiceError: the one that was started here has ended.
        """
        if self._process is not None and self._process.poll() is None:
            return
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + LOOK_SECONDS
        if supervisor.is_served(self._settings):
            self._process, self._away_until = None, now + AWAY_SECONDS
        elif self._process is not None:
            raise ServiceError(f"The service has ended; {self._log_file} says why.", str(self._log_file))
        elif self._away_until is None or now > self._away_until:  # it may be started again at this moment
            self._start()

    def _start(self) -> None:
        if not self._settings.redis_url:
            own_redis.find_program()
        supervisor.make_folders(self._settings)
        with self._log_file.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "worker.processes.supervisor"],
                env=self._settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it must not serve on after a killed back-fill
            )

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(2 * self._settings.stop_seconds + STOP_MARGIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
