"""What is put beside a document's name when its job has ended: the result, or the error; and the file, out of the way.

Every step can be done twice: whoever is killed in the middle is followed by somebody who does it all again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import CrossfootError, StorageError
from worker.blobs import (
    DamagedBlobError,
    MissingBlobError,
    Store,
    find_hash,
    is_regular,
    make_folder,
    move_file,
    open_blobs,
    sync_file,
    sync_folder,
)
from worker.database import Database
from worker.jobs import deliveries, names
from worker.jobs.deliveries import Delivery
from worker.naming import ERROR_SUFFIX, HASH_CHARACTERS, INDEX_NAME, RESULT_SUFFIX, SIDECAR_SUFFIXES, beside, candidates
from worker.settings import Settings

log = logging.getLogger("crossfoot")
# in a container lie pictures and style sheets: what is no document is not a failure there
SKIPPED_PARTS = ("E_TYPE", "E_EMPTY")


class ChangedError(Exception):
    """The file holds other bytes than those that were converted: whoever wrote it had not ended."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Why a file is put aside, and whose its name is: the sha256 of its bytes, or of what stands in for them."""

    error: CrossfootError
    holder: str
    metadata: str | None = None


def deliver(settings: Settings, db: Database, again: Callable[[str], None] | None = None) -> int:
    """Serve the names whose jobs have ended; how many.

    One that cannot be served (disk full, a folder lies where the file should go) is tried again later and holds
    nobody up. ``again`` is told of each folder in ``work/`` whose file is no longer the document that was converted:
    it is to be taken in again, and its name is free.
    """
    served = 0
    ready = deliveries.find_ready(db, time.time(), site=find_site(settings))
    blobs = open_blobs(settings) if ready else None
    for delivery in ready:
        try:
            _deliver_or_tell(settings, db, blobs or open_blobs(settings), delivery)
        except ChangedError:
            log.warning("%s: it was written on after it had been taken; it is taken in again", delivery.base)
            deliveries.forget(db, delivery)
            if again is not None:
                again(delivery.work_id or "")
            continue
        except (OSError, StorageError) as error:
            seconds = deliveries.postpone(db, delivery, time.time())
            log.warning("%s: cannot be delivered (%s), again in %.0f s", delivery.base, error, seconds)
            continue
        deliveries.complete(db, delivery, time.time())
        served += 1
    return served


def find_site(settings: Settings) -> str:
    """What this home is called where several share one database: its folders are filled by its own processes.

    Without ``CROSSFOOT_SITE`` it is a random name that lies in the home and stays.
    """
    if settings.site or not settings.database_url:
        return settings.site
    file = settings.home / "site"
    if not file.exists():
        temporary = file.with_name(f".{secrets.token_hex(8)}.tmp")
        write_atomically(temporary, secrets.token_hex(16).encode())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, file)
        temporary.unlink()
    return file.read_text(encoding="utf-8").strip()


def _deliver_or_tell(settings: Settings, db: Database, blobs: Store, delivery: Delivery) -> None:
    """One name; what the store has lost or damaged is told beside it, since waiting does not bring it back."""
    try:
        _deliver(settings, db, blobs, delivery)
    except (DamagedBlobError, MissingBlobError) as error:
        again = f"{error.detail.removesuffix('.')}: crossfoot jobs retry {delivery.job_id} makes the result again."
        told = StorageError(again, delivery.path).problem()
        write_atomically(
            settings.failed / f"{delivery.base}{ERROR_SUFFIX}", _json(with_metadata(dict(told), delivery.metadata))
        )
        raise


def _deliver(settings: Settings, db: Database, blobs: Store, delivery: Delivery) -> None:
    """One name: results first, then the file, so that a file in ``done/`` has its result."""
    _check_file(settings, delivery)
    error = settings.failed / f"{delivery.base}{ERROR_SUFFIX}"
    if delivery.state == "done" and delivery.result_sha256 is not None:
        if delivery.container:
            _write_index(settings, db, blobs, delivery)
        else:
            _put_result(settings, blobs, delivery, delivery.result_sha256)
        if delivery.parent is not None:
            (settings.results / f"{delivery.base}{ERROR_SUFFIX}").unlink(missing_ok=True)
        _put_file(settings, delivery, settings.done / delivery.base)
        error.unlink(missing_ok=True)
        return
    problem = read_problem(delivery.state, delivery.problem)
    told = _json(with_metadata(problem, delivery.metadata))
    if delivery.parent is not None:
        if problem["code"] in SKIPPED_PARTS:
            return
        _clear_above(settings, db, delivery)
        write_atomically(settings.results / f"{delivery.base}{ERROR_SUFFIX}", told)
        if delivery.sha256 is not None:
            blobs.place(delivery.sha256, _find_free(settings.failed / delivery.base, delivery.sha256))
    write_atomically(error, told)
    _put_file(settings, delivery, settings.failed / delivery.base)


def _put_result(settings: Settings, blobs: Store, delivery: Delivery, sha256: str) -> None:
    """Link the result beside the name, and for review where a person should look at it."""
    name = f"{delivery.base}{RESULT_SUFFIX}"
    blobs.place(sha256, settings.results / name)
    if delivery.review:
        blobs.place(sha256, settings.review / name)
    else:
        (settings.review / name).unlink(missing_ok=True)


def _check_file(settings: Settings, delivery: Delivery) -> None:
    """Make sure that the file is still the document that was converted.

    A program that paused for longer than a file must rest writes on, wherever the file has been moved.

    Raises:
        ChangedError: it is another; it lies in its folder in ``work/``.
    """
    source = _find_file(settings, delivery)
    if source is None or delivery.sha256 is None or _is_same(source, delivery.sha256):
        return
    target = settings.work / str(delivery.work_id) / delivery.path
    if source != target:
        make_folder(target.parent)
        source.rename(target)
        sync_folder(target.parent)
    raise ChangedError


def _find_file(settings: Settings, delivery: Delivery) -> Path | None:
    """The file that was dropped, where it has not come to ``done/`` yet; after a failure it lies in ``failed/``."""
    if delivery.work_id is None:
        return None
    places = (settings.work / delivery.work_id / delivery.path, settings.failed / delivery.base)
    return next((place for place in places if _is_file(place)), None)


def _is_file(path: Path) -> bool:
    """Whether anything but a folder lies there."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir())


def _is_same(path: Path, sha256: str) -> bool:
    """Whether a regular file with these bytes lies there."""
    return _is_file(path) and is_regular(path.lstat()) and find_hash(path) == sha256


def _find_free(target: Path, sha256: str) -> Path:
    """Where a file may go: to its place, or beside it where other bytes or a folder lie there. Nothing is replaced."""
    for name in (target.name, *candidates(target.name, sha256)):
        place = target.with_name(name)
        if not os.path.lexists(place) or _is_same(place, sha256):
            return place
    raise StorageError("Other files lie where it should go.", str(target))


def _put_file(settings: Settings, delivery: Delivery, target: Path) -> None:
    """Move the file that was dropped where it belongs now; the same bytes under the same name are one file.

    After a retry it lies in ``failed/``; a back-fill's files stay where they are.
    """
    failed = settings.failed / delivery.base
    if delivery.work_id is None:
        if delivery.part is not None and target != failed and _is_file(failed):
            failed.unlink()  # our own link, for a part that has failed before
        return
    folder = settings.work / delivery.work_id
    source = _find_file(settings, delivery)
    if source is not None and source != target:
        target = _find_free(target, delivery.sha256 or find_hash(source))
        make_folder(target.parent)
        source.replace(target)
        sync_folder(target.parent)
    if target != failed and delivery.sha256 is not None and _is_same(failed, delivery.sha256):
        failed.unlink()
    _put_sidecars(folder, target)
    if folder.is_dir():
        shutil.rmtree(folder)


def _put_sidecars(folder: Path, target: Path) -> None:
    """Move what lies beside the file in its folder along with it (its password); nothing is deleted or replaced."""
    if folder.is_dir():
        for path in sorted(p for p in folder.rglob("*") if not p.is_dir()):
            place = find_place_beside(target, path)
            path.replace(place)


def find_place_beside(target: Path, sidecar: Path) -> Path:
    """Where a sidecar goes: named after its document; where another one lies there, with a part of its hash."""
    suffix = next((suffix for suffix in SIDECAR_SUFFIXES if sidecar.name.endswith(suffix)), sidecar.suffix)
    place = target.with_name(beside(target.name, suffix))
    if os.path.lexists(place) and is_regular(sidecar.lstat()) and not _is_same(place, sha256 := find_hash(sidecar)):
        return target.with_name(beside(target.name, suffix, sha256[:HASH_CHARACTERS]))
    return place


def _clear_above(settings: Settings, db: Database, delivery: Delivery) -> None:
    """Make room for a failed part's folder in ``failed/``: a container that has failed before lies there as a file.

    One that was dropped goes back to ``work/``, from where it is served when all its parts are.
    """
    for above in deliveries.find_above(db, delivery):
        failed = settings.failed / above.base
        if not _is_file(failed):
            continue
        if above.work_id is None:
            failed.unlink()  # our own link
            continue
        target = settings.work / above.work_id / above.path
        make_folder(target.parent)
        failed.replace(target)
        sync_folder(target.parent)


def _write_index(settings: Settings, db: Database, blobs: Store, delivery: Delivery) -> None:
    """``index.json`` of a container's folder: what came of each part."""
    content = json.loads(blobs.read(delivery.result_sha256 or ""))
    named = {part["part"]: part for part in deliveries.find_parts(db, delivery.id)}
    content["container"] = {"name": delivery.path.rpartition("/")[2], **content["container"]}
    content["parts"] = [{**part, **_part_entry(db, named[part["number"]])} for part in content["parts"]]
    if any(part["state"] == "failed" or part.get("outcome") == "partial" for part in content["parts"]):
        content["outcome"] = "partial"
    write_atomically(settings.results / delivery.base / INDEX_NAME, _json(with_metadata(content, delivery.metadata)))


def _part_entry(db: Database, row: Any) -> dict[str, Any]:
    """What the index says of a part besides its number, name and hash."""
    file = row["base"].rpartition("/")[2]
    if row["state"] == "done":
        summary = json.loads(row["summary"] or "{}")
        if summary.get("container"):
            outcome = "partial" if is_partial(db, row) else "complete"
            return {"state": "container", "index": f"{file}/{INDEX_NAME}", "outcome": outcome}
        facts = {k: summary.get(k) for k in ("verdict", "outcome", "tables", "figures", "review")}
        return {"state": "converted", "result": f"{file}{RESULT_SUFFIX}", **facts}
    problem = read_problem(row["state"], row["problem"])
    if problem["code"] in SKIPPED_PARTS:
        return {"state": "skipped", "problem": problem}
    return {"state": "failed", "error": f"{file}{ERROR_SUFFIX}", "problem": problem}


def is_partial(db: Database, row: Any) -> bool:
    """Whether anything of a part, or of what lies in it at any depth, is missing."""
    if row["state"] != "done":
        return read_problem(row["state"], row["problem"])["code"] not in SKIPPED_PARTS
    summary = json.loads(row["summary"] or "{}")
    if summary.get("outcome") == "partial":
        return True
    return bool(summary.get("container")) and any(is_partial(db, part) for part in deliveries.find_parts(db, row["id"]))


def with_metadata(content: dict[str, Any], metadata: str | None) -> dict[str, Any]:
    """What is told of a name, with what its caller calls it."""
    return {**content, "metadata": json.loads(metadata)} if metadata else content


def read_problem(state: str, problem: str | None) -> dict[str, Any]:
    """The problem details of a job that ended without a result."""
    if problem is not None:
        details: dict[str, Any] = json.loads(problem)
        return details
    return {**CrossfootError("The job was cancelled.").problem(), "title": "Cancelled", "code": f"E_{state.upper()}"}


def write_atomically(target: Path, data: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    make_folder(target.parent)
    temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        temporary.write_bytes(data)
        sync_file(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def put_aside(settings: Settings, db: Database, source: Path, path: str, told: Aside) -> Path:
    """Move a file that cannot even become a job to ``failed/``, with its error beside it; where it lies now.

    The name is its own from now on, so that nobody else's file comes to lie there.
    """
    with db.transaction():
        base = names.reserve(db, path, told.holder)
    target = _find_free(settings.failed / base, told.holder)
    make_folder(target.parent)
    problem = with_metadata(dict(told.error.problem()), told.metadata)
    write_atomically(target.with_name(target.name + ERROR_SUFFIX), _json(problem))
    with contextlib.suppress(FileNotFoundError):
        move_file(source, target)
    sync_folder(target.parent)
    return target


def _json(content: dict[str, Any]) -> bytes:
    """Compact, as all our JSON."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
