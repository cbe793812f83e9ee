"""The store as the API uses it: put in what was uploaded, hand out what was asked for in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from worker.blobs import MissingBlobError, Store, Stored, open_blobs
from worker.settings import Settings

PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that lie in the store."""

    store: Store
    sha256: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces."""
        with self.store.open(self.sha256) as stream:
            while piece := stream.read(PIECE):
                yield piece


def put_stream(settings: Settings, stream: BinaryIO) -> Stored:
    """Store what a stream gives, durably.

    Raises:
        LimitError: larger than is taken.
        StorageError: the store does not take it.
    """
    return open_blobs(settings).put(stream, settings.max_bytes)


def put_again(settings: Settings, sha256: str) -> Stored | None:
    """Store once more what is there, so that nobody tidies it up before its new row is written; None if it is gone."""
    store = open_blobs(settings)
    try:
        with store.open(sha256) as stream:
            return store.put(stream, settings.max_bytes)
    except MissingBlobError:
        return None


def open_blob(settings: Settings, sha256: str) -> Blob | None:
    """The bytes of a hash, None where the store has none."""
    store = open_blobs(settings)
    kept = store.find(sha256)
    return None if kept is None else Blob(store, sha256, kept.size)
