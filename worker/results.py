"""What is put beside a document's name when its job has ended: the result, or the error; and the file, out of the way.

Every step can be done twice: whoever is killed in the middle is followed by somebody who does it all again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from schemas.errors import CrossfootError, StorageError
from worker import deliveries
from worker.blobs import DamagedBlobError, MissingBlobError, Store, make_folder, open_blobs, sync_file, sync_folder
from worker.database import Database
from worker.deliveries import Delivery
from worker.naming import ERROR_SUFFIX, INDEX_NAME, RESULT_SUFFIX, fits, with_hash
from worker.settings import Settings

log = logging.getLogger("crossfoot")
# in a container lie pictures and style sheets: what is no document is not a failure there
SKIPPED_PARTS = ("E_TYPE", "E_EMPTY")


def deliver(settings: Settings, db: Database) -> int:
    """Serve the names whose jobs have ended; how many.

    One that cannot be served (disk full, a folder lies where the file should go) is tried again later and holds
    nobody up.
    """
    served = 0
    ready = deliveries.find_ready(db, time.time(), site=find_site(settings))
    blobs = open_blobs(settings) if ready else None
    for delivery in ready:
        try:
            _deliver_or_tell(settings, db, blobs or open_blobs(settings), delivery)
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
        write_atomically(settings.failed / f"{delivery.base}{ERROR_SUFFIX}", _json(told))
        raise


def _deliver(settings: Settings, db: Database, blobs: Store, delivery: Delivery) -> None:
    """One name: results first, then the file, so that a file in ``done/`` has its result."""
    error = settings.failed / f"{delivery.base}{ERROR_SUFFIX}"
    if delivery.state == "done" and delivery.result_sha256 is not None:
        if delivery.container:
            _write_index(settings, db, blobs, delivery)
        else:
            _put_result(settings, blobs, delivery, delivery.result_sha256)
        _put_file(settings, delivery, settings.done / delivery.base)
        error.unlink(missing_ok=True)
        return
    problem = read_problem(delivery.state, delivery.problem)
    if delivery.parent is not None:
        if problem["code"] in SKIPPED_PARTS:
            return
        write_atomically(settings.results / f"{delivery.base}{ERROR_SUFFIX}", _json(problem))
        if delivery.sha256 is not None:
            blobs.place(delivery.sha256, settings.failed / delivery.base)
    write_atomically(error, _json(problem))
    _put_file(settings, delivery, settings.failed / delivery.base)


def _put_result(settings: Settings, blobs: Store, delivery: Delivery, sha256: str) -> None:
    """Link the result beside the name, and for review where a person should look at it."""
    name = f"{delivery.base}{RESULT_SUFFIX}"
    blobs.place(sha256, settings.results / name)
    if delivery.review:
        blobs.place(sha256, settings.review / name)
    else:
        (settings.review / name).unlink(missing_ok=True)
    if delivery.parent is not None:
        (settings.results / f"{delivery.base}{ERROR_SUFFIX}").unlink(missing_ok=True)


def _put_file(settings: Settings, delivery: Delivery, target: Path) -> None:
    """Move the file that was dropped where it belongs now; the same bytes under the same name are one file.

    After a retry it lies in ``failed/``; a back-fill's files stay where they are.
    """
    if delivery.work_id is None:
        if delivery.part is not None and target.is_relative_to(settings.done):
            (settings.failed / delivery.base).unlink(missing_ok=True)  # our own link, for a part that has failed before
        return
    folder = settings.work / delivery.work_id
    sources: Iterable[Path] = (folder / delivery.path, settings.failed / delivery.base)
    source = next((s for s in sources if s != target and os.path.lexists(s)), None)
    if source is not None:
        make_folder(target.parent)
        source.replace(target)
        sync_folder(target.parent)
    _put_sidecars(folder, target)
    if folder.is_dir():
        shutil.rmtree(folder)


def _put_sidecars(folder: Path, target: Path) -> None:
    """Move what lies beside the file in its folder along with it (its password); nothing is deleted."""
    if folder.is_dir():
        for path in sorted(p for p in folder.rglob("*") if not p.is_dir()):
            path.replace(target.parent / path.name)


def _write_index(settings: Settings, db: Database, blobs: Store, delivery: Delivery) -> None:
    """``index.json`` of a container's folder: what came of each part."""
    content = json.loads(blobs.read(delivery.result_sha256 or ""))
    names = {part["part"]: part for part in deliveries.find_parts(db, delivery.id)}
    content["container"] = {"name": delivery.path.rpartition("/")[2], **content["container"]}
    content["parts"] = [{**part, **_part_entry(names[part["number"]])} for part in content["parts"]]
    if any(part["state"] == "failed" or part.get("outcome") == "partial" for part in content["parts"]):
        content["outcome"] = "partial"
    write_atomically(settings.results / delivery.base / INDEX_NAME, _json(content))


def _part_entry(row: Any) -> dict[str, Any]:
    """What the index says of a part besides its number, name and hash."""
    file = row["base"].rpartition("/")[2]
    if row["state"] == "done":
        summary = json.loads(row["summary"] or "{}")
        if summary.get("container"):
            return {"state": "container", "index": f"{file}/{INDEX_NAME}"}
        facts = {k: summary.get(k) for k in ("verdict", "outcome", "tables", "figures", "review")}
        return {"state": "converted", "result": f"{file}{RESULT_SUFFIX}", **facts}
    problem = read_problem(row["state"], row["problem"])
    if problem["code"] in SKIPPED_PARTS:
        return {"state": "skipped", "problem": problem}
    return {"state": "failed", "error": f"{file}{ERROR_SUFFIX}", "problem": problem}


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


def put_aside(settings: Settings, source: Path, path: str, error: CrossfootError) -> Path:
    """Move a file that cannot even become a job to ``failed/``, with its error beside it; where it lies now.

    Never over another file: a number is put behind the name where there is one already.
    """
    path = path if fits(path) else with_hash(path, hashlib.sha256(path.encode()).hexdigest())
    target = settings.failed / path
    for number in range(1, 10_000):
        if not os.path.lexists(target) and not os.path.lexists(f"{target}{ERROR_SUFFIX}"):
            break
        target = settings.failed / f"{path}.{number}"
    else:
        raise StorageError(f"There are too many files of this name in {settings.failed}.", path)
    make_folder(target.parent)
    write_atomically(target.with_name(target.name + ERROR_SUFFIX), _json(error.problem()))
    with contextlib.suppress(FileNotFoundError):
        source.rename(target)
    sync_folder(target.parent)
    return target


def _json(content: dict[str, Any]) -> bytes:
    """Compact, as all our JSON."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
