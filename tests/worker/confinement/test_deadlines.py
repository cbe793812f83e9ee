"""When a document has had its time: on an idle machine, on a busy one, and where nobody knows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from worker.confinement import deadlines
from worker.confinement.deadlines import Deadline, find_used, find_waited
from worker.settings import Settings

SETTINGS = replace(Settings(), deadline_seconds=10.0, deadline_page_seconds=1.0, deadline_stretch=3.0)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say what the time is, in how much of it processes waited for a processor, and how much the child used."""

    def set_all(now: float, waited: float, used: float = 0.0) -> None:
        monkeypatch.setattr("time.monotonic", lambda: now)
        monkeypatch.setattr(deadlines, "find_waited", lambda: waited)
        monkeypatch.setattr(deadlines, "find_used", {7: used}.__getitem__)

    return set_all


@pytest.mark.parametrize(
    ("taken", "waited", "used", "pages", "over"),
    [
        (11.0, 0.0, 11.0, None, False),
        (11.1, 0.0, 0.0, None, True),
        (19.9, 0.0, 19.9, 10, False),
        (20.1, 0.0, 0.0, 10, True),
        (20.0, 9.5, 10.9, 1, False),
        (20.0, 8.5, 0.0, 1, True),
        (20.0, 20.0, 11.1, 1, True),
        (10.0, 10.0, 20.0, 1, False),
        (33.0, 33.0, 0.0, 1, False),
        (33.1, 33.1, 0.0, 1, True),
    ],
)
def test_what_counts_is_the_time_in_which_it_could_be_read(
    at: Callable[..., None], taken: float, waited: float, used: float, pages: int | None, over: bool
) -> None:
    """At the deadline where processors are free, later where not, and at three times the deadline whatever happens."""
    at(1000.0, 500.0)
    deadline = Deadline(SETTINGS, 7)
    at(1000.0 + taken, 500.0 + waited, used)
    assert deadline.is_over(pages) == over


def test_the_error_names_the_time_that_was_allowed() -> None:
    """For so many pages."""
    error = Deadline(SETTINGS, 7).error(5)
    assert (error.problem_code, error.detail) == ("E_LIMIT.time", "Reading it takes longer than the 15 s allowed.")


def test_the_kernel_is_asked_and_where_it_does_not_say_every_second_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its counter is in microseconds; a kernel without it, or one that refuses, has nobody wait."""
    monkeypatch.setattr(deadlines, "PROC", tmp_path)
    assert find_waited() == 0.0
    (tmp_path / "pressure").mkdir()
    for text, seconds in (
        ("some avg10=1.5 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 total=7\n", 2.5),
        ("", 0.0),
        ("some total=x\n", 0.0),
    ):
        (tmp_path / "pressure" / "cpu").write_text(text)
        assert find_waited() == seconds


def test_a_process_s_own_time_and_that_of_its_programs_is_counted() -> None:
    """What the kernel says of this process is what it says to it; of one that is gone it says nothing."""
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    sum(range(3_000_000))
    said = os.times()
    assert find_used(os.getpid()) == pytest.approx(sum(said[:4]), abs=0.1)
    assert said.children_user + said.children_system > 0.0
    assert find_used(1 << 30) == 0.0
