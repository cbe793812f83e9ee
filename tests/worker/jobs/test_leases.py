"""The life of a job row: one owner at a time, every attempt counted, an end for every document."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from schemas.errors import EncryptedError, UsageError
from tests.fakes.postgres import Postgres
from tests.fakes.scripted import KEY
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import Arrival
from worker.jobs.jobs import Jobs
from worker.jobs.leases import Claim, Part
from worker.settings import Settings

LEASE = 10.0
RESULT = ("r" * 64, 7)


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Settings:
    """A home with a lease of ten seconds, on either database."""
    return replace(Settings(), home=tmp_path, lease_seconds=LEASE, database_url=database_url)


def arrive(db: Database, name: str, text: str, work_id: str | None = None, password: str | None = None) -> int:
    """A document of these bytes under this name; its job."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    work = work_id or f"{name}:{text}:{password}"
    return deliveries.arrive(db, Arrival(name, sha256, len(text), "text", "normal", "e 1", work, password), 0.0)


def claimed(db: Database, home: Settings, job: int, owner: str = "me", now: float = 0.0) -> Claim:
    """The job, claimed."""
    held = leases.claim(db, home, job, owner, now)
    assert held is not None
    return held


def state(db: Database, job: int) -> tuple[str, int]:
    """State and attempts of a job."""
    row = db.row("SELECT state, attempt FROM jobs WHERE id = ?", (job,))
    assert row is not None
    return row["state"], row["attempt"]


def test_only_one_worker_gets_a_job(db: Database, home: Settings) -> None:
    """A second hint for the same job finds nothing to do."""
    job = arrive(db, "a", "a")
    claimed(db, home, job)
    assert leases.claim(db, home, job, "you", LEASE - 1) is None
    assert state(db, job) == ("running", 1)


def test_who_lost_the_lease_changes_nothing_any_more(db: Database, home: Settings) -> None:
    """A worker that was away past its lease is fenced out of every statement; the other's work stands."""
    job = arrive(db, "a", "a")
    late = claimed(db, home, job, "late")
    new = claimed(db, home, job, "new", LEASE + 1)
    assert not leases.renew(db, home, late, LEASE + 2)
    assert leases.finish(db, late, RESULT, {}, LEASE + 2) == "fenced"
    assert not leases.fail(db, late, EncryptedError("x"), LEASE + 2)
    assert leases.release(db, home, late, "x", LEASE + 2) is None
    assert leases.finish(db, new, RESULT, {}, LEASE + 3) == "done"
    assert state(db, job) == ("done", 2)


def test_two_executions_with_different_results_raise_the_alarm(db: Database, home: Settings) -> None:
    """The same document gives the same bytes; a late worker with others says so."""
    job = arrive(db, "a", "a")
    late = claimed(db, home, job, "late")
    leases.finish(db, claimed(db, home, job, "new", LEASE + 1), RESULT, {}, LEASE + 2)
    assert leases.finish(db, late, RESULT, {}, LEASE + 3) == "fenced"
    assert leases.finish(db, late, ("s" * 64, 7), {}, LEASE + 3) == "differs"


def test_the_third_lost_attempt_is_the_last(db: Database, home: Settings) -> None:
    """Whether a process dies or a worker falls silent, three attempts are all, and the end is told to whoever waits."""
    job = arrive(db, "a", "a")
    assert leases.release(db, home, claimed(db, home, job), "it died", 1.0) == "queued"
    claimed(db, home, job, now=2.0)
    assert leases.expire(db, home, 2.0 + LEASE + 1) == ["queued"]
    claimed(db, home, job, now=20.0)
    assert leases.expire(db, home, 20.0 + LEASE + 1) == ["quarantined"]
    assert leases.claim(db, home, job, "me", 99.0) is None
    (ready,) = deliveries.find_ready(db, 100.0)
    assert "after 3 attempts" in json.loads(ready.problem or "")["detail"]


def test_a_machine_whose_clock_is_ahead_takes_no_job_from_others(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases go by the clock of the server that holds the rows, whatever the machines' own show."""
    home = replace(Settings(), home=tmp_path, lease_seconds=LEASE, database_url=postgres.make_database())
    with Database.open(home) as db:
        claimed(db, home, arrive(db, "a", "a"), now=db.now())
        ahead = time.time() + 3 * LEASE
        monkeypatch.setattr(time, "time", lambda: ahead)
        assert leases.expire(db, home, db.now()) == []
        assert leases.bring_back(db, home, db.now()) == 0


def test_a_job_without_an_attempt_left_does_not_wait_for_ever(db: Database, home: Settings) -> None:
    """Where fewer attempts are allowed than were made, the next hint ends the job with a sentence."""
    job = arrive(db, "a", "a")
    for _ in range(2):
        leases.release(db, home, claimed(db, home, job), "it died", 1.0)
    fewer = replace(home, attempts=2)
    assert leases.claim(db, fewer, job, "me", 2.0) is None
    assert state(db, job) == ("quarantined", 2)
    (ready,) = deliveries.find_ready(db, 3.0)
    assert "2 are allowed" in json.loads(ready.problem or "")["detail"]


def test_stopping_a_worker_ourselves_costs_no_attempt(db: Database, home: Settings) -> None:
    """Only the jobs of the workers that were stopped go back, and without the attempt."""
    mine, other = arrive(db, "a", "a"), arrive(db, "b", "b")
    claimed(db, home, mine, "up1:main:7")
    claimed(db, home, other, "up2:main:7")
    assert leases.release_unharmed(db, "up1:") == 1
    assert state(db, mine) == ("queued", 0)
    assert state(db, other) == ("running", 1)


def test_a_password_does_not_outlive_its_job(db: Database, home: Settings) -> None:
    """The password is there for the worker and gone from the database when the job has ended."""
    job = arrive(db, "a", "a", password=KEY)
    held = claimed(db, home, job)
    assert held.password == KEY
    leases.finish(db, held, RESULT, {}, 1.0)
    assert db.row("SELECT 1 FROM jobs WHERE password IS NOT NULL") is None


def test_a_failed_document_dropped_again_is_tried_again(db: Database, home: Settings) -> None:
    """Dropping a failed file again is a wish to try again, with the password that now lies beside it."""
    job = arrive(db, "a", "a")
    leases.fail(db, claimed(db, home, job), EncryptedError("x"), 1.0)
    assert arrive(db, "a", "a", work_id="second", password=KEY) == job
    assert state(db, job) == ("queued", 0)
    assert claimed(db, home, job).password == KEY


def test_a_done_document_is_not_converted_again(db: Database, home: Settings) -> None:
    """The same bytes again get the result that is there."""
    job = arrive(db, "a", "a")
    leases.finish(db, claimed(db, home, job), RESULT, {}, 1.0)
    assert arrive(db, "b", "a") == job
    assert state(db, job) == ("done", 1)
    assert [d.base for d in deliveries.find_ready(db, 2.0)] == ["a", "b"]


def test_an_arrival_told_twice_is_one(db: Database) -> None:
    """The inbox may have been killed after it wrote the row: it tells the same arrival again."""
    assert arrive(db, "a", "a", work_id="w") == arrive(db, "a", "a", work_id="w")
    assert len(db.rows("SELECT 1 FROM deliveries")) == 1


def test_a_container_is_served_after_its_parts(db: Database, home: Settings) -> None:
    """The index says what came of each part: it waits for the last one, under every name of the container."""
    first = arrive(db, "c.zip", "zip")
    parts = tuple(Part(n, f"p{n}.txt", str(n) * 64, 1, "text", '{"parent":"zip"}') for n in (1, 2))
    assert leases.finish_container(db, claimed(db, home, first), RESULT, leases.Opened(parts), 1.0) == "done"
    assert arrive(db, "again.zip", "zip") == first
    assert deliveries.find_ready(db, 2.0) == []
    for row in db.rows("SELECT id FROM jobs WHERE parent IS NOT NULL"):
        leases.finish(db, claimed(db, home, row["id"]), RESULT, {}, 3.0)
    served = []
    while ready := deliveries.find_ready(db, 4.0):
        for delivery in ready:
            deliveries.complete(db, delivery, 4.0)
            served.append(delivery.base)
    assert set(served[:4]) == {f"{c}/0{n}-p{n}.txt" for c in ("c.zip", "again.zip") for n in (1, 2)}
    assert set(served[4:]) == {"c.zip", "again.zip"}


def test_a_back_fill_of_known_bytes_joins_their_job(db: Database, home: Settings) -> None:
    """A path whose bytes have a job gets that job's result; no second job is left."""
    job = arrive(db, "a.txt", "a")
    leases.finish(db, claimed(db, home, job), RESULT, {}, 1.0)
    assert deliveries.plan(db, "batch", [deliveries.Planned("old/a.txt", "file:///old/a.txt", "text")], "e 1", 2.0) == 1
    assert deliveries.plan(db, "batch", [deliveries.Planned("old/a.txt", "file:///old/a.txt", "text")], "e 1", 3.0) == 0
    held = claimed(db, home, job + 1)
    assert not leases.attach(db, held, hashlib.sha256(b"a").hexdigest(), 1, 4.0)
    assert [d.base for d in deliveries.find_ready(db, 5.0)] == ["a.txt", "old/a.txt"]
    with Jobs.open(home) as jobs:
        assert jobs.counts()["done"] == 1
        assert len(jobs.list()) == 1


def test_people_may_retry_what_failed_and_cancel_what_has_not_ended(db: Database, home: Settings) -> None:
    """Retry and cancel say no where they make no sense."""
    job = arrive(db, "a", "a")
    with Jobs.open(home) as jobs:
        with pytest.raises(UsageError, match="queued"):
            jobs.retry(job)
        assert jobs.cancel(job).state == "cancelled"
        with pytest.raises(UsageError, match="already"):
            jobs.cancel(job)
        again = jobs.retry(job)
        assert (again.state, again.attempt) == ("queued", 0)
        with pytest.raises(UsageError, match="no job 99"):
            jobs.show(99)


class Rows(RuleBasedStateMachine):
    """Workers, sweeper, users and the clock in any order: what must hold, holds after every step."""

    def url(self) -> str:
        """Where the rows are: a file in the home, unless a subclass says otherwise."""
        return ""

    @initialize()
    def begin(self) -> None:
        """An empty database at time nought."""
        self.folder = tempfile.mkdtemp()
        self.home = replace(
            Settings(), home=Path(self.folder), lease_seconds=LEASE, attempts=2, database_url=self.url()
        )
        self.db = Database.open(self.home)
        self.now = 0.0
        self.claims: list[Claim] = []
        self.executions: dict[int, int] = {}
        self.arrivals = 0

    def teardown(self) -> None:
        """Close and remove it."""
        if hasattr(self, "db"):
            self.db.close()
            shutil.rmtree(self.folder)

    @rule(text=st.sampled_from("ab"), name=st.sampled_from("xy"))
    def arrive(self, text: str, name: str) -> None:
        """A document is dropped, perhaps one that is known, perhaps under a name that is taken."""
        self.arrivals += 1
        before = self.db.row("SELECT id FROM jobs WHERE sha256 = ?", (hashlib.sha256(text.encode()).hexdigest(),))
        job = arrive(self.db, name, text, work_id=str(self.arrivals))
        assert before is None or before["id"] == job
        if state(self.db, job) == ("queued", 0):
            self.executions[job] = 0

    @rule(seconds=st.sampled_from([1.0, LEASE / 2, LEASE + 1]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @precondition(lambda self: self.executions)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """A worker takes up a hint for some job."""
        job = data.draw(st.sampled_from(sorted(self.executions)))
        row = self.db.row("SELECT state, attempt, lease_until FROM jobs WHERE id = ?", (job,))
        assert row is not None
        free = row["state"] == "queued" or (row["state"] == "running" and row["lease_until"] < self.now)
        held = leases.claim(self.db, self.home, job, f"w{len(self.claims)}", self.now)
        assert (held is not None) == (free and row["attempt"] < self.home.attempts)
        if held is not None:
            self.executions[job] += 1
            assert held.attempt == self.executions[job] <= self.home.attempts
            self.claims.append(held)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), deed=st.sampled_from(["release", "renew", "fail", "finish"]))
    def act(self, data: st.DataObject, deed: str) -> None:
        """A worker, perhaps one that has lost its lease long ago, goes on with its job: only an owner can."""
        held = data.draw(st.sampled_from(self.claims[-3:]))
        row = self.db.row("SELECT owner FROM jobs WHERE id = ?", (held.id,))
        ours = row is not None and row["owner"] == held.owner
        deeds = {
            "renew": lambda: leases.renew(self.db, self.home, held, self.now),
            "finish": lambda: leases.finish(self.db, held, RESULT, {}, self.now) == "done",
            "fail": lambda: leases.fail(self.db, held, EncryptedError("x"), self.now),
            "release": lambda: leases.release(self.db, self.home, held, "it died", self.now) is not None,
        }
        assert deeds[deed]() == ours

    @rule()
    def sweep(self) -> None:
        """The sweeper looks for silent workers."""
        leases.expire(self.db, self.home, self.now)

    @rule()
    def deliver(self) -> None:
        """What is ready is served."""
        for delivery in deliveries.find_ready(self.db, self.now):
            deliveries.complete(self.db, delivery, self.now)

    @invariant()
    def one_job_for_the_same_bytes(self) -> None:
        """No bytes have two jobs."""
        if hasattr(self, "db"):
            assert self.db.rows("SELECT sha256 FROM jobs GROUP BY sha256 HAVING count(*) > 1") == []

    @invariant()
    def every_arrival_has_a_name_of_its_document(self) -> None:
        """Nothing that arrived is forgotten, and no two documents share a name."""
        if hasattr(self, "db"):
            rows = self.db.rows("SELECT d.base, j.sha256 FROM deliveries d JOIN jobs j ON j.id = d.job_id")
            assert len(rows) == self.arrivals
            assert len({row["base"] for row in rows}) == len({(row["base"], row["sha256"]) for row in rows})

    @invariant()
    def what_has_ended_is_ready_and_nothing_else(self) -> None:
        """Whoever waits is told exactly when the job has ended."""
        if hasattr(self, "db"):
            query = "SELECT d.ready, j.state FROM deliveries d JOIN jobs j ON j.id = d.job_id"
            assert all(r["ready"] == (r["state"] not in ("queued", "running")) for r in self.db.rows(query))

    @invariant()
    def attempts_are_counted_and_limited(self) -> None:
        """No job has more attempts than are allowed, none is given up before, none waits without one."""
        if hasattr(self, "db"):
            rows = [(row["state"], row["attempt"]) for row in self.db.rows("SELECT state, attempt FROM jobs")]
            assert all(attempt <= self.home.attempts for _, attempt in rows)
            assert ("queued", self.home.attempts) not in rows
            assert all(attempt == self.home.attempts for state, attempt in rows if state == "quarantined")


MACHINE = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestRows = Rows.TestCase
TestRows.settings = MACHINE


def test_the_same_holds_on_postgresql(postgres: Postgres) -> None:
    """The same machine, its rows on a server."""

    class RowsOnPostgres(Rows):
        def url(self) -> str:
            return postgres.make_database()

    run_state_machine_as_test(RowsOnPostgres, settings=settings(MACHINE, max_examples=15))
