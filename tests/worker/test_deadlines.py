"""When a document has had its time: on an idle machine, on a busy one, and where nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from worker import deadlines
from worker.deadlines import Deadline, find_waited
from worker.settings import Settings

SETTINGS = replace(Settings(), deadline_seconds=10.0, deadline_page_seconds=1.0, deadline_stretch=3.0)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Say what the time is, and in how much of it processes have waited for a processor."""

    def set_both(now: float, waited: float) -> None:
        monkeypatch.setattr("time.monotonic", lambda: now)
        monkeypatch.setattr(deadlines, "find_waited", lambda: waited)

    return set_both


@pytest.mark.parametrize(
    ("taken", "waited", "pages", "over"),
    [
        (11.0, 0.0, None, False),
        (11.1, 0.0, None, True),
        (19.9, 0.0, 10, False),
        (20.1, 0.0, 10, True),
        (20.0, 9.5, 1, False),
        (20.0, 8.5, 1, True),
        (33.0, 33.0, 1, False),
        (33.1, 33.1, 1, True),
    ],
)
def test_what_counts_is_the_time_in_which_nobody_waited(
    at: Callable[[float, float], None], taken: float, waited: float, pages: int | None, over: bool
) -> None:
    """At the deadline on an idle machine, later on a busy one, and at three times the deadline whatever happens."""
    at(1000.0, 500.0)
    deadline = Deadline(SETTINGS)
    at(1000.0 + taken, 500.0 + waited)
    assert deadline.is_over(pages) == over


def test_the_error_names_the_time_that_was_allowed() -> None:
    """For so many pages."""
    error = Deadline(SETTINGS).error(5)
    assert (error.problem_code, error.detail) == ("E_LIMIT.time", "Reading it takes longer than the 15 s allowed.")


def test_the_kernel_is_asked_and_where_it_does_not_say_every_second_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its counter is in microseconds; a kernel without it, or one that refuses, has nobody wait."""
    file = tmp_path / "cpu"
    monkeypatch.setattr(deadlines, "PRESSURE", file)
    assert find_waited() == 0.0
    for text, seconds in (
        ("some avg10=1.5 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 total=7\n", 2.5),
        ("", 0.0),
        ("some total=x\n", 0.0),
    ):
        file.write_text(text)
        assert find_waited() == seconds
