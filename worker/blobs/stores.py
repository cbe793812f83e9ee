"""What a store of bytes must do, wherever it keeps them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from schemas.errors import StorageError
from worker.blobs.files import Stored, check_size, open_regular

# between storing bytes and writing down the row that names them lie moments; nobody tidies up what is so young
GRACE_SECONDS: Final = 3600.0
# what a disk says that is full, or that a user has filled his part of
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
# where bytes are put that are not those of their hash
DAMAGED: Final = "damaged"


class MissingBlobError(StorageError):
    """The store does not hold what a row says it does: trying again does not help."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"The store does not hold {sha256[:16]}… any more.")
        self.sha256 = sha256


class DamagedBlobError(StorageError):
    """The store holds other bytes than its name says."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"What the store holds as {sha256[:16]}… are other bytes.")
        self.sha256 = sha256


class FullError(StorageError):
    """There is no room; later there may be. No document is to blame."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes in a store: their hash, their number, and when (wall clock) they were last put there."""

    sha256: str
    size: int
    stored_at: float


class Store(ABC):
    """Content-addressed bytes: put as a whole or not at all, never changed, found under their sha256."""

    @abstractmethod
    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store what a stream gives, hashing on the way; bytes that are there already are young again.

        Raises:
            LimitError: it gives more than ``limit`` bytes.
            StorageError: the store does not take it.
        """

    def put_file(self, path: Path, limit: int) -> Stored:
        """Store a file's bytes; the errors of ``put``.

        Raises:
            UnsafeError, UnreadableError: it is no regular file, or cannot be read.
        """
        with open_regular(path) as stream:
            check_size(os.fstat(stream.fileno()).st_size, limit)
            return self.put(stream, limit)

    def put_bytes(self, data: bytes) -> Stored:
        """Store bytes that are at hand."""
        return self.put(io.BytesIO(data), len(data))

    def make_sure(self, sha256: str, again: Callable[[], object]) -> None:
        """Have bytes stored again that were tidied up after they were stored and before their row was written.

        To be called when the row is there: then nobody removes them any more.
        """
        if self.find(sha256) is None:
            again()

    @abstractmethod
    def find(self, sha256: str) -> Kept | None:
        """What is known of the bytes of a hash; None where there are none."""

    @abstractmethod
    def open(self, sha256: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of a hash, to be read as they are wanted.

        Raises:
            MissingBlobError: they are not there. StorageError: the store does not answer.
        """

    def read(self, sha256: str) -> bytes:
        """All bytes of a hash; the errors of ``open``.

        Raises:
            DamagedBlobError: they are others.
        """
        with self.open(sha256) as stream:
            data = bytes(stream.read())
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedBlobError(sha256)
        return data

    @abstractmethod
    def fetch(self, sha256: str, folder: Path) -> Path:
        """A file that holds the bytes of a hash, to be read only; ``folder`` is where a copy may be made."""

    @abstractmethod
    def place(self, sha256: str, target: Path) -> None:
        """Put the bytes of a hash into a file, atomically, in place of what lies there.

        Raises:
            DamagedBlobError: they are others. MissingBlobError: they are not there.
        """

    @abstractmethod
    def remove(self, sha256: str, older_than: float = GRACE_SECONDS) -> bool:
        """Remove the bytes of a hash unless they are younger than that; whether they are gone."""

    @abstractmethod
    def set_aside(self, sha256: str) -> None:
        """Take bytes that are not those of their hash out of the way, so that the right ones can be put; kept."""

    @abstractmethod
    def list_damaged(self) -> Iterator[Kept]:
        """Everything that was set aside, and when it last was."""

    @abstractmethod
    def remove_damaged(self, sha256: str) -> None:
        """Remove what was set aside under a hash."""

    @abstractmethod
    def list(self) -> Iterator[Kept]:
        """Everything that is stored."""

    def reach(self) -> None:
        """Ask whether it answers at all, within seconds; a folder does as long as there is a disk.

        Raises:
            StorageError: it does not.
        """
        with storing():
            self.free_bytes()

    def free_bytes(self) -> int | None:
        """What the store still takes; None where nobody knows."""
        return None

    @abstractmethod
    def remove_stale(self) -> int:
        """Remove what interrupted writers left behind; how many files."""


@contextlib.contextmanager
def storing() -> Iterator[None]:
    """Name what the disk says as the program's own error."""
    try:
        yield
    except OSError as error:
        kind = FullError if error.errno in FULL else StorageError
        raise kind(f"The document cannot be stored: {error.strerror or error}.") from error
