"""A job from its claim to its end: the boundary at which whatever a document does to us becomes a row."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, get_args

from schemas.errors import (
    CrossfootError,
    EmptyError,
    EncryptedError,
    LimitError,
    LimitName,
    MissingProgramError,
    ServiceError,
    StorageError,
    UnreadableError,
    UnsafeError,
    UnsupportedError,
)
from worker import routing, sources
from worker.blobs import DamagedBlobError, MissingBlobError, Store, Stored, open_blobs, storing
from worker.confinement.outcomes import RESULT, RESULT_BYTES
from worker.confinement.remains import discard_folder, open_left, part_file
from worker.converting import blame
from worker.converting.sandbox import Ended, Request, Sandbox
from worker.database import Database
from worker.jobs import leases
from worker.jobs.corrections import rows as corrections
from worker.jobs.corrections.rows import Inherited
from worker.jobs.leases import Claim
from worker.room import Room
from worker.settings import Settings

T = TypeVar("T")
log = logging.getLogger("crossfoot")
# where nothing can be converted at all, nothing is gained by trying fast
PAUSE_SECONDS = 2.0
AGAIN_SECONDS = 0.5
BY_CODE: dict[str, type[CrossfootError]] = {
    kind.code: kind
    for kind in (
        CrossfootError,
        EmptyError,
        EncryptedError,
        MissingProgramError,
        UnreadableError,
        UnsafeError,
        UnsupportedError,
    )
}


@dataclass(frozen=True, slots=True)
class Bench:
    """What a conversion works with: settings, rows, store and its room, and the sandbox of this process."""

    settings: Settings
    db: Database
    blobs: Store
    room: Room
    sandbox: Sandbox


def convert_job(settings: Settings, sandbox: Sandbox, job_id: int) -> str:
    """Claim a job and bring it to its end; a word for the log: ``passed`` where there was nothing to do.

    The attempt is counted by the claim. Whatever goes wrong from there on ends the job, or gives it back.

    Raises:
        StorageError: the rows cannot be reached; the lease will run out.
    """
    with _Rows.held(settings) as db:
        bench = Bench(settings, db, *_find_store(settings, os.getpid()), sandbox)
        held = leases.claim(db, settings, job_id, _token(settings), db.now())
        if held is None:
            return "passed"
        try:
            return _convert(bench, held)
        except ServiceError as error:
            log.exception("job %d: %s", job_id, error.detail)
            leases.move(db, held, held.kind)  # no fault of the document, so no attempt of its
            time.sleep(PAUSE_SECONDS)
            return "queued"
        except MissingBlobError as error:
            leases.fail(db, held, error, db.now())
            return error.problem_code
        except DamagedBlobError as error:
            return _give_up_bytes(bench, held, error)
        except StorageError as error:
            log.warning("job %d: %s", job_id, error.detail)
            leases.move(db, held, held.kind)  # the disk is full, the store is away: no fault of the document either
            time.sleep(PAUSE_SECONDS)
            return "queued"
        except CrossfootError as error:
            leases.fail(db, held, error, db.now())
            return error.problem_code
        except Exception as error:
            log.exception("job %d: a fault of the program", job_id)
            cause = f"the program failed ({type(error).__name__})"
            return leases.release(db, settings, held, cause, db.now()) or "fenced"


def _give_up_bytes(bench: Bench, held: Claim, error: DamagedBlobError) -> str:
    """Try again what may have been damaged on its way; after the last attempt, make room for the right bytes."""
    log.error("job %d: %s", held.id, error.detail)
    said = StorageError(f"{error.detail.removesuffix('.')}: bring the document again.")
    state = leases.release(bench.db, bench.settings, held, "its bytes were damaged", bench.db.now(), said)
    if state == "quarantined":
        bench.blobs.set_aside(error.sha256)
    return state or "fenced"


@lru_cache(maxsize=1)
def _find_store(settings: Settings, _process: int) -> tuple[Store, Room]:
    """The store and its room, kept between two documents of a process."""
    store = open_blobs(settings)
    return store, Room(settings, store)


class _Rows:
    """The rows, kept open between two documents of a process: SQLite waits for the disk whenever it is opened.

    They are opened again when they have failed, when another file lies where they were, and in another process.
    """

    _key: tuple[object, ...] | None = None
    _db: Database | None = None

    @classmethod
    @contextlib.contextmanager
    def held(cls, settings: Settings) -> Iterator[Database]:
        """The rows for one document."""
        if cls._db is None or cls._key != _identity(settings):
            cls._drop()
            cls._db = Database.open(settings)
            cls._key = _identity(settings)
        try:
            yield cls._db
        except BaseException:
            cls._drop()
            raise

    @classmethod
    def _drop(cls) -> None:
        db, cls._db = cls._db, None
        if db is not None and cls._key is not None and cls._key[0] == os.getpid():
            db.close()


def _identity(settings: Settings) -> tuple[object, ...]:
    """Which process has opened which database."""
    try:
        status = settings.database.stat()
    except OSError:
        return os.getpid(), settings, None
    return os.getpid(), settings, (status.st_dev, status.st_ino)


def _token(settings: Settings) -> str:
    """A name for one claim that no other has, and that says whose process it was."""
    return f"{settings.instance}:{settings.worker}:{os.getpid()}:{secrets.token_hex(8)}"


def _convert(bench: Bench, held: Claim) -> str:
    """Fetch, convert in a child, store what came of it; the folder is gone afterwards, whatever happens."""
    fetched = held if held.sha256 else _fetch(bench, held)
    if fetched is None or fetched.sha256 is None:
        return "passed"
    held, sha256 = fetched, fetched.sha256
    folder = bench.settings.scratch / held.owner.replace(":", "-")
    work = folder / "work"  # the child's; what was fetched for it lies beside it, where it changes nothing
    with storing():
        folder.mkdir(parents=True, mode=0o700)
        work.mkdir(mode=0o700)
    try:
        request = _request(bench, held, sha256, work)
        ended = bench.sandbox.run(request, _renewing(bench, held), bench.settings.lease_seconds / 3)
        return _conclude(bench, held, work, _check_blame(request, sha256, ended))
    finally:
        discard_folder(folder)


def _renewing(bench: Bench, held: Claim) -> Callable[[], bool]:
    """What keeps the lease; while the database is away, the work goes on for as long as the lease is ours anyway."""
    until = time.monotonic() + bench.settings.lease_seconds

    def renew() -> bool:
        nonlocal until
        now = time.monotonic()
        try:
            kept = leases.renew(bench.db, bench.settings, held, bench.db.now())
        except StorageError as error:
            log.warning("job %d: %s", held.id, error.detail)
            return now < until
        until = now + bench.settings.lease_seconds
        return kept

    return renew


def _patiently(bench: Bench, commit: Callable[[], T]) -> T:
    """Commit; while the database is away, again, for as long as a lease: done work is not thrown away for a restart."""
    until = time.monotonic() + bench.settings.lease_seconds
    while True:
        try:
            return commit()
        except StorageError as error:
            if time.monotonic() > until:
                raise
            log.warning("%s", error.detail)
            time.sleep(AGAIN_SECONDS)


def _fetch(bench: Bench, held: Claim) -> Claim | None:
    """Read a back-fill's document into the store, and what lies beside it; None where nothing is left to convert."""
    wish = sources.read_wish(held.uri or "")
    if wish is not None:
        metadata = json.dumps(wish.metadata, ensure_ascii=False) if wish.metadata else None
        held = replace(held, password=held.password or wish.password, metadata=held.metadata or metadata)
    try:
        with sources.open_uri(held.uri or "") as stream:
            bench.room.take(bench.db, sources.size_of(stream))
            stored = bench.blobs.put(stream, bench.settings.max_bytes)
    except sources.MissingSourceError as error:
        leases.fail(bench.db, held, error, bench.db.now())
        return None
    is_ours = leases.attach(bench.db, held, stored.sha256, stored.size, bench.db.now())
    bench.blobs.make_sure(stored.sha256, partial(_put_again, bench, held))
    return replace(held, sha256=stored.sha256) if is_ours else None


def _put_again(bench: Bench, held: Claim) -> None:
    with sources.open_uri(held.uri or "") as stream:
        bench.blobs.put(stream, bench.settings.max_bytes)


def _request(bench: Bench, held: Claim, sha256: str, work: Path) -> Request:
    settings = bench.settings
    # only scans are read page by page, and only a PDF may turn out to be one
    is_scan = held.kind in ("ocr", "pdf")
    pages_at_once = settings.find_pages_at_once(leases.count_running(bench.db, settings.instance)) if is_scan else 1
    return Request(
        folder=str(work),
        source=str(bench.blobs.fetch(sha256, work.parent)),
        name="",  # it may have several
        memory=settings.memory_bytes(held.kind),
        cpu=settings.cpu_seconds(pages_at_once),
        max_bytes=settings.max_bytes,
        password=held.password,
        origin=held.origin,
        depth=held.depth,
        pages_at_once=pages_at_once,
    )


def _check_blame(request: Request, sha256: str, ended: Ended) -> Ended:
    """Refuse to conclude anything from a full disk, or from bytes that are not the document's.

    On a full disk a library may call the document damaged, or leave a page out, for a file of its own that it could
    not write. That the bytes are damaged is never the child's to say.

    Raises:
        FullError: the disk is full, whatever the document does. DamagedBlobError: its bytes are others.
    """
    outcome = ended.outcome
    failed = ended.verdict == "ended" and outcome["state"] == "failed"
    if ended.verdict == "crashed" or failed or outcome.get("left_out"):
        blame.check_disk(Path(request.folder))
    is_another = ended.verdict == "ended" and not failed and outcome["sha256"] != sha256
    if failed or is_another:
        blame.check_bytes(Path(request.source), sha256)
    return Ended("crashed", {}, "its process read another document", ended.noise) if is_another else ended


def _conclude(bench: Bench, held: Claim, folder: Path, ended: Ended) -> str:
    """Turn what came of the child into the state of the job."""
    if ended.verdict == "dropped":
        return "fenced"
    if ended.verdict == "late":
        raise LimitError("time", ended.cause)
    if ended.verdict == "memory":
        if held.kind == "pdf":  # full of scans, perhaps: where those are read there is more room
            leases.move(bench.db, held, "ocr")
            return "moved"
        raise LimitError("memory", "Reading it takes more memory than is allowed.")
    if ended.verdict == "size":
        raise LimitError("size", "Reading it takes more room on the disk than is allowed.")
    if ended.verdict == "crashed":
        fault = blame.find_fault(ended.noise)
        log.warning("job %d, attempt %d: %s; %s", held.id, held.attempt, ended.cause, fault or "no traceback")
        return leases.release(bench.db, bench.settings, held, ended.cause, bench.db.now()) or "fenced"
    outcome = ended.outcome
    if outcome["state"] == "failed":
        return _give_back(bench, held, outcome["problem"], ended.noise)
    if outcome["state"] == "container":
        return _store_parts(bench, held, folder, outcome)
    return _store(bench, held, folder, outcome)


def _give_back(bench: Bench, held: Claim, problem: dict[str, Any], noise: str) -> str:
    """Try again what may have gone wrong without the document's doing; what the document is, no attempt changes.

    Raises:
        CrossfootError: what is wrong with the document.
    """
    if problem["code"] == StorageError.code:  # in the child: it may be what the document does
        cause = f"storage failed ({problem['detail']})"
        return leases.release(bench.db, bench.settings, held, cause, bench.db.now()) or "fenced"
    error = _error(problem)
    if problem["code"] != CrossfootError.code:
        raise error
    fault = blame.find_fault(noise)  # its words may be the document's: they go to the row, whose owner may read them
    log.error("job %d, attempt %d: a fault of the program: %s", held.id, held.attempt, fault or "no traceback")
    return leases.release(bench.db, bench.settings, held, "the program failed", bench.db.now(), error) or "fenced"


def _error(problem: dict[str, Any]) -> CrossfootError:
    """The error that a child wrote down."""
    code, _, limit = str(problem["code"]).partition(".")
    if code == LimitError.code:
        named: LimitName = next((name for name in get_args(LimitName) if name == limit), "size")
        return LimitError(named, problem["detail"], problem["place"])
    return BY_CODE.get(code, CrossfootError)(problem["detail"], problem["place"])


def _store(bench: Bench, held: Claim, folder: Path, outcome: dict[str, Any]) -> str:
    """Make the child's result the job's."""
    put = partial(_keep, bench, folder, RESULT, RESULT_BYTES)
    stored = put()
    summary = {k: v for k, v in outcome.items() if k not in ("state", "sha256")}
    result = (stored.sha256, stored.size)
    finish = partial(leases.finish, bench.db, held, result, summary)
    ending = _patiently(bench, lambda: _finish(bench, held, stored.sha256, finish))
    bench.blobs.make_sure(stored.sha256, put)
    if ending == "differs":
        log.error("job %d: ALARM: two executions gave different results, %s is one", held.id, stored.sha256)
    return ending


def _finish(
    bench: Bench, held: Claim, result: str, commit: Callable[[float, Inherited | None], leases.Ending]
) -> leases.Ending:
    """Commit, with what people have said of the result that this one supersedes; again where more is said meanwhile."""
    while True:
        inherited = corrections.inherit(bench.db, bench.blobs, held.supersedes, result)
        ending = commit(bench.db.now(), inherited)
        if inherited is not None and inherited.version is not None and ending == "done":
            again = partial(corrections.inherit, bench.db, bench.blobs, held.supersedes, result)
            bench.blobs.make_sure(inherited.version.sha256, again)
        if ending != "stale":
            return ending


def _keep(bench: Bench, folder: Path, name: str, most: int) -> Stored:
    """Store a file that the child has left, which is one (see ``sandbox``)."""
    with open_left(folder, name) as stream:
        return bench.blobs.put(stream, most)


def _store_parts(bench: Bench, held: Claim, folder: Path, outcome: dict[str, Any]) -> str:
    """Make the parts of a container documents of their own; the list of them is the container's result."""
    parts = []
    for part in outcome["parts"]:
        stored = _keep(bench, folder, part_file(part["number"]), bench.settings.max_bytes)
        kind = routing.kind_of_bytes(stored.head)
        origin = json.dumps(part["origin"], sort_keys=True)
        parts.append(leases.Part(part["number"], part["name"], stored.sha256, stored.size, kind, origin))
    listed = [{"number": p.number, "name": p.name, "sha256": p.sha256} for p in parts]
    about = {"sha256": outcome["sha256"], "bytes": outcome["bytes"]}
    left_out = outcome.get("left_out")
    whole = {"outcome": "partial" if left_out else "complete", "left_out": left_out}
    content = {"container": about, **whole, "parts": listed, "skipped": outcome.get("skipped", [])}
    data = json.dumps(content).encode() + b"\n"
    result = bench.blobs.put_bytes(data)
    told = leases.Opened(tuple(parts), left_out, bool(outcome.get("locked")))
    finish = partial(leases.finish_container, bench.db, held, (result.sha256, result.size), told)
    ending = _patiently(bench, lambda: _finish(bench, held, result.sha256, finish))
    for part, listing in zip(outcome["parts"], parts, strict=True):
        put = partial(_keep, bench, folder, part_file(part["number"]), bench.settings.max_bytes)
        bench.blobs.make_sure(listing.sha256, put)
    bench.blobs.make_sure(result.sha256, partial(bench.blobs.put_bytes, data))
    return ending
