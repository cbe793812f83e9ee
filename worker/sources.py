"""Where the documents of a back-fill are: a folder, a manifest, a prefix of an object store; found one by one.

A document is a URI until a worker reads it: ``file:///…``, or ``s3://bucket/key`` with the key as it is. Nothing here
holds more than one name, or one folder's descriptor, at a time, however many documents there are.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from schemas.errors import StorageError, UnreadableError, UsageError
from worker.blobs import open_regular
from worker.naming import SCHEME, clean, path_of_uri, uri_of_path
from worker.routing import kind_of_name

if TYPE_CHECKING:
    from obstore.store import S3Store

S3: Final = "s3://"
# what a manifest may call the column, or the field, that names the document
COLUMNS: Final = ("uri", "path", "url")
BUFFER: Final = 1 << 20


class MissingSourceError(StorageError):
    """The document is not there any more: trying again does not help."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document: the name it gets under ``results/``, where it is, and the kind of queue its name speaks for."""

    path: str
    uri: str
    kind: str


def name_of(source: str) -> str:
    """The one name of a folder, manifest or prefix, however it was written: its URI."""
    return source if source.startswith(S3) else uri_of_path(_local(source))


def find(source: str) -> Iterator[Found]:
    """Every document of a folder (walked), a manifest (lines, JSON lines or CSV), or a prefix (``s3://bucket/…``).

    Raises:
        UsageError: there is no such folder or manifest, or a line of the manifest names no document.
        StorageError: a folder or the object store cannot be read.
    """
    if source.startswith(S3):
        return _find_objects(source)
    path = _local(source)
    if path.is_dir():
        return (_found(found.relative_to(path).as_posix(), uri_of_path(found)) for found in _walk(path))
    if path.is_file():
        return (_named(named, str(path.parent)) for named in _read_manifest(path))
    raise UsageError(f"{source} is neither a folder nor a manifest.", source)


@contextlib.contextmanager
def open_uri(uri: str) -> Iterator[BinaryIO]:
    """The bytes of a document.

    Raises:
        MissingSourceError: it is not there. UnreadableError, UnsafeError: it cannot be read, and never will.
        StorageError: the object store does not answer.
    """
    if uri.startswith(S3):
        with io.BufferedReader(_Object(uri), BUFFER) as stream:
            yield stream
        return
    path = path_of_uri(uri)
    if not path.is_symlink() and not path.exists():
        raise MissingSourceError("The file is not there any more.", clean(str(path)))
    with open_regular(path) as stream:
        yield stream


def size_of(stream: BinaryIO) -> int:
    """How many bytes a document has that ``open_uri`` has opened."""
    raw = getattr(stream, "raw", None)
    return raw.size if isinstance(raw, _Object) else os.fstat(stream.fileno()).st_size


def _local(source: str) -> Path:
    return path_of_uri(source) if source.startswith(SCHEME) else _absolute(source)


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links and change the names


def _found(path: str, uri: str) -> Found:
    return Found(clean(path), uri, kind_of_name(path))


def _walk(folder: Path) -> Iterator[Path]:
    """Everything in a folder that is no folder; hidden names are passed over, links not followed."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
                else:
                    yield Path(entry.path)
    except OSError as error:
        raise StorageError(f"The folder cannot be read: {error.strerror}.", str(folder)) from error


def _named(named: str, folder: str) -> Found:
    """What a manifest names: its results go below the name of its place, seen from the manifest where it lies below.

    With paths as text: a back-fill has a million of them.
    """
    if named.startswith(S3):
        return _found(named.removeprefix(S3), named)
    path = os.path.abspath(os.path.join(folder, path_of_uri(named) if named.startswith(SCHEME) else named))  # noqa: PTH100, PTH118
    below = f"{folder.rstrip('/')}/"
    place = path.removeprefix(below) if path.startswith(below) else path.lstrip("/")
    return _found("." if path == folder else place, uri_of_path(path))


def _read_manifest(manifest: Path) -> Iterator[str]:
    """The documents that the lines of a manifest name."""
    with manifest.open("rb") as stream:
        lines = (os.fsdecode(line) for line in stream)
        if manifest.suffix.lower() == ".csv":
            yield from _read_csv(lines, manifest.name)
            return
        for number, line in enumerate(lines, start=1):
            if text := line.strip().removeprefix("\ufeff"):
                yield _read_line(text, f"{manifest.name}, line {number}")


def _read_line(text: str, place: str) -> str:
    """The document in a line of a manifest."""
    if not text.startswith("{"):
        return _checked(text, place)
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return _checked(_choose(value) if isinstance(value, dict) else None, place)


def _read_csv(lines: Iterable[str], name: str) -> Iterator[str]:
    """The documents in the rows of a table with a head."""
    rows = csv.DictReader(line.removeprefix("\ufeff") for line in lines)
    try:
        for row in rows:
            yield _checked(
                _choose({(k or "").strip().lower(): v for k, v in row.items()}), f"{name}, row {rows.line_num}"
            )
    except csv.Error as error:
        raise UsageError(f"{name}, row {rows.line_num}: {error}.", name) from error


def _choose(values: dict[str, Any]) -> object:
    return next((values[column] for column in COLUMNS if values.get(column)), None)


def _checked(named: object, place: str) -> str:
    if isinstance(named, str) and named and "\0" not in named:
        return named
    raise UsageError(f'{place}: it names no document; {{"path": "…"}} or {{"uri": "s3://…"}} is expected.', place)


def _find_objects(prefix: str) -> Iterator[Found]:
    """Every object below a prefix, but for hidden ones and those that stand for folders."""
    import obstore
    from obstore.exceptions import BaseError

    bucket, _, below = prefix.removeprefix(S3).partition("/")
    below = below.rstrip("/")
    try:
        for page in obstore.list(_bucket(bucket), below or None):
            for item in page:
                path = PurePosixPath(item["path"])
                relative = path.relative_to(below) if below else path
                if not any(part.startswith(".") for part in relative.parts):
                    yield _found(relative.as_posix(), f"{S3}{bucket}/{path}")
    except (BaseError, OSError) as error:
        raise StorageError(f"The object store does not answer: {_reason(error)}", prefix) from error


@functools.lru_cache(maxsize=8)
def _bucket(name: str) -> S3Store:
    """The client for a bucket; ``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID`` and the like say where and who."""
    from worker.blobs.objects import connect

    return connect(f"{S3}{name}")


class _Object(io.RawIOBase):
    """The bytes of an object as they come in; a store that falls silent is no fault of the document."""

    def __init__(self, uri: str) -> None:
        import obstore
        from obstore.exceptions import BaseError

        self._failures = (BaseError, OSError)
        bucket, _, key = uri.removeprefix(S3).partition("/")
        self._rest = b""
        try:
            found = obstore.get(_bucket(bucket), key)
            self.size = int(found.meta["size"])
            self._chunks = iter(found.stream(BUFFER))
        except FileNotFoundError as error:
            raise MissingSourceError("The object is not there any more.", clean(uri)) from error
        except PermissionError as error:
            raise UnreadableError("The object store does not let it be read.", clean(uri)) from error
        except self._failures as error:
            raise StorageError(f"The object store does not answer: {_reason(error)}", clean(uri)) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes; 0 at the end."""
        if not self._rest:
            try:
                self._rest = bytes(next(self._chunks, b""))
            except self._failures as error:
                raise StorageError(f"The object store does not answer: {_reason(error)}") from error
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _reason(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:300]
