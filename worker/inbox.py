"""The inbox folder: a file that has come to rest becomes a job; ``python -m worker.inbox`` is the process.

    inbox/q2/report.pdf  ──rename──▶  work/<id>/q2/report.pdf  ──job ends──▶  done/q2/report.pdf, or failed/…

The rename is the claim: no file is taken twice. Bytes in the store and row in the database come next, and are durable
before anything else happens; what lies in ``work/`` when the process starts goes on from where it was. Looking
again and again is enough on every file system; nothing depends on being told of changes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from schemas.errors import StorageError, UnreadableError
from worker import results, sidecars
from worker.blobs import (
    PARTIAL,
    FullError,
    Stored,
    find_hash,
    is_regular,
    is_written,
    make_folder,
    move_file,
    open_blobs,
    open_regular,
)
from worker.blobs.files import check_size
from worker.database import Database
from worker.jobs import deliveries, names
from worker.naming import SIDECAR_SUFFIXES, clean, why_no_document
from worker.processes.process import stopping
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
# how often a file may turn out to be another after it was converted
MOST_CHANGES: Final = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a file shows.

    Attributes:
        beside: size and time of what lies beside it, which must rest too.
        lonely: it is to lie beside a document, and there is none.
    """

    size: int
    mtime_ns: int
    inode: int
    regular: bool = True
    beside: tuple[tuple[int, int], ...] = ()
    lonely: bool = False


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
    return _is_no_file(path) or sidecars.is_sidecar(path)


def _is_no_file(path: str) -> bool:
    """Whether a path in the inbox is nothing to look at."""
    for part in PurePosixPath(path).parts:
        name = part.lower()
        if why_no_document(name) or name.startswith(RECYCLED) or name.endswith(TEMPORARY) or name in NO_DOCUMENTS:
            return True
    return False


def scan(folder: Path, refuse: Callable[[str, OSError], None] | None = None) -> Iterator[tuple[str, Look]]:
    """Every path that is no folder and not ignored, relative to the inbox, with what it shows. No link is followed.

    Of what lies beside documents, only what has none is among them. ``refuse`` is told what cannot be looked at.
    """
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(folder / below) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:  # it went, is another's, or lies too deep
            _tell(refuse, below, error)
            continue
        named = {entry.name: entry for entry in found}
        for entry in found:
            path = f"{below}/{entry.name}" if below else entry.name
            try:
                if _is_no_file(path):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif not sidecars.is_sidecar(path):
                    yield path, _look(entry, named)
                elif sidecars.document_of(entry.name) not in named:
                    yield path, _look(entry, {}, lonely=True)
            except OSError as error:
                _tell(refuse, path, error)


def _tell(refuse: Callable[[str, OSError], None] | None, path: str, error: OSError) -> None:
    """Say what cannot be looked at; what went between two looks is nothing to say."""
    if refuse is not None and not isinstance(error, FileNotFoundError | NotADirectoryError):
        refuse(path, error)


def _look(entry: os.DirEntry[str], named: Mapping[str, os.DirEntry[str]], *, lonely: bool = False) -> Look:
    """One look at a file, and at what lies beside it."""
    status = entry.stat(follow_symlinks=False)
    beside = [named[entry.name + suffix] for suffix in SIDECAR_SUFFIXES if entry.name + suffix in named]
    seen = [other.stat(follow_symlinks=False) for other in beside]
    rests = tuple((other.st_size, other.st_mtime_ns) for other in seen)
    return Look(status.st_size, status.st_mtime_ns, status.st_ino, is_regular(status), rests, lonely)


@dataclass(slots=True)
class Changed:
    """A document in ``work/`` that was written on after it had been taken: how often, and since when it rests."""

    changes: int
    seen: Seen | None = None


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
        self._told: dict[str, type[Exception]] = {}
        self._changed: dict[str, Changed] = {}
        self._written: set[str] = set()
        self._is_full = False

    def recover(self) -> int:
        """Take up what lies in ``work/``; how many documents that have no job yet."""
        if self._settings.inbox.stat().st_dev != self._settings.work.stat().st_dev:
            log.warning("inbox and work lie on different file systems: files are copied, and compared, not renamed")
        for folder in sorted(self._settings.work.iterdir()):
            for unfinished in folder.rglob(f"*{PARTIAL}"):  # a copy; what it is of lies in the inbox still
                unfinished.unlink()
            known = self._db.row("SELECT 1 FROM deliveries WHERE work_id = ?", (folder.name,))
            if known is None and folder.is_dir():
                document = find_document(folder)
                if document is not None:  # killed between the two, its password may still lie in the inbox
                    sidecars.take_along(self._settings.inbox / document.relative_to(folder), document, move_file)
                self._waiting[folder.name] = 0.0
        return len(self._waiting)

    def look(self, now: float) -> int:
        """One round: take every file that has come to rest; how many became jobs. ``now`` is monotonic."""
        self._seen = observe(self._seen, dict(scan(self._settings.inbox, self._refuse)), now)
        jobs = 0
        lack = ""
        for path, seen in list(self._seen.items()):
            if not self._is_due(path, seen, now):
                continue
            lacking = self._find_lack(seen.look)
            if lacking:  # it waits where it is; a smaller one may fit
                lack = lacking
                continue
            del self._seen[path]
            self._written.discard(path)
            jobs += self._take_in(path, seen.look, now)
        self._tell_room(lack)
        return jobs + sum(self._ingest(work_id, now) for work_id, again in list(self._waiting.items()) if again <= now)

    def take_again(self, work_id: str) -> None:
        """Take in once more what lies in a folder of ``work/``: it is another document than it was, and must rest."""
        changes = self._changed[work_id].changes + 1 if work_id in self._changed else 1
        self._changed[work_id] = Changed(changes)
        self._waiting[work_id] = 0.0

    def _is_due(self, path: str, seen: Seen, now: float) -> bool:
        """Whether a file has rested for as long as its kind must."""
        stability = self._settings.watch_stability
        if seen.look.lonely:
            return now - seen.since >= max(stability, sidecars.LONELY_SECONDS)
        if not is_stable(seen, now, stability) or not is_stable(seen, now, stability, self._patience(path, seen.look)):
            return False
        if not seen.look.regular or not is_written(self._settings.inbox / path):
            return True
        if path not in self._written:
            log.info("%s: a program has it open for writing; it is taken when that has ended", clean(path)[:500])
        self._written.add(path)
        return False

    def _find_lack(self, look: Look) -> str:
        """Why there is no room for a file, or "". What is too large is not taken in anyway."""
        if look.lonely or look.size > self._settings.max_bytes:
            return ""
        try:
            self._room.check(self._db, look.size)
        except FullError as error:
            return error.detail
        return ""

    def _tell_room(self, lack: str) -> None:
        """Say once that files wait for room, and once that they do not any more."""
        if lack and not self._is_full:
            log.warning("%s Files wait in the inbox.", lack)
        elif self._is_full and not lack:
            log.info("There is room again.")
        self._is_full = bool(lack)

    def _refuse(self, path: str, error: OSError) -> None:
        """Say once of a path that it cannot be taken."""
        if path not in self._refused:
            log.warning("%s: cannot be taken out of the inbox: %s", clean(path)[:500], error.strerror or error)
        self._refused.add(path)

    def _take_in(self, path: str, look: Look, now: float) -> int:
        """Take a file and make it a job; 1 where it has become one."""
        if look.lonely:
            self._put_lonely(path)
            return 0
        work_id = self._take(path)
        return 0 if work_id is None else self._ingest(work_id, now)

    def _put_lonely(self, path: str) -> None:
        """Put aside what lies beside no document: it would be taken for the next one's of that name."""
        source = self._settings.inbox / path
        said = f"No document has come to it within {sidecars.LONELY_SECONDS / 60:.0f} minutes; drop them together."
        try:
            holder = find_hash(source) if is_regular(source.lstat()) else _stand_in(path)
            target = self._put_aside(
                source, clean(path), results.Aside(sidecars.OptionsError(said, clean(path)), holder)
            )
        except OSError as error:
            self._refuse(path, error)
        else:
            log.info("%s: %s", target, said)

    def _put_aside(self, source: Path, path: str, told: results.Aside) -> Path:
        """Put a file into ``failed/``, under a name that nothing else has."""
        names.adopt(self._db, self._settings, path)
        return results.put_aside(self._settings, self._db, source, path, told)

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
        try:
            make_folder(target.parent)
            move_file(source, target)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._refuse(path, error)
            shutil.rmtree(self._settings.work / work_id, ignore_errors=True)
            return None
        sidecars.take_along(source, target, move_file)
        return work_id

    def _ingest(self, work_id: str, now: float) -> int:
        """Store and write down what lies in a folder of ``work/``; 1 for a new job, or one joined."""
        folder = self._settings.work / work_id
        self._waiting[work_id] = now + AGAIN_SECONDS
        try:
            document = find_document(folder)
            if document is None:
                self._settle(work_id)
                if not any(not p.is_dir() for p in folder.rglob("*")):  # made, and then killed before anything came
                    shutil.rmtree(folder, ignore_errors=True)
                return 0
            if not self._is_at_rest(work_id, document, now):
                return 0
            return self._bring(work_id, folder, document)
        except (StorageError, OSError) as error:
            if self._told.get(work_id) is not type(error):
                said = error.detail if isinstance(error, StorageError) else f"{error.strerror or error}."
                log.warning("%s: %s Trying again every %.0f s.", _name_of(folder), said, AGAIN_SECONDS)
            self._told[work_id] = type(error)
            return 0

    def _bring(self, work_id: str, folder: Path, document: Path) -> int:
        """A document in ``work/`` to the store and the rows, or aside."""
        path = document.relative_to(folder).as_posix()
        holder = _stand_in(work_id)
        try:
            size = document.lstat().st_size
            check_size(size, self._settings.max_bytes)  # first: what is too large waits for no room
            self._check_changes(work_id, document)
            self._room.take(self._db, size)
            put = partial(self._blobs.put_file, document, self._settings.max_bytes)
            stored = put()
            holder = stored.sha256
            arrival = self._arrival(work_id, document, path, stored)
            names.adopt(self._db, self._settings, path)
            job = deliveries.arrive(self._db, arrival, time.time())
            self._blobs.make_sure(stored.sha256, put)
        except UnreadableError as error:
            target = self._put_aside(document, path, results.Aside(error, holder, _metadata_beside(document)))
            for sidecar in filter(os.path.lexists, sidecars.find_beside(document)):
                move_file(sidecar, results.find_place_beside(target, sidecar))
            self._settle(work_id)
            shutil.rmtree(folder, ignore_errors=True)
            log.info("%s: %s", target, error.detail)
            return 0
        self._settle(work_id)
        log.info("%s: job %d", path, job)
        return 1

    def _settle(self, work_id: str) -> None:
        """There is nothing more to do for a folder of ``work/`` until its job ends."""
        self._waiting.pop(work_id, None)
        self._told.pop(work_id, None)

    def _is_at_rest(self, work_id: str, document: Path, now: float) -> bool:
        """Whether a document that was written on after it had been taken has rested, longer than others must."""
        changed = self._changed.get(work_id)
        if changed is None:
            return True
        status = document.lstat()
        look = Look(status.st_size, status.st_mtime_ns, status.st_ino)
        if changed.seen is None or changed.seen.look != look:
            changed.seen = Seen(look, now)
        rests = is_stable(changed.seen, now, self._settings.watch_stability, HALF_PATIENCE)
        if not rests:
            self._waiting[work_id] = now + self._settings.watch_polling
        return rests

    def _check_changes(self, work_id: str, document: Path) -> None:
        """Refuse a file that a program holds open and writes on for ever (a log): each pause would be a document.

        Raises:
            UnreadableError: it has changed too often.
        """
        if work_id in self._changed and self._changed[work_id].changes > MOST_CHANGES:
            raise UnreadableError("It is written on again and again after it was dropped.", document.name)

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
            metadata=_metadata_text(options),
            site=self._site,
        )


def find_document(folder: Path) -> Path | None:
    """The one document in a folder of ``work/``, wherever below it lies."""
    found = (p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    return next((p for p in sorted(found) if not sidecars.is_sidecar(p.name) and p.suffix != PARTIAL), None)


def _stand_in(text: str) -> str:
    """What stands in for the hash of a file that is not read."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _name_of(folder: Path) -> str:
    """What a folder of ``work/`` holds, for messages."""
    document = find_document(folder)
    return folder.name if document is None else document.relative_to(folder).as_posix()[:500]


def _metadata_beside(document: Path) -> str | None:
    """The metadata of a document that is put aside; None where what lies beside it is the reason."""
    try:
        return _metadata_text(sidecars.read_options(document))
    except sidecars.OptionsError:
        return None


def _metadata_text(options: sidecars.Options) -> str | None:
    return json.dumps(options.metadata, ensure_ascii=False) if options.metadata else None


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
                results.deliver(settings, db, inbox.take_again)
            except StorageError as error:  # the rows are away: files wait where they are
                log.warning("%s", error.detail)
                stop.wait(AGAIN_SECONDS)
            stop.wait(min(TICK_SECONDS, settings.watch_polling))


if __name__ == "__main__":
    serve(load())
