"""Back-fills: which files, under which names, once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import UsageError
from worker import backfill
from worker.backfill import Progress
from worker.jobs import Jobs
from worker.settings import Settings


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Settings:
    """A home that nobody serves, its rows on either database."""
    return replace(Settings(), home=tmp_path / "home", database_url=database_url)


def paths(settings: Settings) -> list[str]:
    """The names under which results will lie."""
    with Jobs.open(settings) as jobs:
        return sorted(path for job in jobs.list() for path in job.paths)


def test_a_folder_is_walked_once(home: Settings, tmp_path: Path) -> None:
    """Every file of a folder becomes a row, hidden ones do not; the second run adds only what is new."""
    folder = tmp_path / "archive"
    (folder / "1999").mkdir(parents=True)
    for name in ("1999/a.txt", "b.pdf", ".hidden"):
        (folder / name).write_text(name)
    seen: list[Progress] = []
    assert backfill.run(folder, home, wait=False, report=seen.append) == Progress(total=2, queued=2)
    (folder / "new.htm").write_text("new")
    assert backfill.run(folder, home, wait=False).total == 3
    assert paths(home) == ["1999/a.txt", "b.pdf", "new.htm"]
    assert seen[-1].total == 2
    with Jobs.open(home) as jobs:
        assert {job.kind for job in jobs.list()} == {"text", "pdf", "html"}
        assert {job.urgency for job in jobs.list()} == {"backfill"}


def test_a_manifest_names_files_in_lines_or_json(home: Settings, tmp_path: Path) -> None:
    """Relative paths start at the manifest; what lies elsewhere keeps its whole path under results/."""
    manifest = tmp_path / "lists" / "all.jsonl"
    manifest.parent.mkdir()
    manifest.write_text('q1/a.txt\n\n{"path": "b.txt", "cik": 7}\n/elsewhere/c.txt\n../up/d.txt\n')
    assert backfill.run(manifest, home, wait=False).total == 4
    outside = (tmp_path / "up" / "d.txt").relative_to("/").as_posix()
    assert paths(home) == sorted(["q1/a.txt", "b.txt", "elsewhere/c.txt", outside])


@pytest.mark.parametrize("line", ['{"file": "a"}', "{", '{"path": 7}'])
def test_a_line_that_names_no_path_is_refused_by_its_number(home: Settings, tmp_path: Path, line: str) -> None:
    """The person is told which line of the manifest is wrong."""
    (tmp_path / "m.jsonl").write_text(f"a.txt\n{line}\n")
    with pytest.raises(UsageError, match=r"m.jsonl, line 2"):
        backfill.run(tmp_path / "m.jsonl", home, wait=False)


def test_a_source_that_is_not_there_is_refused(home: Settings, tmp_path: Path) -> None:
    """Neither a folder nor a file: a mistake of the command."""
    with pytest.raises(UsageError, match="neither"):
        backfill.run(tmp_path / "nothing", home, wait=False)


def test_names_of_any_bytes_are_rows(home: Settings, tmp_path: Path) -> None:
    """A file name that is no UTF-8 is a document like any other."""
    folder = tmp_path / "archive"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("x")
    assert backfill.run(folder, home, wait=False).total == 1
    assert paths(home) == ["caf_.txt"]
