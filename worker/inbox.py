"""The inbox folder: a file that has come to rest becomes a job; ``python -m worker.inbox`` is the process.

    inbox/q2/report.pdf  ──rename──▶  work/<id>/q2/report.pdf  ──job ends──▶  done/q2/report.pdf, or failed/…

The rename is the claim: no file is taken twice. Bytes in the store and row in the database come next, and are durable
before anything else happens; what lies in ``work/`` when the process starts goes on from where it was. Looking
again and again is enough on every file system; nothing depends on being told of changes.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from schemas.errors import StorageError, UnreadableError
from worker import deliveries, results, sidecars
from worker.blobs import Stored, is_regular, make_folder, open_blobs, open_regular
from worker.blobs.files import check_size
from worker.database import Database
from worker.naming import clean, why_no_document
from worker.process import stopping
from worker.room import Room
from worker.routing import kind_of_bytes
from worker.settings import Settings, engine_name, load

log = logging.getLogger("crossfoot")

TEMPORARY: Final = (".tmp", ".swp", "~")
NO_DOCUMENTS: Final = frozenset({"thumbs.db", "desktop.ini", "@eadir", "__macosx", "lost+found", "$recycle.bin"})
RECYCLED: Final = "#recycle"
# an empty file is often one whose first bytes are still to come; a PDF without its end often one half copied
EMPTY_PATIENCE: Final = 12
HALF_PATIENCE: Final = 3
TAIL_BYTES: Final = 2048
TICK_SECONDS: Final = 0.2
AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a file shows; ``beside``: size and time of what lies beside it, which must rest too."""

    size: int
    mtime_ns: int
    inode: int
    regular: bool = True
    beside: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and since when (monotonic seconds) every later one has shown the same."""

    look: Look
    since: float


def observe(seen: Mapping[str, Seen], looks: Mapping[str, Look], now: float) -> dict[str, Seen]:
    """What is known after another round of looks: a file that changed, or is new, starts again at ``now``."""
    known = {path: seen[path] for path in looks if path in seen and seen[path].look == looks[path]}
    return {path: known.get(path, Seen(look, now)) for path, look in looks.items()}


def is_stable(seen: Seen, now: float, stability: float, patience: int = 1) -> bool:
    """Whether a file has shown the same in looks that are ``patience`` times ``stability`` seconds apart."""
    return now - seen.since >= stability * patience


def read_patience(size: int, head: bytes, tail: bytes) -> int:
    """How much longer than others a file must rest, by its first and last bytes."""
    if size == 0:
        return EMPTY_PATIENCE
    return HALF_PATIENCE if b"%PDF-" in head and b"%%EOF" not in tail else 1


def is_ignored(path: str) -> bool:
    """Whether a path in the inbox is no document: hidden, unfinished, a system's own, or a password beside one."""
    for part in PurePosixPath(path).parts:
        name = part.lower()
        if why_no_document(name) or name.startswith(RECYCLED) or name.endswith(TEMPORARY) or name in NO_DOCUMENTS:
            return True
    return sidecars.is_sidecar(path)


def scan(folder: Path) -> Iterator[tuple[str, Look]]:
    """Every path that is no folder and not ignored, relative to the inbox, with what it shows. No link is followed."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(folder / below) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # it went, or is another's, between two looks
        named = {entry.name: entry for entry in found}
        for entry in found:
            path = f"{below}/{entry.name}" if below else entry.name
            if is_ignored(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
                beside = tuple(_look_beside(entry.name, named))
            except FileNotFoundError:
                continue
            yield path, Look(status.st_size, status.st_mtime_ns, status.st_ino, is_regular(status), beside)


def _look_beside(name: str, named: Mapping[str, os.DirEntry[str]]) -> Iterator[tuple[int, int]]:
    """Size and time of what lies beside a file."""
    for suffix in sidecars.SUFFIXES:
        entry = named.get(name + suffix)
        if entry is not None:
            status = entry.stat(follow_symlinks=False)
            yield status.st_size, status.st_mtime_ns


class Inbox:
    """The folder of one home, and what is remembered of it between two looks."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._blobs = open_blobs(settings)
        self._room = Room(settings, self._blobs)
        self._site = results.find_site(settings)
        self._seen: dict[str, Seen] = {}
        self._waiting: dict[str, float] = {}
        self._refused: set[str] = set()

    def recover(self) -> int:
        """Take up what lies in ``work/``; how many documents that have no job yet."""
        for folder in sorted(self._settings.work.iterdir()):
            known = self._db.row("SELECT 1 FROM deliveries WHERE work_id = ?", (folder.name,))
            if known is None and folder.is_dir():
                document = find_document(folder)
                if document is not None:  # killed between the two, its password may still lie in the inbox
                    sidecars.take_along(self._settings.inbox / document.relative_to(folder), document, _move)
                self._waiting[folder.name] = 0.0
        return len(self._waiting)

    def look(self, now: float) -> int:
        """One round: take every file that has come to rest; how many became jobs. ``now`` is monotonic."""
        self._seen = observe(self._seen, dict(scan(self._settings.inbox)), now)
        for path, seen in list(self._seen.items()):
            stability = self._settings.watch_stability
            if is_stable(seen, now, stability) and is_stable(seen, now, stability, self._patience(path, seen.look)):
                del self._seen[path]
                work_id = self._take(path)
                if work_id is not None:
                    self._waiting[work_id] = 0.0
        return sum(self._ingest(work_id, now) for work_id, again in list(self._waiting.items()) if again <= now)

    def _patience(self, path: str, look: Look) -> int:
        if not look.regular or not look.size:
            return EMPTY_PATIENCE if look.regular else 1
        try:
            with open_regular(self._settings.inbox / path) as stream:
                head = stream.read(1024)
                stream.seek(max(0, look.size - TAIL_BYTES))
                return read_patience(look.size, head, stream.read(TAIL_BYTES))
        except (UnreadableError, OSError):
            return 1

    def _take(self, path: str) -> str | None:
        """Claim a file by moving it to a folder of its own in ``work/``; None when it is gone."""
        work_id = f"{time.time_ns():016x}{secrets.token_hex(4)}"
        source = self._settings.inbox / path
        target = self._settings.work / work_id / clean(path)
        make_folder(target.parent)
        try:
            _move(source, target)
        except FileNotFoundError:
            shutil.rmtree(self._settings.work / work_id, ignore_errors=True)
            return None
        except OSError as error:
            if path not in self._refused:
                log.warning("%s: cannot be taken out of the inbox: %s", clean(path), error.strerror)
            self._refused.add(path)
            shutil.rmtree(self._settings.work / work_id, ignore_errors=True)
            return None
        sidecars.take_along(source, target, _move)
        return work_id

    def _ingest(self, work_id: str, now: float) -> int:
        """Store and write down what lies in a folder of ``work/``; 1 for a new job, or one joined."""
        folder = self._settings.work / work_id
        document = find_document(folder)
        if document is None:
            del self._waiting[work_id]
            if not any(not p.is_dir() for p in folder.rglob("*")):  # made, and then killed before anything came
                shutil.rmtree(folder, ignore_errors=True)
            return 0
        path = document.relative_to(folder).as_posix()
        try:
            size = document.lstat().st_size
            check_size(size, self._settings.max_bytes)  # first: what is too large waits for no room
            self._room.take(self._db, size)
            put = partial(self._blobs.put_file, document, self._settings.max_bytes)
            stored = put()
            job = deliveries.arrive(self._db, self._arrival(work_id, document, path, stored), time.time())
            self._blobs.make_sure(stored.sha256, put)
        except UnreadableError as error:
            del self._waiting[work_id]
            target = results.put_aside(self._settings, document, path, error)
            sidecars.take_along(document, target, _move)
            shutil.rmtree(folder, ignore_errors=True)
            log.info("%s: %s", target, error.detail)
            return 0
        except StorageError as error:
            self._waiting[work_id] = now + AGAIN_SECONDS
            log.warning("%s: %s Trying again in %.0f s.", path, error.detail, AGAIN_SECONDS)
            return 0
        del self._waiting[work_id]
        log.info("%s: job %d", path, job)
        return 1

    def _arrival(self, work_id: str, document: Path, path: str, stored: Stored) -> deliveries.Arrival:
        """What is written down of a document that lies in ``work/`` and in the store."""
        options = sidecars.read_options(document)
        return deliveries.Arrival(
            path=path,
            sha256=stored.sha256,
            size=stored.size,
            kind=kind_of_bytes(stored.head),
            urgency=options.urgency,
            engine=engine_name(),
            work_id=work_id,
            password=options.password,
            metadata=json.dumps(options.metadata, ensure_ascii=False) if options.metadata else None,
            site=self._site,
        )


def find_document(folder: Path) -> Path | None:
    """The one document in a folder of ``work/``, wherever below it lies."""
    found = (p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    return next((p for p in sorted(found) if not sidecars.is_sidecar(p.name)), None)


def _move(source: Path, target: Path) -> None:
    """Rename; where the inbox is a mount of its own, copy, make sure, and remove."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        before = source.lstat()
        shutil.copy2(source, target, follow_symlinks=False)
        after = source.lstat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            target.unlink()
            raise FileNotFoundError(errno.ENOENT, "It changed while it was copied.", str(source)) from None
        with target.open("rb") as stream:
            os.fsync(stream.fileno())
        source.unlink()


def serve(settings: Settings) -> None:
    """Look, take, and serve names whose jobs have ended, until told to stop."""
    with Database.open(settings) as db, stopping() as stop:
        inbox = Inbox(settings, db)
        recovered = inbox.recover()
        if recovered:
            log.info("%d documents are taken up from %s", recovered, settings.work)
        next_look = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() >= next_look:
                    inbox.look(time.monotonic())
                    next_look = time.monotonic() + settings.watch_polling
                results.deliver(settings, db)
            except StorageError as error:  # the rows are away: files wait where they are
                log.warning("%s", error.detail)
                stop.wait(AGAIN_SECONDS)
            stop.wait(min(TICK_SECONDS, settings.watch_polling))


if __name__ == "__main__":
    serve(load())
