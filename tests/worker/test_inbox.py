"""The inbox folder: what is taken, when, and what is left alone."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnreadableError
from worker import results
from worker.blobs import is_written, open_blobs
from worker.database import Database
from worker.inbox import Inbox, Look, Seen, is_ignored, is_stable, observe, read_patience, scan
from worker.jobs import leases
from worker.jobs.jobs import Jobs
from worker.room import QuotaError, Room
from worker.settings import Settings


@pytest.fixture
def database_url() -> str:
    """What the inbox does has nothing to do with where its rows are."""
    return ""


def paths_of_jobs(settings: Settings) -> list[str]:
    """The names of all documents that have become jobs."""
    with Jobs.open(settings) as jobs:
        return sorted(path for job in jobs.list() for path in job.paths)


@given(sizes=st.lists(st.integers(0, 3), min_size=1, max_size=12), stability=st.integers(1, 4))
def test_a_file_is_stable_exactly_when_it_has_not_changed_for_long_enough(sizes: list[int], stability: int) -> None:
    """One look a second: stable means that the last ``stability`` + 1 looks were the same."""
    seen: dict[str, Seen] = {}
    for now, size in enumerate(sizes):
        seen = observe(seen, {"a": Look(size, 7, 1)}, float(now))
    same = len(sizes) - next((i for i in range(len(sizes), 0, -1) if sizes[i - 1] != sizes[-1]), 0)
    assert is_stable(seen["a"], len(sizes) - 1, stability) == (same > stability)


def test_a_file_that_went_is_forgotten() -> None:
    """A file that comes back under the same name starts from the beginning."""
    seen = observe({}, {"a": Look(1, 1, 1)}, 0.0)
    assert observe(seen, {}, 1.0) == {}
    assert observe(observe(seen, {}, 1.0), {"a": Look(1, 1, 1)}, 2.0)["a"].since == 2.0


@pytest.mark.parametrize(
    ("size", "head", "tail", "patience"),
    [
        (0, b"", b"", 12),
        (9, b"%PDF-1.4", b"%%EOF\n", 1),
        (9, b"%PDF-1.4", b"stream", 3),
        (9, b"<html>", b"</html>", 1),
    ],
)
def test_unfinished_looking_files_rest_longer(size: int, head: bytes, tail: bytes, patience: int) -> None:
    """An empty file and a PDF without its end are probably still being written."""
    assert read_patience(size, head, tail) == patience


@pytest.mark.parametrize(
    "path", [".hidden", "a/.git/x", "~$book.xls", "x.part", "x.PDF.crdownload", "x.tmp", "Thumbs.db", "x.pdf.password"]
)
def test_what_is_no_document_is_left_alone(path: str) -> None:
    """Hidden, unfinished and system files stay where they are."""
    assert is_ignored(path)
    assert not is_ignored("a/report.part.pdf")
    assert not is_ignored("..pdf")


def test_a_file_becomes_a_job_after_it_has_rested(home: Settings, inbox: Inbox) -> None:
    """A growing file is left; once it rests it moves to work/, its bytes to the store, its name to the rows."""
    target = home.inbox / "q1" / "a.txt"
    target.parent.mkdir()
    target.write_text("a")
    assert inbox.look(0.0) == 0
    target.write_text("ab")
    assert inbox.look(1.0) == 0
    assert inbox.look(1.5) == 0
    assert inbox.look(2.0) == 1
    assert not target.exists()
    assert [p.read_text() for p in home.work.glob("*/q1/a.txt")] == ["ab"]
    assert paths_of_jobs(home) == ["q1/a.txt"]


def test_what_lies_in_work_at_the_start_goes_on(home: Settings) -> None:
    """A crash between the claim and the row, or after it, loses nothing and doubles nothing."""
    for name in ("one", "two"):
        (home.work / name / "sub").mkdir(parents=True)
        (home.work / name / "sub" / f"{name}.txt").write_text(name)
    for expected in (2, 0):
        with Database.open(home) as db:
            again = Inbox(home, db)
            assert again.recover() == expected
            assert again.look(0.0) == expected
    assert paths_of_jobs(home) == ["sub/one.txt", "sub/two.txt"]


def test_links_and_pipes_are_put_aside_unread(home: Settings, inbox: Inbox, tmp_path: Path) -> None:
    """Nothing outside the inbox is read through a link, and a pipe does not hold the service up."""
    (tmp_path / "outside").write_text("secret")
    (home.inbox / "link.txt").symlink_to(tmp_path / "outside")
    (home.inbox / "folder").symlink_to(tmp_path)
    os.mkfifo(home.inbox / "pipe")
    inbox.look(0.0)
    inbox.look(1.0)
    assert paths_of_jobs(home) == []
    assert (home.failed / "link.txt").is_symlink()
    for name in ("link.txt", "folder", "pipe"):
        assert "E_UNSAFE" in (home.failed / f"{name}.error.json").read_text()
    assert [p for p in home.blobs.rglob("*") if p.is_file()] == []
    assert list(home.work.iterdir()) == []


def test_what_is_too_large_is_put_aside_and_overwrites_nothing(home: Settings) -> None:
    """A document over the limit lies in failed/ with its error; a second one of the same name beside it."""
    with Database.open(home) as db:
        small = Inbox(replace(home, max_bytes=3), db)
        for round_ in (0.0, 10.0):
            (home.inbox / "big.txt").write_text("abcdef")
            small.look(round_)
            small.look(round_ + 1)
    found = sorted(p.name for p in home.failed.iterdir())
    assert {name[:3] + name[12:] if name[3] == "-" else name for name in found} == {"big.txt", "big.txt.error.json"}
    assert len(found) == 4


def test_names_that_are_no_utf8_are_taken(home: Settings, inbox: Inbox) -> None:
    """A file name of any bytes is a document like any other."""
    (home.inbox / "caf\udce9.txt").write_text("x")
    inbox.look(0.0)
    assert inbox.look(1.0) == 1
    assert paths_of_jobs(home) == ["caf_.txt"]


def test_the_longest_names_are_taken_and_put_aside(home: Settings, inbox: Inbox) -> None:
    """A name that leaves no room for an ending is a document too, and so is its error."""
    name = "x" * 251 + ".txt"
    (home.inbox / name).write_text("x")
    (home.inbox / ("y" * 255)).symlink_to("/nowhere")
    inbox.look(0.0)
    assert inbox.look(1.0) == 1
    assert paths_of_jobs(home) == [name]
    assert sum(p.is_symlink() for p in home.failed.iterdir()) == 1
    assert sum(p.name.endswith(".error.json") for p in home.failed.iterdir()) == 1


def test_the_scan_gives_relative_paths_and_follows_no_link(home: Settings, tmp_path: Path) -> None:
    """Folders are walked, links to folders are not."""
    (home.inbox / "a" / "b").mkdir(parents=True)
    (home.inbox / "a" / "b" / "c.txt").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.txt").write_text("x")
    (home.inbox / "link").symlink_to(tmp_path / "elsewhere")
    found = dict(scan(home.inbox))
    assert set(found) == {"a/b/c.txt", "link"}
    assert not found["link"].regular


def test_what_is_larger_than_the_disk_waits_for_no_room(home: Settings, inbox: Inbox) -> None:
    """A file that is too large is refused at once, however little room there is."""
    with (home.inbox / "huge.pdf").open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(1 << 40)
    for now in (0.0, 10.0):
        inbox.look(now)
    assert json.loads((home.failed / "huge.pdf.error.json").read_bytes())["code"] == "E_LIMIT.size"
    assert list(home.work.iterdir()) == []


def test_what_was_put_aside_is_never_replaced(home: Settings, db: Database) -> None:
    """A file that was never stored keeps its name in failed/: a second one, whose job fails, lies beside it."""
    inbox = Inbox(replace(home, max_bytes=10), db)
    for now, text in ((0.0, "far too large"), (10.0, "small")):
        (home.inbox / "a.txt").write_text(text)
        inbox.look(now)
        inbox.look(now + 1)
    held = leases.claim(db, home, 1, "me", 0.0)
    assert held is not None
    leases.fail(db, held, UnreadableError("It is torn."), 1.0)
    assert results.deliver(home, db) == 1
    assert (home.failed / "a.txt").read_text() == "far too large"
    assert json.loads((home.failed / "a.txt.error.json").read_bytes())["code"] == "E_LIMIT.size"
    tail = hashlib.sha256(b"small").hexdigest()[:8]
    assert (home.failed / f"a-{tail}.txt").read_text() == "small"


def test_a_file_put_aside_that_is_mended_and_dropped_again_gets_its_name(home: Settings, inbox: Inbox) -> None:
    """The same bytes have the same name, and are one file."""
    (home.inbox / "a.txt").write_text("x")
    (home.inbox / "a.txt.crossfoot.yaml").write_text("urgency: now\nmetadata: {}")
    inbox.look(0.0)
    inbox.look(1.0)
    (home.inbox / "a.txt").write_text("x")
    inbox.look(10.0)
    assert inbox.look(11.0) == 1
    with Database.open(home) as db:
        held = leases.claim(db, home, 1, "me", 0.0)
        assert held is not None
        stored = open_blobs(home).put_bytes(b"result")
        leases.finish(db, held, (stored.sha256, stored.size), {}, 1.0)
        assert results.deliver(home, db) == 1
    assert (home.done / "a.txt").read_text() == "x"
    assert [p.name for p in home.failed.iterdir()] == ["a.txt.crossfoot.yaml"]


@pytest.fixture
def far(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inbox on another file system: no rename out of it."""
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.is_relative_to(home.inbox):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)


@pytest.mark.usefixtures("far")
def test_a_copy_that_was_broken_off_is_no_document(
    home: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while a file is copied out of the inbox: the half copy goes, the file is taken again, as a whole."""

    class KilledError(BaseException):
        """Nothing more is done by this process."""

    def copy_half(source: Path, target: Path, **_: object) -> None:
        target.write_bytes(source.read_bytes()[:3])
        raise KilledError

    (home.inbox / "a.txt").write_text("abcdef")
    inbox.look(0.0)
    with monkeypatch.context() as killing:
        killing.setattr("shutil.copy2", copy_half)
        killing.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KilledError):
            inbox.look(1.0)
    assert len([p for p in home.work.rglob("*") if p.is_file()]) == 1
    with Database.open(home) as db:
        again = Inbox(home, db)
        again.recover()
        again.look(0.0)
        assert again.look(1.0) == 1
        rows = db.rows("SELECT bytes FROM documents")
    assert [row["bytes"] for row in rows] == [6]
    assert [p.read_text() for p in home.work.rglob("*") if p.is_file()] == ["abcdef"]
    assert list(home.inbox.iterdir()) == []


@pytest.mark.usefixtures("far")
def test_a_copy_that_is_not_what_was_copied_is_thrown_away(
    home: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are compared before the file goes out of the inbox."""
    (home.inbox / "a.txt").write_text("abcdef")
    inbox.look(0.0)
    with monkeypatch.context() as damaging:
        damaging.setattr(
            "shutil.copy2", lambda source, target, **_: target.write_bytes(source.read_bytes()[:-1] + b"?")
        )
        assert inbox.look(1.0) == 0
    assert (home.inbox / "a.txt").read_text() == "abcdef"
    assert list(home.work.iterdir()) == []
    inbox.look(2.0)
    assert inbox.look(3.0) == 1


def test_an_inbox_on_another_file_system_is_said_once(
    home: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Copying is slower than renaming, and not what the folder is meant for."""
    inbox.recover()
    assert caplog.messages == []
    stat = Path.stat

    def elsewhere(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = stat(self, follow_symlinks=follow_symlinks)
        return os.stat_result((found.st_mode, found.st_ino, found.st_dev + (self == home.inbox), *found[3:]))

    monkeypatch.setattr(Path, "stat", elsewhere)
    inbox.recover()
    assert ["different file systems" in message for message in caplog.messages] == [True]


def test_a_file_that_is_written_on_after_its_pause_is_one_document_in_the_end(home: Settings, db: Database) -> None:
    """The half that was converted is told to nobody; the whole has to rest, and gets the name."""
    inbox = Inbox(home, db)
    (home.inbox / "a.txt").write_text("half")
    inbox.look(0.0)
    inbox.look(1.0)
    (taken,) = home.work.glob("*/a.txt")
    taken.write_text("half and half")
    finish(home, db, 1)
    assert results.deliver(home, db, inbox.take_again) == 0
    assert [inbox.look(now) for now in (2.0, 3.0, 4.0)] == [0, 0, 0]
    assert inbox.look(5.5) == 1
    finish(home, db, 2)
    assert results.deliver(home, db, inbox.take_again) == 1
    assert (home.done / "a.txt").read_text() == "half and half"
    assert (home.results / "a.txt.json").read_text() == "result 2"
    assert len(list(home.done.iterdir())) == len(list(home.results.iterdir())) == 1


def test_a_file_that_is_open_for_writing_is_not_taken(
    home: Settings, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """However long its program pauses; that is said once. Who only reads it is in nobody's way."""
    caplog.set_level("INFO")
    with (home.inbox / "a.txt").open("w") as file:
        file.write("half")
        file.flush()
        if not is_written(home.inbox / "a.txt"):
            pytest.skip("this file system does not tell who writes")
        assert [inbox.look(now) for now in (0.0, 1.0, 100.0)] == [0, 0, 0]
        assert ["open for writing" in message for message in caplog.messages] == [True]
    with (home.inbox / "a.txt").open():
        assert inbox.look(101.0) == 1


def test_a_file_that_is_written_on_for_ever_is_put_aside(home: Settings, db: Database) -> None:
    """A log that a program holds open would be a document after each of its pauses."""
    inbox = Inbox(home, db)
    (home.inbox / "a.log").write_text("0")
    inbox.look(0.0)
    inbox.look(1.0)
    for number in range(1, 8):
        (taken,) = home.work.glob("*/a.log")
        taken.write_text(f"{number}")
        finish(home, db, number)
        results.deliver(home, db, inbox.take_again)
        inbox.look(number * 100.0)
        if inbox.look(number * 100.0 + 10.0) == 0:
            break
    assert number == 6
    assert (home.failed / "a.log").read_text() == "6"
    assert "again and again" in (home.failed / "a.log.error.json").read_text()


def finish(home: Settings, db: Database, job: int) -> None:
    """End a job with a result that says its number."""
    held = leases.claim(db, home, job, "me", 0.0)
    assert held is not None
    stored = open_blobs(home).put_bytes(f"result {job}".encode())
    leases.finish(db, held, (stored.sha256, stored.size), {}, 1.0)


def test_a_path_that_is_too_long_stops_nothing(home: Settings, inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be looked at, or has no room in work/, is said once; the others are taken."""
    here = os.open(home.inbox, os.O_RDONLY)
    for _ in range(20):  # deeper than a path can say
        os.mkdir("d" * 240, dir_fd=here)
        here, above = os.open("d" * 240, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    room = 4095 - len(os.fsencode(home.inbox)) - 1
    parts = ["e" * 200] * (room // 201)
    parts.append("f" * max(1, room - 201 * len(parts)))
    (home.inbox / "/".join(parts[:-1])).mkdir(parents=True)
    (home.inbox / "/".join(parts)).write_text("x")
    (home.inbox / "z.txt").write_text("z")
    taken = [inbox.look(now) for now in (0.0, 1.0, 2.0, 3.0, 4.0)]
    assert sum(taken) == 1
    assert paths_of_jobs(home) == ["z.txt"]
    assert len([message for message in caplog.messages if "cannot be taken" in message]) == 2
    assert list(home.work.iterdir()) == [next(home.work.glob("*/z.txt")).parent]


def test_a_folder_that_may_not_be_entered_stops_nothing(
    home: Settings, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its files can be listed and not be looked at; for the superuser it has to be played."""
    (home.inbox / "locked").mkdir()
    (home.inbox / "locked" / "a.txt").write_text("a")
    (home.inbox / "b.txt").write_text("b")
    scandir = os.scandir

    class Locked:
        """An entry of a folder without the right to search it."""

        name = "a.txt"

        def is_dir(self, **_: bool) -> bool:
            raise PermissionError(errno.EACCES, "Permission denied")

    @contextlib.contextmanager
    def listing(folder: Path) -> Iterator[Iterator[object]]:
        with scandir(folder) as entries:
            yield iter([Locked()]) if Path(folder).name == "locked" else entries

    monkeypatch.setattr(os, "scandir", listing)
    for now in (0.0, 1.0, 2.0):
        inbox.look(now)
    monkeypatch.undo()
    assert paths_of_jobs(home) == ["b.txt"]
    assert [m for m in caplog.messages if "cannot be taken" in m] == [
        "locked/a.txt: cannot be taken out of the inbox: Permission denied"
    ]


def test_files_wait_in_the_inbox_for_room(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Over the quota nothing is taken out of the inbox, and that is said once, as is its end."""
    caplog.set_level("INFO")
    inbox = Inbox(home, db)
    full = True

    def check(*_: object) -> None:
        if full:
            raise QuotaError("The quota of 1 MB is used up.")

    monkeypatch.setattr(Room, "check", check)
    for name in ("a", "b", "c"):
        (home.inbox / name).write_text(name)
    for now in range(20):
        assert inbox.look(float(now)) == 0
    assert len(list(home.inbox.iterdir())) == 3
    assert list(home.work.iterdir()) == []
    full = False
    assert inbox.look(20.0) == 3
    assert caplog.messages[0] == "The quota of 1 MB is used up. Files wait in the inbox."
    assert [m for m in caplog.messages if "job" not in m][1:] == ["There is room again."]
