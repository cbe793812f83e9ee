"""Who has which name (``base``) under ``results/``, ``done/`` and ``failed/``: one document, for ever.

A name cannot be a file's and a folder's at once: of two documents ``2024`` and ``2024/report.pdf``, the one that comes
second lies elsewhere. A folder is noted as ``2024/``. Functions that write are for use inside a transaction.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from worker import naming
from worker.blobs import find_hash, is_regular
from worker.database import Database
from worker.settings import Settings

FOLDER: Final = "a folder"
STRANGER: Final = "a file that no row knows"


def reserve(db: Database, path: str, holder: str) -> str:
    """The name a document gets: its own, or with its hash where that is another document's, or a folder."""
    return _reserve(db, _settle_folders(db, path), holder)


def reserve_part(db: Database, path: str, holder: str) -> str:
    """The name a part of a container gets, in the folder that is its container's."""
    return _reserve(db, path, holder)


def _reserve(db: Database, path: str, holder: str) -> str:
    choices = naming.candidates(path, holder)
    for base in choices:
        found = _find_holder(db, base)
        if found is None and not _is_folder(db, base):
            _note(db, base, holder)
            found = _find_holder(db, base)  # another may have been quicker
        if found == holder:
            return base
    return choices[-1]


def _find_holder(db: Database, base: str) -> str | None:
    row = db.row("SELECT holder FROM names WHERE base = ?", (naming.key_of(base),))
    return None if row is None else str(row["holder"])


def _note(db: Database, base: str, holder: str) -> None:
    values = (naming.key_of(base), holder)
    db.execute("INSERT INTO names(base, holder) VALUES (?, ?) ON CONFLICT DO NOTHING", values)


def _is_folder(db: Database, base: str) -> bool:
    """Whether the file of a name, its result or its error would lie where a folder is."""
    endings = ("/", f"{naming.RESULT_SUFFIX}/", f"{naming.ERROR_SUFFIX}/")
    keys = tuple(naming.key_of(f"{base}{ending}") for ending in endings)
    return db.row("SELECT 1 FROM names WHERE base IN (?, ?, ?)", keys) is not None


def _settle_folders(db: Database, path: str) -> str:
    """The path with folders that no document has the name of; they are noted as folders."""
    *folders, name = PurePosixPath(path).parts
    whole = ""
    for part in folders:
        folder = f"{whole}{part}"
        if _find_holder(db, f"{folder}/") is None:
            if _is_file(db, folder):
                folder = f"{whole}{naming.with_hash(part, hashlib.sha256(folder.encode(errors='replace')).hexdigest())}"
            _note(db, f"{folder}/", FOLDER)
        whole = f"{folder}/"
    return f"{whole}{name}"


def _is_file(db: Database, folder: str) -> bool:
    """Whether a document's file, result or error lies where a folder should be."""
    names = (folder, folder.removesuffix(naming.RESULT_SUFFIX), folder.removesuffix(naming.ERROR_SUFFIX))
    return db.row("SELECT 1 FROM names WHERE base IN (?, ?, ?)", tuple(map(naming.key_of, names))) is not None


def release(db: Database, base: str, holder: str) -> None:
    """Give a name back that no delivery has any more, as if its document had never come."""
    db.execute(
        "DELETE FROM names WHERE base = ? AND holder = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE base = ?)",
        (naming.key_of(base), holder, base),
    )


def adopt(db: Database, settings: Settings, path: str) -> None:
    """Before a document is named: what lies under its name without a row keeps it.

    The rows may be younger than the folders (a restored home), or somebody has put a file there.
    """
    for folder in (p.as_posix() for p in PurePosixPath(path).parents if p.name):
        _adopt(db, folder, [top / folder for top in (settings.done, settings.failed)])
    _adopt(db, path, [top / path for top in (settings.done, settings.failed, settings.results)])
    result = settings.results / f"{path}{naming.RESULT_SUFFIX}"
    if os.path.lexists(result) and _find_holder(db, path) is None:
        with db.transaction():
            _note(db, path, STRANGER)


def _adopt(db: Database, base: str, places: Iterable[Path]) -> None:
    """Note whose a name is by what lies there."""
    found = [place for place in places if os.path.lexists(place)]
    if not found or _find_holder(db, base) is not None or _find_holder(db, f"{base}/") is not None:
        return
    with db.transaction():
        for place in found:
            if place.is_dir() and not place.is_symlink():
                _note(db, f"{base}/", FOLDER)
            else:
                _note(db, base, find_hash(place) if is_regular(place.lstat()) else STRANGER)
