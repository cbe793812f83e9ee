"""What a child has left in its folder, taken up so that nothing in it can lead astray, hold up or fill whoever looks.

The child may have been anything: a name may be a link to a file of ours, a pipe that never answers, a device without
end, another name of somebody's file, or the first of thousands of folders inside one another.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

OPENING: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
A_FOLDER: Final = OPENING | os.O_DIRECTORY
BLOCK: Final = 512
# a reader leaves a file for each part of a container, at the most 10,000, and nests nothing
MOST_ENTRIES: Final = 20_000
DEEPEST: Final = 16
AT_ONCE: Final = 1000


class UnusableError(OSError):
    """There is no such file, it is none, or it holds more than is taken."""


def part_file(number: int) -> str:
    """What the file of a container's part is called: said here, for the child and for who takes it up."""
    return f"part-{number:d}"


@contextlib.contextmanager
def open_left(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A regular file that the child has made itself, for reading; never waits.

    Args:
        folder: the child's, no link. name: of a file right in it.

    Raises:
        UnusableError: there is no such file.
    """
    try:
        handle = _open(folder, name)
    except OSError as error:
        raise UnusableError(error.errno, f"{name} cannot be used: {os.strerror(error.errno or 0)}") from None
    with os.fdopen(handle, "rb") as stream:
        yield stream


def _open(folder: Path, name: str) -> int:
    within = os.open(folder, A_FOLDER)
    try:
        handle = os.open(name, OPENING, dir_fd=within)
    finally:
        os.close(within)
    status = os.fstat(handle)
    # with a second name it may be anybody's; so it may with another owner
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_uid == os.geteuid():
        return handle
    os.close(handle)
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def is_left(folder: Path, name: str) -> bool:
    """Whether ``open_left`` opens it."""
    try:
        with open_left(folder, name):
            return True
    except UnusableError:
        return False


def read_left(folder: Path, name: str, most: int) -> bytes:
    """All bytes of a file.

    Raises:
        UnusableError: there is no such file, or it holds more than ``most``.
    """
    with open_left(folder, name) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise UnusableError(errno.EFBIG, f"{name} cannot be used: {os.strerror(errno.EFBIG)}")
    return data


def read_end(folder: Path, name: str, most: int) -> str:
    """The last bytes of a file as text, at most so many; nothing where there is no such file."""
    try:
        with open_left(folder, name) as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - most))
            return stream.read(most).decode(errors="replace")
    except UnusableError:
        return ""


def find_size(folder: Path) -> int | None:
    """Bytes that a folder takes on its disk, whoever still writes to it; None where it is too full or deep to say."""
    size, entries = 0, 0
    waiting = [(str(folder), 0)]
    while waiting:
        path, depth = waiting.pop()
        try:
            with os.scandir(path) as found:
                for entry in found:
                    entries += 1
                    if entries > MOST_ENTRIES or depth >= DEEPEST:
                        return None
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
        except FileNotFoundError:
            continue
        except OSError:  # closed to us by its mode, or behind a name that is too long
            return None
    return size


def remove_folder(folder: Path) -> None:
    """Remove a folder and all that is in it, when nobody writes to it any more; or a file, or a link, in its place.

    ``shutil.rmtree`` comes to grief over a few thousand folders inside one another, and over one that is closed to its
    owner. So each folder is moved to the top before it is emptied: no path grows, and one folder is open at a time.

    Raises:
        OSError: it is not there, or something in it cannot be removed; all else is gone then.
    """
    if not stat.S_ISDIR(folder.lstat().st_mode):
        folder.unlink()
        return
    folder.chmod(stat.S_IRWXU)
    top = os.open(folder, A_FOLDER)
    try:
        _empty(top)
    finally:
        os.close(top)
    folder.rmdir()


def discard_folder(folder: Path) -> None:
    """``remove_folder``, by one who can do nothing about what is left: whoever tidies up later says so."""
    with contextlib.suppress(OSError):
        remove_folder(folder)


def _empty(top: int) -> None:
    names = (f".{secrets.token_hex(8)}-{number}" for number in itertools.count())
    waiting = _clear(top, top, names)
    while waiting:
        name = waiting.pop()
        with contextlib.suppress(OSError):
            handle = os.open(name, A_FOLDER, dir_fd=top)
            try:
                waiting += _clear(handle, top, names)
            finally:
                os.close(handle)
            os.rmdir(name, dir_fd=top)


def _clear(handle: int, top: int, names: Iterator[str]) -> list[str]:
    """Remove the files of a folder, and move its folders to the top; under which names."""
    moved: list[str] = []
    taken: set[str] = set()
    while True:
        with os.scandir(handle) as found:
            entries = list(itertools.islice((entry for entry in found if entry.name not in taken), AT_ONCE))
        for entry in entries:
            taken.add(entry.name)  # what cannot be removed is not tried twice
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry.name, stat.S_IRWXU, dir_fd=handle)  # as moving it needs too
                    name = next(names)
                    os.rename(entry.name, name, src_dir_fd=handle, dst_dir_fd=top)
                    taken.add(name)
                    moved.append(name)
                else:
                    os.unlink(entry.name, dir_fd=handle)
        if not entries:
            return moved
