"""``crossfoot backfill DIR|MANIFEST``: job rows for many documents, in batches; resumable."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from schemas.errors import ServiceError, StorageError, UsageError
from worker import deliveries, results
from worker.confine import die_with_parent
from worker.database import Database
from worker.naming import clean, uri_of_path
from worker.routing import kind_of_name
from worker.settings import Settings, engine_name

BATCH_ROWS: Final = 10_000
REPORT_SECONDS: Final = 0.5
# counting a million rows takes a second: it must not become what the machine does
COUNT_SHARE: Final = 10
STOP_MARGIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill is: counts of its documents, the parts of containers included, by state."""

    total: int = 0
    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    cancelled: int = 0

    @property
    def ended(self) -> int:
        """Documents that have reached a final state."""
        return self.done + self.failed + self.quarantined + self.cancelled


Report = Callable[[Progress], None]


def run(source: Path, settings: Settings, *, wait: bool = True, report: Report | None = None) -> Progress:
    """Add the documents of a folder or manifest and, with ``wait``, stay until all have ended.

    A folder is walked; a manifest holds one path per line, or JSON lines ``{"path": …}``; relative paths start at
    the manifest's folder. Running it again adds nothing and shows where the first run stands. Where no
    ``crossfoot up`` serves the home and ``wait`` is set, one is started for as long as it takes.
    Results lie under ``settings.results`` in the same relative paths.

    Args:
        source: the folder or manifest.
        settings: whose home, and how.
        wait: False returns when the rows are written.
        report: called about twice a second with the state of things (for a progress bar).

    Raises:
        UsageError: ``source`` does not exist, or a line of the manifest names no path.
        MissingProgramError: a service is to be started and there is no redis-server.
        ServiceError: the service that was started has ended.
    """
    source = Path(os.path.abspath(source))  # noqa: PTH100 - resolve() would follow links and change the names
    tell = report or (lambda _: None)
    batch = uri_of_path(source)
    with Database.open(settings) as db:
        site = results.find_site(settings)
        files = _find_files(source)
        while rows := list(islice(files, BATCH_ROWS)):
            deliveries.plan(db, batch, rows, engine_name(), time.time(), site)
            tell(_count(db, batch))
        if wait and not deliveries.is_delivered(db, batch):
            with _service(settings) as check:
                _wait(db, batch, tell, check)
        progress = _count(db, batch)
    tell(progress)
    return progress


def _find_files(source: Path) -> Iterator[tuple[str, str, str]]:
    """``(path under results, uri, queue kind)`` of every file."""
    if source.is_dir():
        found = ((path.relative_to(source), path) for path in _walk(source))
    elif source.is_file():
        found = ((_place(path, source.parent), path) for path in _read_manifest(source))
    else:
        raise UsageError(f"{source} is neither a folder nor a manifest.", str(source))
    for relative, path in found:
        yield clean(relative.as_posix()), uri_of_path(path), kind_of_name(path.name)


def _walk(folder: Path) -> Iterator[Path]:
    """Everything in a folder that is no folder, in order; hidden names are passed over, links not followed."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise StorageError(f"The folder cannot be read: {error.strerror}.", str(folder)) from error
    for entry in found:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def _read_manifest(manifest: Path) -> Iterator[Path]:
    """The paths that the lines of a manifest name, absolute."""
    with manifest.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            text = os.fsdecode(line).strip()
            if text:
                named = _read_line(text, f"{manifest.name}, line {number}")
                yield Path(os.path.abspath(manifest.parent / named))  # noqa: PTH100 - without following links


def _read_line(text: str, place: str) -> str:
    """The path in a line of a manifest."""
    if not text.startswith("{"):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    named = value.get("path") if isinstance(value, dict) else None
    if not isinstance(named, str) or not named or "\0" in named:
        raise UsageError(f'{place}: it names no document; {{"path": "…"}} is expected.', place)
    return named


def _place(path: Path, folder: Path) -> Path:
    """Where the result of a manifest's file goes: its path below the manifest, or all of it."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path.relative_to(path.anchor)


def _count(db: Database, batch: str) -> Progress:
    counts = deliveries.count_batch(db, batch)
    return Progress(total=sum(counts.values()), **counts)


def _wait(db: Database, batch: str, tell: Report, check: Callable[[], None]) -> None:
    """Stay until every document has ended and lies where it belongs."""
    while not deliveries.is_delivered(db, batch):
        check()
        begun = time.monotonic()
        tell(_count(db, batch))
        time.sleep(max(REPORT_SECONDS, COUNT_SHARE * (time.monotonic() - begun)))


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
