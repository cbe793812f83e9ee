"""Whose fault it was: a document is not blamed for a full disk, nor for bytes that are not its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from worker.blobs import DamagedBlobError, FullError, find_hash
from worker.settings import MEGABYTE

# with less than this, whatever is written may fail
LEAST_BYTES: Final = 16 * MEGABYTE
BLOCK: Final = 512


def check_disk(folder: Path) -> None:
    """Refuse to blame a conversion that has failed on a disk that would be full without what it has written.

    Where intake has stopped for want of room there is still room to convert in: who crashes there crashes by itself.

    Args:
        folder: where it has written.

    Raises:
        FullError: it would.
    """
    own = sum(path.lstat().st_blocks * BLOCK for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if free + own < LEAST_BYTES:
        raise FullError(f"The disk is full: {free // MEGABYTE:,} MB are free.")


def check_bytes(source: Path, sha256: str) -> None:
    """Refuse to blame a document whose bytes in the store are not those that were brought.

    Raises:
        DamagedBlobError: they are others.
    """
    if find_hash(source) != sha256:
        raise DamagedBlobError(sha256)
