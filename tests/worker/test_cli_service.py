"""``crossfoot up``, ``worker``, ``backfill`` and ``jobs`` hand over what was asked for, and nothing else."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest

from schemas.errors import UsageError
from tests.worker.conftest import Said
from worker import backfill as filler
from worker.blobs import Store
from worker.jobs import jobs as rows
from worker.processes import app, supervisor
from worker.settings import DEFAULT_HOME, Settings

Crossfoot = Callable[..., Said]
PROBLEM: dict[str, str | None] = {"detail": "It asks for a password.", "code": "E_ENCRYPTED"}


def job(number: int, state: rows.State, problem: dict[str, str | None] | None = None) -> rows.Job:
    """A job row."""
    return rows.Job(
        id=number, state=state, paths=(f"q{number}/report.pdf",), sha256="0" * 64, urgency="normal", kind="pdf",
        attempt=1, parent=None, created_at=1.0, finished_at=None, problem=problem, result_sha256=None, summary=None,
    )  # fmt: skip


class FakeJobs:
    """Job rows in memory that remember what was asked."""

    asked: list[tuple[Any, ...]]

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Remember the home."""
        cls.asked = [("open", settings.home)]
        return cls()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.asked.append(("closed",))

    def list(self, state: str | None, limit: int, before: int | None) -> tuple[rows.Job, ...]:
        """Two jobs, whatever is asked."""
        self.asked.append(("list", state, limit, before))
        return (job(2, "failed", PROBLEM), job(1, "done"))

    def show(self, number: int) -> rows.Job:
        """One job; there is no job 99."""
        if number == 99:
            raise UsageError("There is no job 99.")
        return job(number, "done")

    def versions(self, number: int) -> builtins.list[dict[str, object]]:
        """One result."""
        return [{"job": number, "version": 1}]

    def retry(self, number: int, store: Store) -> rows.Job:
        """Queued again; whether the store still has its result is asked where it lies."""
        assert list(store.list()) == []
        self.asked.append(("retry", number))
        return job(number, "queued")

    def retry_failed(self, batch: str, code: str, *, earlier: bool = False) -> int:
        """Seven."""
        self.asked.append(("retry failed", batch, code, earlier))
        return 7

    def redo_all(self) -> int:
        """Three."""
        return 3

    def cancel(self, number: int) -> rows.Job:
        """Cancelled."""
        self.asked.append(("cancel", number))
        return job(number, "cancelled")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[FakeJobs]:
    """The rows that the commands see, in homes that are there."""
    for home in (DEFAULT_HOME, Path("h")):
        (tmp_path / home).mkdir()
        (tmp_path / home / "jobs.sqlite").touch()
    monkeypatch.setattr(rows, "Jobs", FakeJobs)
    return FakeJobs


def test_up_serves_the_home_it_is_given(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The home of the command line wins over that of the environment; the status is the supervisor's."""
    homes: list[Path] = []

    def run(settings: Settings) -> int:
        homes.append(settings.home)
        return 0

    monkeypatch.setattr(supervisor, "run", run)
    monkeypatch.setenv("CROSSFOOT_HOME", "/elsewhere")
    assert crossfoot("up").status == 0
    assert crossfoot("up", "--home", "mine").status == 0
    assert homes == [Path("/elsewhere"), tmp_path / "mine"]


def test_worker_gets_its_queues(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues and concurrency reach the worker, and its status comes back."""
    asked: list[tuple[str, int | None]] = []

    def run(_: Settings, queues: str, concurrency: int | None) -> int:
        asked.append((queues, concurrency))
        return 10

    monkeypatch.setattr(app, "run", run)
    assert crossfoot("worker", "-Q", "backfill.ocr", "-c", "3").status == 10
    assert asked == [("backfill.ocr", 3)]


@pytest.mark.parametrize(("failed", "status"), [(0, 0), (2, 6)])
def test_backfill_reports_and_counts(
    crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, failed: int, status: int
) -> None:
    """A back-fill says how far it is on standard error and ends with 6 where documents failed."""

    def run(
        source: str, settings: Settings, options: filler.Options, report: Callable[[filler.Progress], None]
    ) -> object:
        assert (source, options) == ("docs", filler.Options(wait=False, rate=0.5, shard=(2, 3), redo=True))
        done = filler.Progress(10, 0, 0, 10 - failed, failed, 0, 0)
        running = filler.Progress(10, 9, 1, 0, 0, 0, 0)
        full = replace(running, queued=10, running=0, paused="The disk is nearly full.")
        for progress in (running, running, full, full, done):
            report(progress)
        return done

    monkeypatch.setattr(filler, "run", run)
    said = crossfoot("backfill", "docs", "--no-wait", "--limit-rate", "30/m", "--shard", "2/3", "--redo")
    assert (said.status, said.out) == (status, b"")
    assert said.err.count("1 running") == 1
    assert said.err.count("10 queued; paused: The disk is nearly full.") == 1
    assert f"10 documents: {10 - failed} done" in said.err


@pytest.mark.parametrize(
    "words",
    ["backfill docs --limit-rate 0/s", "jobs retry", "jobs retry 3 --failed", "jobs retry 3 --code E_TYPE",
     "jobs redo 3 --failed"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(crossfoot: Crossfoot, jobs: type[FakeJobs], words: str) -> None:
    """No rate is not the same as a rate of nothing; jobs are named, or chosen."""
    assert crossfoot(*words.split()).status == 2


def test_jobs_are_listed(crossfoot: Crossfoot, jobs: type[FakeJobs]) -> None:
    """A job is a line with its columns a tab apart; the options reach the rows, which are closed again."""
    said = crossfoot("jobs", "ls", "--state", "failed", "--limit", "5", "--before", "7", "--home", "h")
    assert said.status == 0
    first, second = said.out.decode().splitlines()
    assert first.split("\t") == ["2", "failed", "1", "q2/report.pdf", "It asks for a password. [E_ENCRYPTED]"]
    assert second.split("\t") == ["1", "done", "1", "q1/report.pdf"]
    assert jobs.asked == [("open", Path("h").absolute()), ("list", "failed", 5, 7), ("closed",)]


def test_jobs_as_json(crossfoot: Crossfoot, jobs: type[FakeJobs]) -> None:
    """With --json every line is an object with everything known, as ``show`` prints it."""
    lines = [json.loads(line) for line in crossfoot("jobs", "ls", "--json").out.splitlines()]
    assert [line["state"] for line in lines] == ["failed", "done"]
    assert json.loads(crossfoot("jobs", "show", "1").out) == lines[1] | {"versions": [{"job": 1, "version": 1}]}


def test_a_job_that_does_not_exist(crossfoot: Crossfoot, jobs: type[FakeJobs]) -> None:
    """Asking for a job that is not there is wrong usage, in one sentence."""
    said = crossfoot("jobs", "show", "99")
    assert (said.status, said.out, said.err) == (2, b"", "crossfoot: There is no job 99.\n")


@pytest.mark.parametrize("words", ["jobs ls", "jobs show 1", "jobs retry 1", "keys list", "keys revoke 1"])
def test_a_mistyped_home_is_told_and_not_made(crossfoot: Crossfoot, tmp_path: Path, words: str) -> None:
    """Who looks after jobs or keys in a home that is not there learns so, with status 2, and makes none."""
    said = crossfoot(*words.split(), "--home", "typo")
    assert (said.status, said.out) == (2, b"")
    assert said.err == f"crossfoot: There is no home at {tmp_path / 'typo'}: it holds no jobs.sqlite.\n"
    assert not (tmp_path / "typo").exists()


def test_jobs_are_run_again_and_cancelled(crossfoot: Crossfoot, jobs: type[FakeJobs]) -> None:
    """Several jobs can be named at once; what became of each is a line."""
    assert crossfoot("jobs", "retry", "3", "4").out.count(b"queued") == 2
    assert ("retry", 4) in jobs.asked
    said = crossfoot("jobs", "retry", "--failed", "--batch", "docs", "--code", "e_corrupt", "--home", "h")
    assert said.err == "crossfoot: 7 jobs queued\n"
    assert jobs.asked[1] == ("retry failed", (Path("h").absolute().parent / "docs").as_uri(), "E_CORRUPT", False)
    assert crossfoot("jobs", "redo", "--all", "--failed").err == "crossfoot: 10 jobs queued\n"
    assert crossfoot("jobs", "cancel", "5").out == b"5\tcancelled\t1\tq5/report.pdf\n"
