"""Results on disk: each file appears whole or not at all, under its final name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Protocol

from schemas.errors import StorageError, UsageError
from worker.confinement.outcomes import RESULT_BYTES
from worker.confinement.remains import open_left, read_left
from worker.naming import ERROR_SUFFIX, INDEX_NAME, RESULT_SUFFIX


class Sink(Protocol):
    """Where what came of the documents goes."""

    def put(self, name: Path, result: Path) -> str:
        """Keep a result; what it is called from now on."""

    def put_error(self, name: Path, problem: dict[str, Any]) -> None:
        """Keep the error of a document that was not converted."""

    def put_index(self, name: Path, index: dict[str, Any]) -> None:
        """Keep the list of the parts of a container."""


class Folder:
    """Files below an output folder.

    Raises:
        UsageError: the name is taken by something that is no folder. StorageError: it cannot be made or written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if root.exists() and not root.is_dir():
            raise UsageError(f"{root} is not a folder; -o names the folder for the results.")
        _make(root)

    def put(self, name: Path, result: Path) -> str:
        """Move a result to its place."""
        target = self.root / f"{name}{RESULT_SUFFIX}"
        _write(target, result)
        with contextlib.suppress(FileNotFoundError):  # an error of an earlier run is no longer true
            (self.root / f"{name}{ERROR_SUFFIX}").unlink()
        return target.name

    def put_error(self, name: Path, problem: dict[str, Any]) -> None:
        """Write the problem details beside where the result would be; an earlier run's result goes."""
        _write(self.root / f"{name}{ERROR_SUFFIX}", _json(problem))
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            (self.root / f"{name}{RESULT_SUFFIX}").unlink()

    def put_index(self, name: Path, index: dict[str, Any]) -> None:
        """Write ``index.json`` into the folder of a container."""
        _write(self.root / name / INDEX_NAME, _json(index))


class Memory:
    """Results kept in memory: for standard output, and for witnesses."""

    def __init__(self) -> None:
        self.results: list[bytes] = []

    def put(self, name: Path, result: Path) -> str:
        """Keep the bytes."""
        self.results.append(read_left(result.parent, result.name, RESULT_BYTES))
        return str(name)

    def put_error(self, name: Path, problem: dict[str, Any]) -> None:
        """The message on stderr is all there is."""

    def put_index(self, name: Path, index: dict[str, Any]) -> None:
        """Nothing to keep."""


def print_result(result: bytes) -> None:
    """The bytes of a result on standard output."""
    sys.stdout.buffer.write(result)
    sys.stdout.buffer.flush()


def _json(content: dict[str, Any]) -> bytes:
    """Compact JSON as results are; a file name that is no UTF-8 is written with escapes."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be made: {error.strerror or error}.") from None


def _write(target: Path, content: Path | bytes) -> None:
    """Write beside the target, to disk, then rename: a reader sees the old file or the new one."""
    _make(target.parent)
    try:
        descriptor, name = tempfile.mkstemp(prefix=".crossfoot-", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if isinstance(content, Path):
                    with open_left(content.parent, content.name) as source:
                        shutil.copyfileobj(source, file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror or error}.") from None


def _umask() -> int:
    """The mask for new files; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
