"""The store as the API uses it: put in what was uploaded, hand out what was asked for in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from worker.blobs import Blobs, Stored
from worker.routing import HEAD_BYTES
from worker.settings import Settings

PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that lie in the store."""

    path: Path
    size: int

    def head(self) -> bytes:
        """The first bytes, by which it is told what it is."""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces."""
        with self.path.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece


def put_stream(settings: Settings, stream: BinaryIO) -> Stored:
    """Store what a stream gives, durably.

    Raises:
        LimitError: larger than is taken.
        StorageError: the store does not take it.
    """
    return Blobs(settings.blobs).put(stream, settings.max_bytes)


def open_blob(settings: Settings, sha256: str) -> Blob | None:
    """The bytes of a hash, None where the store has none."""
    path = Blobs(settings.blobs).path(sha256)
    try:
        return Blob(path, path.stat().st_size)
    except FileNotFoundError:
        return None
