"""Files as the stores take and make them: regular ones only, copied durably, hashed on the way."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from schemas.errors import LimitError, UnreadableError, UnsafeError
from worker.routing import HEAD_BYTES

CHUNK: Final = 1024 * 1024
# file systems of this machine; on those of others a lease that is refused says nothing
LEASING: Final = frozenset({"ext2", "ext3", "ext4", "xfs", "f2fs", "tmpfs"})
# the ending of a copy that is not whole yet
PARTIAL: Final = ".partial"


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


def sync_file(path: Path) -> None:
    """Make the bytes of a file survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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


def find_free(folder: Path) -> int:
    """Bytes that the disk of a folder still takes, be the folder made already or not."""
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free


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


@contextlib.contextmanager
def spooled(stream: BinaryIO, folder: Path, limit: int) -> Iterator[tuple[Path, Stored]]:
    """What a stream gives, in a file of its own that is gone afterwards unless it was moved.

    Raises:
        LimitError: it gives more than ``limit`` bytes.
    """
    make_folder(folder)
    temporary = folder / secrets.token_hex(16)
    try:
        yield temporary, _copy(stream, temporary, limit)
    finally:
        temporary.unlink(missing_ok=True)


def find_hash(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_written(path: Path) -> bool:
    """Whether a program on this machine has a file open for writing; False where that cannot be told.

    A read lease is given only where nobody has. Whoever opens the file at that moment would have us sent a signal:
    one that is ignored. Network file systems refuse leases for reasons of their own, so there nothing can be told.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not _gives_leases(os.fstat(handle).st_dev):
            return False
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


@lru_cache(maxsize=64)
def _gives_leases(device: int) -> bool:
    """Whether a device holds a file system whose leases say who writes."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = [line.partition(" - ")[2].split(" ")[0] for line in mounts if line.split(" ")[2] == wanted]
    return bool(kinds) and set(kinds) <= LEASING


def move_file(source: Path, target: Path) -> None:
    """Rename a file; to another file system, copy it, make sure of the copy, and only then remove it.

    Whatever has its last name is whole: the copy is made as ``.….partial``.

    Raises:
        FileNotFoundError: it is not there, or changes while it is copied; it stays.
        OSError: it cannot be moved.
    """
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target)


def _copy_over(source: Path, target: Path) -> None:
    """Copy a file to another file system and remove it."""
    temporary = target.with_name(f".{secrets.token_hex(8)}{PARTIAL}")
    before = source.lstat()
    try:
        shutil.copy2(source, temporary, follow_symlinks=False)
        if is_regular(before):
            sync_file(temporary)
            after = source.lstat()
            is_still = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
            if not is_still or find_hash(source) != find_hash(temporary):
                raise FileNotFoundError(errno.ENOENT, "It changed while it was copied.", str(source))
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    source.unlink()


def check_size(size: int, limit: int) -> None:
    """Refuse what is too large.

    Raises:
        LimitError: it is.
    """
    if size > limit:
        raise LimitError("size", f"It is larger than the {limit:,} bytes that are taken.")


def _read(stream: BinaryIO) -> bytes:
    """The next bytes; what cannot be read is no fault of the store it should go to."""
    try:
        return stream.read(CHUNK)
    except OSError as error:
        raise UnreadableError(f"It cannot be read to its end: {error.strerror or error}.") from error


def _copy(stream: BinaryIO, target: Path, limit: int) -> Stored:
    """Copy to a new read-only file, counting and hashing; that it is on the disk is for the caller to see to."""
    digest, count, head = hashlib.sha256(), 0, b""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with os.fdopen(handle, "wb") as out:
        while chunk := _read(stream):
            count += len(chunk)
            check_size(count, limit)
            head = head or chunk[:HEAD_BYTES]
            digest.update(chunk)
            out.write(chunk)
    return Stored(digest.hexdigest(), count, head)
