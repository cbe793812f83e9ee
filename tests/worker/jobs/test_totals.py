"""Totals grow by what is added, whoever adds at the same time, and with the transaction or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from worker import metrics
from worker.database import Database, atomic
from worker.jobs import totals
from worker.settings import Settings


@atomic
def add_each(db: Database, names: list[str]) -> None:
    """Several additions in one transaction, in the order of the names."""
    for name in names:
        totals.add(db, {(name, "a", "b"): 1})


def test_who_adds_at_once_loses_nothing(db: Database, home: Settings) -> None:
    """Eight who add to the same totals, in different orders, have added everything."""

    def add_many(number: int) -> None:
        with Database.open(home) as own:
            for _ in range(10):
                add_each(own, ["x", "y"] if number % 2 else ["y", "x"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_many, range(8)))
    assert totals.read(db) == {("x", "a", "b"): 80, ("y", "a", "b"): 80}


def test_what_is_undone_was_not_added(db: Database) -> None:
    """A transaction that fails adds nothing; adding nothing leaves no row."""

    def fail() -> None:
        with db.transaction():
            totals.add(db, {("x", "a"): 5.5})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    totals.add(db, {("x", "a"): 0})
    assert totals.read(db) == {}
    totals.add(db, {("x", "a"): 0.5, ("y",): 1})
    assert totals.read(db) == {("x", "a"): 0.5, ("y", ""): 1}


def test_both_databases_are_measured(db: Database, home: Settings) -> None:
    """Totals and what is so now are read from either database: a job that waits, one that has ended."""
    for state in ("queued", "cancelled"):
        job = db.insert(
            "INSERT INTO jobs(profile, engine, urgency, kind, state, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            ("default", "x", "normal", "pdf", state, 100.0),
        )
    totals.add_ended(db, job)
    shown = metrics.render(home, db, 160.0).decode()
    assert 'crossfoot_jobs_total{outcome="cancelled",route="pdf"} 1.0' in shown
    assert 'crossfoot_queue_depth{queue="normal.pdf"} 1.0' in shown
    assert 'crossfoot_queue_oldest_seconds{queue="normal.pdf"} 60.0' in shown
