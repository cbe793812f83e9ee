"""The store as the API uses it: put in what was uploaded, hand out what was asked for in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from worker.blobs import DamagedBlobError, MissingBlobError, Store, Stored, open_blobs, storing
from worker.settings import Settings

PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that lie in the store."""

    store: Store
    sha256: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces; the last one only if all are those of the hash, so that others never seem whole.

        Raises:
            DamagedBlobError: they are others.
        """
        digest, held = hashlib.sha256(), b""
        with self.store.open(self.sha256) as stream:
            while piece := bytes(stream.read(PIECE)):
                digest.update(piece)
                if held:
                    yield held
                held = piece
        if digest.hexdigest() != self.sha256:
            raise DamagedBlobError(self.sha256)
        yield held


def put_stream(settings: Settings, stream: BinaryIO) -> Stored:
    """Store what a stream gives, durably.

    Raises:
        LimitError: larger than is taken.
        StorageError: the store does not take it.
    """
    return open_blobs(settings).put(stream, settings.max_bytes)


def make_sure(settings: Settings, sha256: str, stream: BinaryIO) -> None:
    """Have what was stored lie in the store still, now that its row is written."""

    def again() -> None:
        stream.seek(0)
        put_stream(settings, stream)

    open_blobs(settings).make_sure(sha256, again)


def copy_out(settings: Settings, sha256: str, target: BinaryIO) -> bool:
    """Copy what the store holds into a file; False where it holds nothing of that hash."""
    try:
        with open_blobs(settings).open(sha256) as stream, storing():
            while piece := stream.read(PIECE):
                target.write(piece)
    except MissingBlobError:
        return False
    return True


def open_blob(settings: Settings, sha256: str) -> Blob | None:
    """The bytes of a hash, None where the store has none."""
    store = open_blobs(settings)
    kept = store.find(sha256)
    return None if kept is None else Blob(store, sha256, kept.size)
