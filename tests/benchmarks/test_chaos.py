"""Nothing is lost, doubled or stuck while processes die; and whoever judges that would notice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.chaos import FAULTS, MOST_EXTRA, Chaos, Plan, own_disk
from benchmarks.history import Handed, Log, Verdict, judge
from tests.fakes.postgres import Postgres
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import Arrival
from worker.processes.supervisor import make_folders
from worker.settings import Settings

EVERY = {*FAULTS, "flushall"}
# how many documents a fault may make be begun again: those of four pool processes, which on a full disk try thrice
UNDER_WAY = dict.fromkeys(("group", "stop", "redis", "flushall", "postgres"), 4) | {"child": 1, "around": 0, "full": 12}


@pytest.mark.service
@pytest.mark.slow
def test_nothing_is_lost_under_faults(tmp_path: Path) -> None:
    """500 documents while all is hurt that can be, and the disk is full: every document has its one answer."""
    with own_disk(tmp_path / "home") as is_own:
        chaos = Chaos(Plan(500), tmp_path, own_disk=is_own)
        verdict = chaos.run()
    assert verdict.faults() == {}
    assert verdict.extra <= MOST_EXTRA
    assert chaos.fed == 500
    assert set(chaos.done) == EVERY | ({"full"} if is_own else set())


@pytest.mark.service
@pytest.mark.slow
def test_nothing_is_lost_while_the_server_is_killed(tmp_path: Path) -> None:
    """For a shorter while where the rows lie on PostgreSQL, which is killed as well."""
    with own_disk(tmp_path / "home") as is_own, Postgres() as server:
        chaos = Chaos(Plan(250, seconds=20.0, settle=60.0), tmp_path, server, own_disk=is_own)
        verdict = chaos.run()
    assert verdict.faults() == {}
    # faults come more densely here than a share of so few documents could say: what was under way, and no more
    assert verdict.executions - verdict.documents <= sum(UNDER_WAY[fault] * n for fault, n in chaos.done.items())
    assert chaos.fed >= 100
    assert {"child", "group", "redis", "flushall"} <= set(chaos.done) or chaos.fed < 250


TEXT = b"a document\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as a service leaves it that has converted one document, and what its client has noted."""
    settings = replace(Settings(), home=tmp_path / "home")
    make_folders(settings)
    Log(tmp_path / "log").add(Handed("a.txt", SHA256, "1"))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/1").write_text("77\n")
    result = json.dumps({"source": {"sha256": SHA256}}).encode()
    (settings.results / "a.txt.json").write_bytes(result)
    (settings.done / "a.txt").write_bytes(TEXT)
    (settings.blobs / "ab/cd").mkdir(parents=True)
    (settings.blobs / "ab/cd" / SHA256).write_bytes(TEXT)
    with Database.open(settings) as db:
        deliveries.arrive(db, Arrival("a.txt", SHA256, len(TEXT), "text", "normal", "e 1", "w1"), 0.0)
        held = leases.claim(db, settings, 1, "o", 1.0)
        assert held is not None
        leases.finish(db, held, (hashlib.sha256(result).hexdigest(), len(result)), {}, 2.0)
        db.execute("UPDATE deliveries SET delivered_at = 3")
    return settings.home


def look(home: Path) -> Verdict:
    """What is found there."""
    return judge(Log(home.parent / "log"), home, home.parent / "notes")


def rows(home: Path, statement: str) -> None:
    """Change the rows."""
    with Database.open(replace(Settings(), home=home)) as db:
        db.execute(statement)


def test_a_home_in_order_has_no_faults(home: Path) -> None:
    """One document, one execution, one answer."""
    verdict = look(home)
    assert verdict.faults() == {}
    assert (verdict.documents, verdict.executions, verdict.extra) == (1, 1, 0.0)


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "no answer": ("lost", lambda home: (home / "results/a.txt.json").unlink()),
    "no original": ("lost", lambda home: (home / "done/a.txt").write_bytes(b"other")),
    "no job": ("lost", lambda home: Log(home.parent / "log").add(Handed("b.txt", "0" * 64, "2"))),
    "two answers": ("divergent", lambda home: (home / "failed/a.txt.error.json").write_text("{}")),
    "another's": ("divergent", lambda home: (home / "results/a.txt.json").write_text('{"source": {"sha256": "0"}}')),
    "the alarm": ("divergent", lambda home: (home / "logs/worker-main.log").write_text("job 1: ALARM")),
    "not delivered": ("stuck", lambda home: rows(home, "UPDATE deliveries SET delivered_at = NULL")),
    "not ended": ("stuck", lambda home: rows(home, "UPDATE jobs SET state = 'queued'")),
    "given up": ("refused", lambda home: rows(home, "UPDATE jobs SET state = 'quarantined'")),
    "too many attempts": ("broken", lambda home: rows(home, "UPDATE jobs SET attempt = 4")),
    "other bytes": ("broken", lambda home: (home / "blobs/ab/cd" / SHA256).write_bytes(b"other")),
    "left over": ("broken", lambda home: (home / "scratch/folder").mkdir()),
    "poison": ("passed", lambda home: (home.parent / "log").write_text(json.dumps(["a.txt", SHA256, "1", "crash"]))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_in_order_is_found(home: Path, damage: str) -> None:
    """Each kind of fault is told apart from the others."""
    kind, do = DAMAGE[damage]
    do(home)
    assert kind in look(home).faults()


def test_executions_are_counted(home: Path) -> None:
    """What was done twice is an execution too many."""
    (home.parent / "notes/1").write_text("77\n78\n")
    assert look(home).extra == 1.0
