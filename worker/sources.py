"""Where the documents of a back-fill are: a folder, a manifest, a prefix of an object store; found one by one.

A document is a URI until a worker reads it: ``file:///…``, or ``s3://bucket/key`` with the key as it is. Nothing here
holds more than one name, or one folder's descriptor, at a time, however many documents there are.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from schemas.errors import StorageError, UnreadableError, UsageError
from worker.blobs import open_regular
from worker.manifests import S3, Line, find_location, read_manifest
from worker.naming import SCHEME, clean, path_of_uri, uri_of_path
from worker.routing import kind_of_name

if TYPE_CHECKING:
    from obstore.store import S3Store

    from worker.sidecars import Options

BUFFER: Final = 1 << 20


class MissingSourceError(StorageError):
    """The document is not there any more: trying again does not help."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document: the name it gets under ``results/``, where it is, and the kind of queue its name speaks for.

    Attributes:
        name: what its source calls it, whatever machine looks: its path below the folder, or as a manifest writes it.
        wish: what a manifest wishes of it.
    """

    path: str
    uri: str
    kind: str
    name: str = ""
    wish: Options | None = None


def name_of(source: str) -> str:
    """The one name of a folder, manifest or prefix, however it was written: its URI."""
    source = find_location(source, "Back-fill")
    return source if source.startswith(S3) else uri_of_path(_local(source))


def find(source: str) -> Iterator[Found]:
    """Every document of a folder (walked), a manifest (lines, JSON lines or CSV), or a prefix (``s3://bucket/…``).

    What is none by its name in an inbox is none here: hidden, unfinished, a system's own, or beside a document.

    Raises:
        UsageError: there is no such folder or manifest, or a line of the manifest names no document.
        StorageError: a folder or the object store cannot be read.
    """
    source = find_location(source, "Back-fill")
    if source.startswith(S3):
        return _find_objects(source)
    path = _local(source)
    if path.is_dir():
        below = (found.relative_to(path).as_posix() for found in _walk(path))
        return (_found(name, uri_of_path(path / name), name) for name in below)
    if path.is_file():
        return (_named(line, str(path.parent)) for line in read_manifest(path))
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


def read_wish(uri: str) -> Options | None:
    """What is wished of a document by the files beside it, as in an inbox; None where it is no file.

    Raises:
        OptionsError: its options are no YAML, or say what is not known.
    """
    if uri.startswith(S3):
        return None
    from worker.sidecars import read_options

    return read_options(path_of_uri(uri))


def size_of(stream: BinaryIO) -> int:
    """How many bytes a document has that ``open_uri`` has opened."""
    raw = getattr(stream, "raw", None)
    return raw.size if isinstance(raw, _Object) else os.fstat(stream.fileno()).st_size


def _local(source: str) -> Path:
    return path_of_uri(source) if source.startswith(SCHEME) else _absolute(source)


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links and change the names


def _found(path: str, uri: str, name: str, wish: Options | None = None) -> Found:
    return Found(clean(path), uri, kind_of_name(path), name, wish)


def _walk(folder: Path) -> Iterator[Path]:
    """Everything in a folder that is no folder and may be a document by its name; links are not followed."""
    from worker.inbox import is_ignored

    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_ignored(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
                else:
                    yield Path(entry.path)
    except OSError as error:
        raise StorageError(f"The folder cannot be read: {error.strerror}.", str(folder)) from error


def _named(line: Line, folder: str) -> Found:
    """What a manifest names: its results go below the name of its place, seen from the manifest where it lies below.

    With paths as text: a back-fill has a million of them.
    """
    named = line.named
    if named.startswith(S3):
        return _found(named.removeprefix(S3), named, named, line.wish)
    path = os.path.abspath(os.path.join(folder, path_of_uri(named) if named.startswith(SCHEME) else named))  # noqa: PTH100, PTH118
    below = f"{folder.rstrip('/')}/"
    place = path.removeprefix(below) if path.startswith(below) else path.lstrip("/")
    return _found("." if path == folder else place, uri_of_path(path), named, line.wish)


def _find_objects(prefix: str) -> Iterator[Found]:
    """Every object below a prefix that may be a document by its name, but for those that stand for folders."""
    import obstore
    from obstore.exceptions import BaseError, InvalidPathError

    from worker.inbox import is_ignored

    bucket, _, below = prefix.removeprefix(S3).partition("/")
    below = below.rstrip("/")
    try:
        for page in obstore.list(_bucket(bucket), below or None):
            for item in page:
                path = PurePosixPath(item["path"])
                relative = (path.relative_to(below) if below else path).as_posix()
                if not is_ignored(relative):
                    yield _found(relative, f"{S3}{bucket}/{path}", relative)
    except (InvalidPathError, ValueError) as error:
        raise UsageError(
            f"{_reason(error).removesuffix('.')}: what lies there cannot be listed; a prefix without that key, or a"
            " manifest of the keys, can be read.",
            prefix,
        ) from error
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
        if key != key.strip("/") or not key:  # it would be asked for without them: another object, or the bucket's list
            raise UnreadableError("The key begins or ends with a slash, or is none: no object can be asked for.", uri)
        try:
            found = obstore.get(_bucket(bucket), key)
            self.size = int(found.meta["size"])
            self._chunks = iter(found.stream(BUFFER))
        except FileNotFoundError as error:
            raise MissingSourceError("The object is not there any more.", clean(uri)) from error
        except PermissionError as error:
            raise UnreadableError("The object store does not let it be read.", clean(uri)) from error
        except ValueError as error:
            reason = (
                'The key has an empty part, "." or "..", or a sign that no key has: the object cannot be asked for.'
            )
            raise UnreadableError(reason, clean(uri)) from error
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
