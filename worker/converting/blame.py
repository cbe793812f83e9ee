"""Whose fault it was: a document is not blamed for a full disk, nor for bytes that are not its own."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final

from worker.blobs import DamagedBlobError, FullError, find_hash
from worker.confinement.remains import find_size
from worker.settings import MEGABYTE

# with less than this, whatever is written may fail
LEAST_BYTES: Final = 16 * MEGABYTE
# as Python prints a traceback
PLACE: Final = re.compile(r'^ +File "(/[\w./+-]{1,300})", line (\d{1,6})', re.MULTILINE)
KIND: Final = re.compile(
    r"^(?:\w{1,40}\.){0,4}([A-Z]\w{0,40}(?:Error|Exception|Warning|Interrupt))(?=:|$)", re.MULTILINE
)
PLACES: Final = 12


def find_fault(noise: str) -> str:
    """The kind of the exception that a child printed last, and its places; never its words, which may be a document's.

    What a child prints is the document's to choose, if it took the child over: so places are those of files that are
    there, and everything else is left out.
    """
    kinds = KIND.findall(noise)
    found = [(Path(file), line) for file, line in PLACE.findall(noise)]
    known = [f"{'/'.join(file.parts[-3:])}:{line}" for file, line in found[-PLACES:] if _is_program(file)]
    return " at ".join(filter(None, (kinds[-1] if kinds else "", ", ".join(known))))


def _is_program(file: Path) -> bool:
    """Whether a file is one that this program is made of."""
    homes = (sys.prefix, sys.base_prefix, Path(__file__).parents[2])
    return ".." not in file.parts and any(file.is_relative_to(home) for home in homes) and file.is_file()


def check_disk(folder: Path) -> None:
    """Refuse to blame a conversion that has failed on a disk that would be full without what it has written.

    Where intake has stopped for want of room there is still room to convert in: who crashes there crashes by itself.

    Args:
        folder: where it has written.

    Raises:
        FullError: it would.
    """
    own = find_size(folder)
    free = shutil.disk_usage(folder).free
    if own is not None and free + own < LEAST_BYTES:
        raise FullError(f"The disk is full: {free // MEGABYTE:,} MB are free.")


def check_bytes(source: Path, sha256: str) -> None:
    """Refuse to blame a document whose bytes in the store are not those that were brought.

    Raises:
        DamagedBlobError: they are others.
    """
    if find_hash(source) != sha256:
        raise DamagedBlobError(sha256)
