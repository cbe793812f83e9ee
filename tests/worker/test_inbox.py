"""The inbox folder: what is taken, when, and what is left alone."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.database import Database
from worker.inbox import Inbox, Look, Seen, is_ignored, is_stable, observe, read_patience, scan
from worker.jobs import Jobs
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
    assert sorted(p.name for p in home.failed.iterdir()) == [
        "big.txt",
        "big.txt.1",
        "big.txt.1.error.json",
        "big.txt.error.json",
    ]


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
