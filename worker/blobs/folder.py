"""The store in a folder: ``blobs/ab/cd/<sha256>``, written once, never changed, never half there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from schemas.errors import StorageError
from worker.blobs.files import Stored, find_free, find_hash, make_folder, spooled, sync_file, sync_folder
from worker.blobs.stores import DAMAGED, GRACE_SECONDS, DamagedBlobError, Kept, MissingBlobError, Store, storing

TEMPORARY: Final = "tmp"


class Blobs(Store):
    """The store under one folder, which must exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the bytes of a hash lie, or would lie."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store what a stream gives, hashing on the way."""
        with storing(), spooled(stream, self.root / TEMPORARY, limit) as (temporary, stored):
            self._settle(temporary, stored)
        return stored

    def _settle(self, temporary: Path, stored: Stored) -> None:
        """Give finished bytes their name; the folder is synced even where another was quicker and may not have been.

        The folders above it, where they are new, were made before: what keeps a journal has them when it has this one.
        So the disk is waited for twice.
        """
        target = self.path(stored.sha256)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # what is no longer what its name says gives way to what is
            is_there = target.stat().st_size == stored.size and find_hash(target) == stored.sha256
            if is_there:
                os.utime(target)  # young again: who tidies up leaves it alone while its row is being written
        except FileNotFoundError:
            is_there = False
        if not is_there:
            sync_file(temporary)
            temporary.replace(target)
        sync_folder(target.parent)

    def find(self, sha256: str) -> Kept | None:
        """What is known of the bytes of a hash."""
        try:
            status = self.path(sha256).stat()
        except FileNotFoundError:
            return None
        return Kept(sha256, status.st_size, status.st_mtime)

    @contextlib.contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """The bytes of a hash, to be read as they are wanted."""
        with self._reading(sha256), self.path(sha256).open("rb") as stream:
            yield stream

    def fetch(self, sha256: str, folder: Path) -> Path:
        """A file that holds the bytes of a hash, to be read only: the stored one."""
        del folder
        path = self.path(sha256)
        if not path.is_file():
            raise MissingBlobError(sha256)
        return path

    def place(self, sha256: str, target: Path) -> None:
        """Put the stored file under another name, atomically, in place of what lies there.

        A hard link: the stored file is read-only. Where the file system has none, a copy.
        """
        temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
        with storing():
            make_folder(target.parent)
            try:
                self._copy(sha256, temporary)
                if find_hash(temporary) != sha256:
                    raise DamagedBlobError(sha256)
                temporary.replace(target)
            finally:
                # rename(2) does nothing where both names are the same file already, and says that it has done it
                temporary.unlink(missing_ok=True)
            sync_folder(target.parent)

    def _copy(self, sha256: str, target: Path) -> None:
        source = self.path(sha256)
        with self._reading(sha256):
            try:
                os.link(source, target)
            except FileNotFoundError:
                raise
            except OSError:
                with source.open("rb") as stream, target.open("wb") as out:
                    shutil.copyfileobj(stream, out)
                    os.fsync(out.fileno())

    def remove(self, sha256: str, older_than: float = GRACE_SECONDS) -> bool:
        """Remove the bytes of a hash unless they are younger than that: their row may be about to be written."""
        path = self.path(sha256)
        try:
            if time.time() - path.stat().st_mtime < older_than:
                return False
            path.unlink()
        except FileNotFoundError:
            return True
        except OSError as error:
            raise StorageError(f"What was stored cannot be removed: {error.strerror}.") from error
        return True

    def set_aside(self, sha256: str) -> None:
        """Take bytes that are not those of their hash out of the way: into ``damaged/``."""
        target = self.root / DAMAGED / sha256
        with storing(), contextlib.suppress(FileNotFoundError):
            make_folder(target.parent)
            self.path(sha256).replace(target)
            os.utime(target)

    def list_damaged(self) -> Iterator[Kept]:
        """Everything that was set aside."""
        for path in (self.root / DAMAGED).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield Kept(path.name, status.st_size, status.st_mtime)

    def remove_damaged(self, sha256: str) -> None:
        """Remove what was set aside under a hash."""
        with storing():
            (self.root / DAMAGED / sha256).unlink(missing_ok=True)

    def list(self) -> Iterator[Kept]:
        """Everything that is stored."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield Kept(path.name, status.st_size, status.st_mtime)

    def free_bytes(self) -> int | None:
        """What the disk still takes."""
        return find_free(self.root)

    def remove_stale(self) -> int:
        """Remove what interrupted writers left behind; how many files."""
        removed = 0
        for path in (self.root / TEMPORARY).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > GRACE_SECONDS:
                    path.unlink()
                    removed += 1
        return removed

    @contextlib.contextmanager
    def _reading(self, sha256: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if not self.path(sha256).exists():
                raise MissingBlobError(sha256) from error
            raise
