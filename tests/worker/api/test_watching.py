"""Waiting for jobs goes on whatever has been in its way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from schemas.errors import StorageError
from worker.api import service, watching
from worker.api.problems import ApiError
from worker.api.service import Rows, look
from worker.api.watching import Watch
from worker.settings import Settings


@pytest.mark.parametrize(
    "trouble", [StorageError("It is away."), ApiError(503, "Too much is asked at once."), RuntimeError("a fault")]
)
def test_one_bad_moment_does_not_end_waiting(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows that are away or busy, and even a fault of the program, are looked at again; it is logged."""
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0.05)
    asked = 0

    async def ask(jobs: Sequence[int]) -> dict[int, str]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise trouble
        return dict.fromkeys(jobs, "done")

    async def run() -> str | None:
        watch = Watch(ask)
        async with watch.running():
            return await watch.changed(1, "queued", 10.0)

    with caplog.at_level(logging.WARNING, "crossfoot.api"):
        assert asyncio.run(run()) == "done"
    assert caplog.records


def test_the_watch_is_not_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its one question for all who wait is asked however many other questions wait."""
    monkeypatch.setattr(service, "MOST_QUEUED", 0)
    rows = Rows(Settings())
    monkeypatch.setattr(rows, "_database", lambda: None)
    monkeypatch.setattr("worker.api.rows.look", lambda _, jobs: dict.fromkeys(jobs, "done"))
    assert asyncio.run(look(rows, [1])) == {1: "done"}
    rows.close()
