"""The store in a bucket: ``s3://bucket/prefix/ab/cd/<sha256>``, of S3 or whatever speaks as it does.

An upload is there as a whole or not at all; its name is its hash, so that two who store the same bytes do no harm.
Where and who: ``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, … as every S3 program reads them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from schemas.errors import StorageError
from worker.blobs.files import CHUNK, Stored, make_folder, spooled, sync_folder
from worker.blobs.stores import DAMAGED, GRACE_SECONDS, DamagedBlobError, Kept, MissingBlobError, Store, storing

# a store that is away for longer is a reason to try the document later, not to wait in it
RETRY_SECONDS: Final = 20
TIMEOUT: Final = "60s"
CONNECT_TIMEOUT: Final = "5s"
# of who only wants to know whether it is there
SHORT_TIMEOUT: Final = "3s"


def connect(url: str, *, patient: bool = True) -> S3Store:
    """A client for ``s3://bucket/prefix``; one that is not patient says within seconds that nobody answers."""
    allow_http = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http:")
    total, first = (TIMEOUT, CONNECT_TIMEOUT) if patient else (SHORT_TIMEOUT, SHORT_TIMEOUT)
    return S3Store.from_url(
        url,
        client_options={"timeout": total, "connect_timeout": first, "allow_http": allow_http},
        retry_config={"max_retries": 5 if patient else 0, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
    )


class ObjectBlobs(Store):
    """The store under one prefix of one bucket, which must exist; ``cache`` is a folder for what is on its way."""

    def __init__(self, url: str, cache: Path) -> None:
        self.url = url
        self._cache = cache
        self._store = connect(url)

    def key(self, sha256: str) -> str:
        """Where the bytes of a hash lie, below the prefix."""
        return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def put(self, stream: BinaryIO, limit: int) -> Stored:
        """Store what a stream gives; what is there already, and young, is not sent again."""
        with storing(), spooled(stream, self._cache, limit) as (temporary, stored):
            kept = self.find(stored.sha256)
            if kept is None or kept.size != stored.size or time.time() - kept.stored_at > GRACE_SECONDS / 2:
                with _answering():
                    obstore.put(self._store, self.key(stored.sha256), temporary)
        return stored

    def find(self, sha256: str) -> Kept | None:
        """What is known of the bytes of a hash."""
        try:
            with _answering(sha256):
                found = obstore.head(self._store, self.key(sha256))
        except MissingBlobError:
            return None
        return Kept(sha256, found["size"], found["last_modified"].timestamp())

    @contextlib.contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """The bytes of a hash, to be read as they are wanted."""
        with _answering(sha256):
            reader = obstore.open_reader(self._store, self.key(sha256))
        try:
            yield cast("BinaryIO", reader)
        finally:
            reader.close()

    def fetch(self, sha256: str, folder: Path) -> Path:
        """A copy in a folder; that the bytes are those of the hash is made sure."""
        target = folder / sha256
        self.place(sha256, target)
        return target

    def place(self, sha256: str, target: Path) -> None:
        """Put the bytes of a hash into a file, atomically, in place of what lies there."""
        temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
        with storing():
            make_folder(target.parent)
            try:
                self._download(sha256, temporary)
                temporary.chmod(0o444)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(target.parent)

    def _download(self, sha256: str, target: Path) -> None:
        digest = hashlib.sha256()
        with target.open("wb") as out, _answering(sha256):
            for chunk in obstore.get(self._store, self.key(sha256)).stream(CHUNK):
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != sha256:
            raise DamagedBlobError(sha256)

    def remove(self, sha256: str, older_than: float = GRACE_SECONDS) -> bool:
        """Remove the bytes of a hash unless they are younger than that: their row may be about to be written."""
        kept = self.find(sha256)
        if kept is not None and time.time() - kept.stored_at < older_than:
            return False
        if kept is not None:
            with _answering():
                obstore.delete(self._store, self.key(sha256))
        return True

    def set_aside(self, sha256: str) -> None:
        """Take bytes that are not those of their hash out of the way: below ``damaged/``."""
        with contextlib.suppress(MissingBlobError), _answering(sha256):
            obstore.rename(self._store, self.key(sha256), f"{DAMAGED}/{sha256}")

    def list(self) -> Iterator[Kept]:
        """Everything that is stored."""
        return (kept for folder, kept in self._list(None) if folder != DAMAGED)

    def list_damaged(self) -> Iterator[Kept]:
        """Everything that was set aside."""
        return (kept for _, kept in self._list(DAMAGED))

    def _list(self, below: str | None) -> Iterator[tuple[str, Kept]]:
        """What lies there: its folder, and what is known of it."""
        with _answering():
            for page in obstore.list(self._store, below):
                for found in page:
                    folder, _, name = found["path"].rpartition("/")
                    yield folder, Kept(name, found["size"], found["last_modified"].timestamp())

    def remove_damaged(self, sha256: str) -> None:
        """Remove what was set aside under a hash."""
        with contextlib.suppress(MissingBlobError), _answering(sha256):
            obstore.delete(self._store, f"{DAMAGED}/{sha256}")

    def reach(self) -> None:
        """Ask the bucket for what lies where nothing does, which is cheap however much it holds."""
        with _answering():
            for _ in obstore.list(connect(self.url, patient=False), "nothing"):
                break

    def remove_stale(self) -> int:
        """Remove what interrupted writers left in the cache; how many files."""
        removed = 0
        for path in self._cache.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > GRACE_SECONDS:
                    path.unlink()
                    removed += 1
        return removed


@contextlib.contextmanager
def _answering(sha256: str = "") -> Iterator[None]:
    """Name what the store says as the program's own error."""
    try:
        yield
    except FileNotFoundError as error:
        raise (MissingBlobError(sha256) if sha256 else StorageError("The bucket is not there.")) from error
    except BaseError as error:
        reason = str(error).split("\n", 1)[0][:300]
        raise StorageError(f"The object store does not answer: {reason}") from error
