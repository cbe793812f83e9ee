"""Both stores, the folder and the bucket, keep the same promises."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import obstore
import pytest

from schemas.errors import ConfigurationError, LimitError, StorageError
from tests.fakes.s3 import BUCKET, S3Server
from worker.blobs import Blobs, DamagedBlobError, FullError, MissingBlobError, Store, open_blobs
from worker.blobs.objects import ObjectBlobs, connect
from worker.settings import Settings


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server, named by the environment."""
    with S3Server(tmp_path_factory.mktemp("s3") / "log") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.variables.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(params=["folder", "file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """The home's folder, another folder by its URL, a bucket with a prefix."""
    settings = replace(Settings(), home=tmp_path)
    if request.param == "file":
        return open_blobs(replace(settings, store=f"file://{tmp_path}/else%20where"))
    if request.param == "s3":
        request.getfixturevalue("s3")
        return open_blobs(replace(settings, store=f"s3://{BUCKET}/{secrets.token_hex(4)}"))
    settings.blobs.mkdir()
    return open_blobs(settings)


@pytest.mark.parametrize("size", [0, 1, 100_000, 12_000_000])
def test_what_was_put_comes_back_everywhere(store: Store, tmp_path: Path, size: int) -> None:
    """The same bytes by every way out, under their hash; large ones go in pieces and come as one."""
    data = bytes(range(256)) * (size // 256) + b"\0" * (size % 256)
    stored = store.put(BytesIO(data), size)
    assert (stored.sha256, stored.size) == (hashlib.sha256(data).hexdigest(), size)
    assert store.read(stored.sha256) == data
    with store.open(stored.sha256) as stream:
        assert bytes(stream.read(10)) == data[:10]
        assert bytes(stream.read()) == data[10:]
    assert store.fetch(stored.sha256, tmp_path).read_bytes() == data
    target = tmp_path / "deep" / "result.json"
    store.place(stored.sha256, target)
    store.place(stored.sha256, target)
    assert target.read_bytes() == data
    assert [p.name for p in target.parent.iterdir()] == ["result.json"]
    kept = store.find(stored.sha256)
    assert kept is not None
    assert (kept.size, abs(kept.stored_at - time.time()) < 60) == (size, True)
    assert [k.sha256 for k in store.list()] == [stored.sha256]


def test_what_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    """Bytes that are gone are another error than a store that is away: trying again does not help."""
    for ask in (store.read, lambda sha: store.fetch(sha, tmp_path), lambda sha: store.place(sha, tmp_path / "x")):
        with pytest.raises(MissingBlobError):
            ask("a" * 64)
    with pytest.raises(MissingBlobError), store.open("a" * 64):
        pass
    assert store.find("a" * 64) is None
    assert not (tmp_path / "x").exists()


def test_what_is_too_large_is_not_stored(store: Store) -> None:
    """The limit holds while the bytes come in, and nothing of them stays."""
    with pytest.raises(LimitError):
        store.put(BytesIO(b"x" * 11), 10)
    assert list(store.list()) == []


def test_young_bytes_are_not_removed(store: Store) -> None:
    """What was put, or put again, just now may be about to get its row; what is older goes."""
    sha256 = store.put_bytes(b"abc").sha256
    assert not store.remove(sha256)
    assert store.find(sha256) is not None
    assert store.remove(sha256, older_than=0)
    assert store.find(sha256) is None
    assert store.remove(sha256)


def test_a_store_that_takes_nothing_says_so(tmp_path: Path, s3: S3Server) -> None:
    """A bucket that is not there is an error of storage, with nothing left in the cache."""
    store = ObjectBlobs("s3://nowhere/x", tmp_path / "cache")
    with pytest.raises(StorageError):
        store.put_bytes(b"abc")
    assert list((tmp_path / "cache").iterdir()) == []


def damage(store: Store, sha256: str, data: bytes) -> None:
    """Have other bytes lie under a hash."""
    if isinstance(store, ObjectBlobs):
        obstore.put(connect(store.url), store.key(sha256), data)
        return
    assert isinstance(store, Blobs)
    store.path(sha256).chmod(0o600)
    store.path(sha256).write_bytes(data)


def test_other_bytes_under_a_hash_are_not_handed_out(store: Store, tmp_path: Path) -> None:
    """Who has changed what lies in the store is found out before it is read or put beside a name."""
    sha256 = store.put_bytes(b"abc").sha256
    damage(store, sha256, b"abd")
    for ask in (store.read, lambda sha: store.place(sha, tmp_path / "to" / "x")):
        with pytest.raises(DamagedBlobError, match="other bytes"):
            ask(sha256)
    assert list((tmp_path / "to").iterdir()) == []
    if isinstance(store, ObjectBlobs):  # a folder hands out the file itself: who has read it looks
        with pytest.raises(DamagedBlobError):
            store.fetch(sha256, tmp_path / "to")


def test_who_brings_the_right_bytes_mends_the_folder(tmp_path: Path) -> None:
    """Bytes of the same length are no longer taken for those that are brought."""
    store = Blobs(tmp_path)
    sha256 = store.put_bytes(b"abc").sha256
    damage(store, sha256, b"abd")
    store.put_bytes(b"abc")
    assert store.read(sha256) == b"abc"


def test_a_full_disk_under_a_copy_is_no_fault_of_the_document(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the copy that is to be converted cannot be written, the error says that there is no room."""
    sha256 = store.put_bytes(b"abc").sha256

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FullError, match="No space left"):
        store.place(sha256, tmp_path / "copy" / "x")


def test_damaged_bytes_are_set_aside_and_can_be_put_again(store: Store) -> None:
    """What is not what its name says is kept out of the way, and is no bytes of the store any more."""
    sha256 = store.put_bytes(b"abc").sha256
    store.set_aside(sha256)
    store.set_aside(sha256)
    assert store.find(sha256) is None
    assert list(store.list()) == []
    ((aside, size, when),) = [(kept.sha256, kept.size, kept.stored_at) for kept in store.list_damaged()]
    assert (aside, size, abs(when - time.time()) < 60) == (sha256, 3, True)
    store.put_bytes(b"abc")
    store.remove_damaged(sha256)
    store.remove_damaged(sha256)
    assert list(store.list_damaged()) == []
    assert store.read(sha256) == b"abc"


def test_the_same_bytes_are_sent_once(tmp_path: Path, s3: S3Server) -> None:
    """What is in the bucket already, and young, is not uploaded again."""
    store = ObjectBlobs(f"s3://{BUCKET}/once", tmp_path / "cache")
    first = store.find(store.put_bytes(b"abc").sha256)
    time.sleep(1.1)
    assert store.find(store.put_bytes(b"abc").sha256) == first


@pytest.mark.parametrize("url", ["s3://", "ftp://x/y", "/folder", "file://host/x", "gs://bucket"])
def test_another_store_is_refused(tmp_path: Path, url: str) -> None:
    """Only what is tested is taken."""
    with pytest.raises(ConfigurationError, match="CROSSFOOT_STORE"):
        open_blobs(replace(Settings(), home=tmp_path, store=url))


def test_a_store_says_whether_it_answers(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that works is reached; a bucket that is not there and a server that is down are said within seconds."""
    store.reach()
    if isinstance(store, ObjectBlobs):
        with pytest.raises(StorageError, match="404 Not Found"):
            ObjectBlobs("s3://nobucket/x", tmp_path).reach()
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        begun = time.monotonic()
        with pytest.raises(StorageError, match="does not answer"):
            store.reach()
        assert time.monotonic() - begun < 5
