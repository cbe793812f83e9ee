"""Content-addressed files: ``blobs/ab/cd/<sha256>``, written once, never changed, never half there."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.errors import LimitError, StorageError, UnreadableError, UnsafeError
from worker.routing import HEAD_BYTES

CHUNK = 1024 * 1024
STALE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that are safely on the disk: their hash, their number, and the first few."""

    sha256: str
    size: int
    head: bytes


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, durably (nothing is synced where they are there already)."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    sync_folder(folder.parent)


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading: no link is followed, and a pipe or a device cannot hold us up.

    Raises:
        UnsafeError: it is something else than a regular file.
        UnreadableError: it is not there or may not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise UnsafeError("It is a symbolic link, not a file.", path.name) from None
        if is_special(path):
            raise UnsafeError("It is a pipe, a socket or a device, not a file.", path.name) from None
        raise UnreadableError(f"It cannot be opened: {error.strerror}.", path.name) from None
    status = os.fstat(handle)
    if is_regular(status) and not status.st_mode & 0o444:  # the superuser could read it all the same
        os.close(handle)
        raise UnsafeError("Nobody may read it.", path.name)
    if not is_regular(status):
        os.close(handle)
        raise UnsafeError("It is a folder, a pipe, a socket or a device, not a file.", path.name)
    with os.fdopen(handle, "rb") as stream:
        yield stream


def is_regular(status: os.stat_result) -> bool:
    """Whether a status is that of a regular file."""
    return status.st_mode & 0o170000 == 0o100000


def is_special(path: Path) -> bool:
    """Whether something that is neither file nor folder lies there."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return not is_regular(status) and not path.is_dir()


class Blobs:
    """The store under one folder, which must exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the bytes of a hash lie, or would lie."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put_file(self, path: Path, limit: int) -> Stored:
        """Store a file's bytes.

        Raises:
            LimitError: it is larger than ``limit`` bytes.
            UnsafeError, UnreadableError: it is no regular file, or cannot be read.
            StorageError: the disk does not take it.
        """
        with open_regular(path) as stream:
            _check_size(os.fstat(stream.fileno()).st_size, limit)
            return self.put(stream, limit)

    def put_bytes(self, data: bytes) -> Stored:
        """Store bytes that are at hand."""
        return self.put(io.BytesIO(data), len(data))

    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store what a stream gives, hashing on the way; the same errors as ``put_file``."""
        try:
            folder = self.root / "tmp"
            make_folder(folder)
            temporary = folder / secrets.token_hex(16)
            try:
                stored = _copy(stream, temporary, limit)
                self._settle(temporary, stored)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"The document cannot be stored: {error.strerror}.") from error
        return stored

    def _settle(self, temporary: Path, stored: Stored) -> None:
        """Give finished bytes their name; the folder is synced even where another was quicker and may not have been."""
        target = self.path(stored.sha256)
        make_folder(target.parent)
        if not (target.is_file() and target.stat().st_size == stored.size):
            temporary.replace(target)
        sync_folder(target.parent)

    def remove_stale(self) -> int:
        """Remove what interrupted writers left behind; how many files."""
        removed = 0
        for path in (self.root / "tmp").glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()
                    removed += 1
        return removed


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise LimitError("size", f"It is larger than the {limit:,} bytes that are taken.")


def _copy(stream: BinaryIO, target: Path, limit: int) -> Stored:
    """Copy to a new read-only file, durably, counting and hashing."""
    digest, count, head = hashlib.sha256(), 0, b""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with os.fdopen(handle, "wb") as out:
        while chunk := stream.read(CHUNK):
            count += len(chunk)
            _check_size(count, limit)
            head = head or chunk[:HEAD_BYTES]
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(handle)
    return Stored(digest.hexdigest(), count, head)
