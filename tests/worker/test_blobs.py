"""The store: bytes under their hash, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import LimitError, UnreadableError, UnsafeError
from worker.blobs import Blobs, files, is_written, open_regular


@given(data=st.binary(max_size=3000))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_lie_under_their_hash(tmp_path: Path, data: bytes) -> None:
    """What is stored lies at ab/cd/<sha256> of exactly these bytes, and nothing is left beside it."""
    blobs = Blobs(tmp_path)
    stored = blobs.put(BytesIO(data), 3000)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.size == len(data)
    path = blobs.path(stored.sha256)
    assert path.relative_to(tmp_path).parts == (stored.sha256[:2], stored.sha256[2:4], stored.sha256)
    assert path.read_bytes() == data
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_stored_file_is_read_only_and_stored_once(tmp_path: Path) -> None:
    """Storing the same bytes again changes nothing, and nobody may write to what is stored."""
    blobs = Blobs(tmp_path)
    first = blobs.path(blobs.put_bytes(b"abc").sha256)
    inode = first.stat().st_ino
    assert blobs.path(blobs.put_bytes(b"abc").sha256).stat().st_ino == inode
    assert first.stat().st_mode & 0o222 == 0


def test_a_stored_file_of_the_wrong_size_is_replaced(tmp_path: Path) -> None:
    """A file that a crash of the machine left short does not stand for the bytes it lacks."""
    blobs = Blobs(tmp_path)
    path = blobs.path(blobs.put_bytes(b"abcdef").sha256)
    path.chmod(0o644)
    path.write_bytes(b"abc")
    blobs.put_bytes(b"abcdef")
    assert path.read_bytes() == b"abcdef"


def test_what_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    """A document over the limit is refused by its size, and its bytes do not stay."""
    with pytest.raises(LimitError) as caught:
        Blobs(tmp_path).put(BytesIO(b"x" * 11), 10)
    assert caught.value.problem_code == "E_LIMIT.size"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A link is not followed, a pipe does not hold us up, a folder is no document."""
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(UnsafeError), open_regular(tmp_path / name):
            pass
    with pytest.raises(UnreadableError, match="No such file"), open_regular(tmp_path / "nothing"):
        pass


def test_only_file_systems_of_this_machine_are_asked_who_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network folder refuses leases for reasons of its own: a document there must not wait for ever."""
    path = tmp_path / "a"
    with path.open("w"):
        monkeypatch.setattr(files, "_gives_leases", lambda _: False)
        assert not is_written(path)
    assert not is_written(tmp_path / "nothing")
