"""A job from claim to end: what is no fault of the document costs it no attempt; what is fenced out changes nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from schemas.errors import StorageError
from worker.blobs import Blobs
from worker.confinement.outcomes import RESULT
from worker.converting import conversion
from worker.converting.conversion import convert_job
from worker.converting.sandbox import Ended, Request, Sandbox
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import Arrival
from worker.processes.supervisor import make_folders
from worker.settings import MEGABYTE, Settings

DONE = {"state": "converted", "review": 0}


@dataclass
class Child:
    """A stand-in for the sandbox: it writes the result, and does what a test wants in the meantime."""

    meanwhile: Callable[[Callable[[], bool]], None] = lambda _renew: None
    outcome: dict[str, object] | None = None

    def run(self, request: Request, renew: Callable[[], bool], _seconds: float) -> Ended:
        """Convert."""
        self.meanwhile(renew)
        data = Path(request.source).read_bytes()
        Path(request.folder, RESULT).write_bytes(b"result of " + data)
        return Ended("ended", self.outcome or DONE | {"sha256": hashlib.sha256(data).hexdigest()}, "", "")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home; nobody waits."""
    monkeypatch.setattr(conversion, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(conversion, "AGAIN_SECONDS", 0.01)
    settings = replace(Settings(), home=tmp_path / "home", lease_seconds=2.0)
    make_folders(settings)
    return settings


@pytest.fixture
def db(home: Settings) -> Iterator[Database]:
    """Its rows, and one document."""
    with Database.open(home) as opened:
        stored = Blobs(home.blobs).put_bytes(b"text")
        deliveries.arrive(opened, Arrival("a.txt", stored.sha256, 4, "text", "normal", "e 1", "w1"), 0.0)
        yield opened


def convert(home: Settings, child: Child | None = None) -> str:
    """The word for the log."""
    return convert_job(home, cast("Sandbox", child or Child()), 1)


def state(db: Database) -> tuple[str, int]:
    """State and attempts of the job."""
    row = db.row("SELECT state, attempt FROM jobs WHERE id = 1")
    assert row is not None
    return row["state"], row["attempt"]


def test_a_full_disk_at_the_commit_costs_no_attempt(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the result cannot be stored, the document waits; when there is room it is converted."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("worker.blobs.folder.sync_file", full)
        for _ in range(5):
            assert convert(home) == "queued"
            assert state(db) == ("queued", 0)
    assert list((home.blobs / "tmp").iterdir()) == list(home.scratch.iterdir()) == []
    assert convert(home) == "done"
    assert state(db) == ("done", 1)


def test_a_database_that_is_away_for_a_moment_costs_nothing(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it restarts the child goes on, and what it has done is committed when the rows answer again."""
    answers = iter([StorageError("away")] * 3)

    def away(real: Callable[..., object]) -> Callable[..., object]:
        def ask(*values: object) -> object:
            if (error := next(answers, None)) is not None:
                raise error
            return real(*values)

        return ask

    monkeypatch.setattr(leases, "renew", away(leases.renew))
    monkeypatch.setattr(leases, "finish", away(leases.finish))
    renewed: list[bool] = []
    assert convert(home, Child(lambda renew: renewed.append(renew()))) == "done"
    assert renewed == [True]
    assert next(answers, None) is None
    assert state(db) == ("done", 1)


def test_a_lease_that_cannot_be_renewed_ends(home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the rows are away for longer than the lease, another may have the job: the child is to be dropped."""

    def away(*_: object) -> bool:
        raise StorageError("away")

    monkeypatch.setattr(leases, "renew", away)
    now = time.monotonic()
    renewed: list[bool] = []

    def later(renew: Callable[[], bool]) -> None:
        renewed.append(renew())
        monkeypatch.setattr(time, "monotonic", lambda: now + home.lease_seconds + 1)
        renewed.append(renew())

    convert(home, Child(later))
    assert renewed == [True, False]


def test_who_was_stopped_past_the_lease_is_fenced_out(home: Settings, db: Database) -> None:
    """A worker that comes back after another has finished the job changes nothing, and raises no alarm."""

    def overtaken(_: Callable[[], bool]) -> None:
        assert leases.expire(db, home, time.time() + home.lease_seconds + 1) == ["queued"]
        assert convert(home) == "done"

    assert convert(home, Child(overtaken)) == "fenced"
    assert state(db) == ("done", 2)
    assert len(db.rows("SELECT 1 FROM results")) == 1


def test_a_document_that_is_gone_from_the_store_fails(home: Settings, db: Database) -> None:
    """It is not tried for ever: nobody can convert what is not there, and the error says so."""
    row = db.row("SELECT sha256 FROM documents")
    assert row is not None
    assert Blobs(home.blobs).remove(row["sha256"], older_than=0)
    assert convert(home) == "E_STORAGE"
    assert state(db) == ("failed", 1)


def test_a_child_that_fills_the_disk_is_given_up_in_the_end(home: Settings, db: Database) -> None:
    """Storage that fails in the child may be the document's doing: its attempts count."""
    problem = {"code": "E_STORAGE", "detail": "No space left on device.", "place": None}
    child = Child(outcome={"state": "failed", "problem": problem})
    assert [convert(home, child) for _ in range(4)] == ["queued", "queued", "quarantined", "passed"]
    assert state(db) == ("quarantined", 3)


def test_a_fault_of_the_program_is_tried_again_before_it_is_final(home: Settings, db: Database) -> None:
    """What a moment was to blame for goes by; what comes every time is said of the document as it was."""
    problem = {"code": "E_INTERNAL", "detail": "A fault of the program: KeyError: 7", "place": None}
    child = Child(outcome={"state": "failed", "problem": problem})
    assert [convert(home, child) for _ in range(4)] == ["queued", "queued", "quarantined", "passed"]
    row = db.row("SELECT error_code, problem FROM jobs")
    assert row is not None
    assert (row["error_code"], json.loads(row["problem"])["detail"]) == ("E_INTERNAL", problem["detail"])


@pytest.mark.parametrize("own", [0, 30 * MEGABYTE], ids=["others fill it", "it fills it"])
def test_only_who_fills_the_disk_is_to_blame_for_it(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, own: int
) -> None:
    """A child that fails where the disk is full without it costs no attempt; one that has filled it does."""
    problem = {"code": "E_STORAGE", "detail": "No space left on device.", "place": None}
    child = Child(outcome={"state": "failed", "problem": problem})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 0))
    real = Child.run

    def run(self: Child, request: Request, renew: Callable[[], bool], seconds: float) -> Ended:
        Path(request.folder, "much").write_bytes(b"x" * own)
        return real(self, request, renew, seconds)

    monkeypatch.setattr(Child, "run", run)
    assert convert(home, child) == "queued"
    assert state(db) == ("queued", int(bool(own)))
    assert list(home.scratch.iterdir()) == []


@pytest.mark.parametrize(
    "said",
    [
        {"state": "failed", "problem": {"code": "E_CORRUPT", "detail": "It is damaged.", "place": None}},
        {"state": "converted", "left_out": "Page 3 could not be read."},
    ],
    ids=["damaged", "partial"],
)
def test_what_is_found_on_a_full_disk_is_found_again(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    """A library that could not write a file of its own may say that of a good document: it is read again."""
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 0))
        assert convert(home, Child(outcome=said)) == "queued"
        assert state(db) == ("queued", 0)
    assert convert(home) == "done"


@pytest.mark.parametrize("free", [17, 255])
def test_who_crashes_beside_little_room_is_given_up(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    """Less room than intake leaves free is no full disk: a document that crashes there is not tried for ever."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 40, 1 << 40, free * MEGABYTE))
    monkeypatch.setattr(Child, "run", lambda *_: Ended("crashed", {}, "it crashed", ""))
    assert home.reserve_mb == 256
    assert [convert(home) for _ in range(4)] == ["queued", "queued", "quarantined", "passed"]
    assert state(db) == ("quarantined", 3)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_scratch_folder_costs_no_attempt(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Where not even its folder can be made, the document waits."""
    real = Path.mkdir

    def mkdir(self: Path, *values: Any, **named: Any) -> None:
        if self.parent == home.scratch:
            raise OSError(code, os.strerror(code))
        real(self, *values, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", mkdir)
        assert [convert(home) for _ in range(4)] == ["queued"] * 4
        assert state(db) == ("queued", 0)
    assert convert(home) == "done"


@pytest.mark.parametrize("readable", [True, False], ids=["converted", "unreadable"])
def test_other_bytes_in_the_store_are_found_out(home: Settings, db: Database, readable: bool) -> None:
    """What was changed in the store is never served as the document's result, nor blamed on the document.

    After its attempts the error says so, and the document can be brought again.
    """
    row = db.row("SELECT sha256 FROM documents")
    assert row is not None
    store = Blobs(home.blobs)
    store.path(row["sha256"]).chmod(0o644)
    store.path(row["sha256"]).write_bytes(b"tex!")
    problem = {"code": "E_CORRUPT", "detail": "It is damaged.", "place": None}
    child = Child() if readable else Child(outcome={"state": "failed", "problem": problem})
    assert [convert(home, child) for _ in range(4)] == ["queued", "queued", "quarantined", "passed"]
    job = db.row("SELECT error_code, problem, result_sha256 FROM jobs WHERE id = 1")
    assert job is not None
    assert (job["error_code"], job["result_sha256"]) == ("E_STORAGE", None)
    assert "other bytes: bring the document again" in json.loads(job["problem"])["detail"]
    stored = store.put_bytes(b"text")
    deliveries.arrive(db, Arrival("a.txt", stored.sha256, 4, "text", "normal", "e 1", "w2"), 0.0)
    assert convert(home) == "done"


def test_a_back_fill_waits_for_room(home: Settings, db: Database, tmp_path: Path) -> None:
    """Where the quota is used up, a back-fill's document stays where it is, unread and without an attempt."""
    document = tmp_path / "b.txt"
    document.write_bytes(b"x" * MEGABYTE)
    deliveries.plan(db, "batch", [deliveries.Planned("b.txt", document.as_uri(), "text")], "e 1", 0.0)
    full = replace(home, quota_mb=1)
    assert [convert_job(full, cast("Sandbox", Child()), 2) for _ in range(4)] == ["queued"] * 4
    waiting = db.row("SELECT attempt, sha256 FROM jobs WHERE id = 2")
    assert waiting is not None
    assert (waiting["attempt"], waiting["sha256"]) == (0, None)
    assert convert_job(replace(home, quota_mb=2), cast("Sandbox", Child()), 2) == "done"


@pytest.mark.parametrize(("kind", "others", "pages"), [("ocr", 0, 2), ("pdf", 0, 2), ("ocr", 1, 1), ("text", 0, 1)])
def test_a_scan_that_is_alone_has_two_cores(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, kind: str, others: int, pages: int
) -> None:
    """On two cores one scan is read two pages at a time, two documents a page each."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(2))
    db.execute("UPDATE jobs SET kind = ?", (kind,))
    values = ("e 1", "d", "normal", "text", "running", "other", 9e9, 0.0)
    for _ in range(others):
        db.execute(
            "INSERT INTO jobs(engine, profile, urgency, kind, state, owner, lease_until, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    asked: list[int] = []
    real = Child.run

    def run(self: Child, request: Request, renew: Callable[[], bool], seconds: float) -> Ended:
        asked.append(request.pages_at_once)
        return real(self, request, renew, seconds)

    monkeypatch.setattr(Child, "run", run)
    assert convert(home) == "done"
    assert asked == [pages]


def test_rows_stay_open_between_documents_and_are_opened_again_where_others_lie(home: Settings, db: Database) -> None:
    """SQLite is opened once for many documents; a database that was put in its place is noticed."""
    convert(home)
    with conversion._Rows.held(home) as first, conversion._Rows.held(home) as second:
        assert first is second
    for name in ("jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"):
        (home.home / name).rename(home.home / f"old-{name}")
    assert convert(home) == "passed"
    with Database.open(home) as fresh:
        assert fresh.rows("SELECT id FROM jobs") == []


def test_rows_that_failed_are_opened_again(home: Settings, db: Database) -> None:
    """A connection that an error may have spoilt serves no other document."""
    with conversion._Rows.held(home) as first:
        pass
    with pytest.raises(StorageError), conversion._Rows.held(home):
        raise StorageError("It is away.")
    with conversion._Rows.held(home) as second:
        assert second is not first
