"""From the words of the command line to documents; bytes are read so that no file can hang or surprise us."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import EmptyError, LimitError, UnsafeError
from worker.naming import why_no_document
from worker.routing import SUFFIXES

STDIN = "-"
STDIN_NAME = "stdin"
BLOCK = 1024 * 1024
READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH  # the superuser could read it without any of them


@dataclass(frozen=True, slots=True)
class Input:
    """A document to convert.

    Attributes:
        path: where it lies; for standard input the file it was written to.
        label: what messages call it.
        name: path of its result below the output folder, without ``.json``.
        walked: found in a folder, not named: what is no document is skipped.
        refused: a sentence why it is not even opened, or "".
    """

    path: Path
    label: str
    name: Path
    walked: bool = False
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a folder that is not looked at, and why."""

    label: str
    reason: str


def find_inputs(words: Sequence[str], out: Path | None, stdin: Path) -> tuple[list[Input], list[Skipped]]:
    """The documents that the command line names, folders walked, each document once.

    Args:
        words: paths, or ``-``. out: the output folder, left out of a walk (results are no documents).
        stdin: the file that holds standard input, where ``-`` was named.
    """
    inputs: dict[tuple[Path, Path], Input] = {}
    skipped: list[Skipped] = []
    for word in words:
        path = Path(word)
        if word == STDIN:
            found: Iterator[Input | Skipped] = iter([Input(stdin, "standard input", Path(STDIN_NAME))])
        elif _is_hollow(path):
            found = iter([Input(path, word, Path(path.name), refused="It is an empty folder, whatever it is called.")])
        elif path.is_dir() and not path.is_symlink():
            found = _walk(path, out)
        else:
            reason = why_no_document(path.name)
            refused = f"It is {reason}, to go by its name." if reason else ""
            found = iter([Input(path, word, Path(path.name or STDIN_NAME), refused=refused)])
        for item in found:
            if isinstance(item, Skipped):
                skipped.append(item)
            else:  # a document that is named twice, or named and walked, is one document
                inputs.setdefault((Path(os.path.abspath(item.path)), item.name), item)  # noqa: PTH100 - resolve() follows links
    return list(inputs.values()), skipped


def _is_hollow(path: Path) -> bool:
    """Whether a folder with nothing in it is called as a document is: a mistake that silence would hide."""
    if path.suffix.lower() not in SUFFIXES or path.is_symlink() or not path.is_dir():
        return False
    try:
        return next(path.iterdir(), None) is None
    except OSError:
        return False


def _walk(root: Path, out: Path | None) -> Iterator[Input | Skipped]:
    """Everything below a folder, in the order of the names; hidden things and the output folder are left alone."""
    stays_out = out.resolve() if out is not None else None
    for parent, folders, files in os.walk(root):
        here = Path(parent)
        for folder in sorted(folders):
            path = here / folder
            if folder.startswith("."):
                yield Skipped(str(path), "hidden folder")
            elif path.is_symlink():
                yield Skipped(str(path), "link to a folder")
            elif path.resolve() != stays_out:
                continue
            folders.remove(folder)
        folders.sort()
        for name in sorted(files):
            path = here / name
            reason = why_no_document(name)
            if reason:
                yield Skipped(str(path), reason)
            else:
                yield Input(path, str(path), path.relative_to(root), walked=True)


def open_input(path: Path, *, follow: bool = False) -> int:
    """A file descriptor of a regular file; a pipe or device is refused, and never waited for.

    A link is refused unless ``follow`` says so: what it shows today may be another file tomorrow, and a folder that
    is filled from outside must not make us read what lies elsewhere.

    Raises:
        UnsafeError: there is no such file, it may not be read, or it is not a regular file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    except OSError as error:
        raise UnsafeError(_why_not(path, error)) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode) or not mode & READABLE:
        os.close(descriptor)
        raise UnsafeError("Nobody may read it." if stat.S_ISREG(mode) else "It is not a regular file.")
    return descriptor


def _why_not(path: Path, error: OSError) -> str:
    """One sentence for a file that cannot be opened."""
    if path.is_symlink() and not isinstance(error, PermissionError):
        return "It is a link, and links are not followed; name the file itself."
    if isinstance(error, FileNotFoundError):
        return "There is no such file."
    return f"It cannot be opened: {error.strerror or error}."


def read_input(path: Path, max_bytes: int, *, follow: bool = False) -> bytes:
    """The bytes of a document.

    Raises:
        UnsafeError: see ``open_input``. LimitError: more than ``max_bytes``. EmptyError: none.
    """
    with os.fdopen(open_input(path, follow=follow), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(max_bytes + 1) if size <= max_bytes else b""
    if size > max_bytes or len(data) > max_bytes:
        raise LimitError("size", f"The document has {max(size, len(data))} bytes, more than the {max_bytes} allowed.")
    if not data:
        raise EmptyError("The document holds no bytes.")
    return data


def hash_input(path: Path, max_bytes: int) -> str | None:
    """The sha256 of a document, or None for one that cannot be read (which its conversion will say)."""
    digest = hashlib.sha256()
    try:
        with os.fdopen(open_input(path), "rb") as file:
            if os.fstat(file.fileno()).st_size > max_bytes:
                return None
            while block := file.read(BLOCK):
                digest.update(block)
    except (UnsafeError, OSError):
        return None
    return digest.hexdigest()
