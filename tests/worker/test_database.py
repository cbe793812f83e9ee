"""The door to the rows: what an older program wrote, two who write at once, what goes wrong underneath."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from schemas.errors import ConfigurationError, StorageError
from tests.fakes.claims import claim_next
from tests.fakes.postgres import Postgres
from worker.database import ConflictError, Database, atomic
from worker.jobs import deliveries, leases, names
from worker.jobs.deliveries import Arrival
from worker.jobs.jobs import Jobs
from worker.rows import migrate
from worker.rows.tables import metadata
from worker.settings import Settings

FIRST = Path(__file__).parent / "first_schema.sql"


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Settings:
    """A home, its rows on either database."""
    return replace(Settings(), home=tmp_path / "home", database_url=database_url)


def first_home(home: Path) -> None:
    """A home as the first version of the program left it: a job done, one waiting, one taken back, names for each."""
    home.mkdir()
    with sqlite3.connect(home / "jobs.sqlite") as old:
        old.executescript(FIRST.read_text(encoding="utf-8"))
    old.close()


def test_a_home_of_the_first_version_is_taken_over_without_loss(tmp_path: Path) -> None:
    """Every row is there under its number, a result is a version, and a number once given is not given again."""
    home = replace(Settings(), home=tmp_path / "home")
    first_home(home.home)
    with sqlite3.connect(home.database) as old:
        old.row_factory = sqlite3.Row
        tables = ("documents", "jobs", "names", "deliveries")
        before = {t: [dict(row) for row in old.execute("SELECT * FROM " + t)] for t in tables}  # noqa: S608
    old.close()
    for _ in range(2):
        with Database.open(home) as db:
            for table, rows in before.items():
                after = db.rows("SELECT * FROM " + table + " ORDER BY 1")  # noqa: S608 - names of ours
                assert [{k: row[k] for k in kept} for kept, row in zip(rows, after, strict=True)] == rows
            (result,) = db.rows("SELECT job_id, version, engine, sha256, created_at FROM results")
            assert list(result.values()) == [1, 1, "crossfoot 0.1.0", "r" * 64, 20.0]
    with Database.open(home) as db:
        arrival = Arrival("new", "c" * 64, 1, "text", "normal", "e 1", "w9")
        assert deliveries.arrive(db, arrival, 50.0) == 8
        held = leases.claim(db, home, 2, "me", 60.0)
        assert held is not None
        assert leases.finish(db, held, ("s" * 64, 5), {}, 61.0) == "done"
        assert [d.base for d in deliveries.find_ready(db, 62.0)] == ["b.txt"]


def test_the_tables_are_what_the_migrations_make(db: Database, home: Settings) -> None:
    """Nothing was changed in the tables that no migration knows of, and the newest migration is the one looked for."""
    db.close()
    engine = create_engine(
        (home.database_url or f"sqlite:///{home.database}").replace("postgresql:", "postgresql+psycopg:")
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    assert ScriptDirectory(str(migrate.MIGRATIONS)).get_heads() == [migrate.HEAD]


def test_a_database_of_a_later_version_is_not_touched(
    db: Database, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is too old says so instead of writing into what it does not understand."""
    db.execute("UPDATE alembic_version SET version_num = '9999'")
    monkeypatch.setattr("worker.database._Shared._key", None)  # as a process that begins
    with pytest.raises(StorageError, match="revision 9999"):
        Database.open(home)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "postgresql://host:port/name"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    """Only what is tested is taken."""
    with pytest.raises(ConfigurationError, match="CROSSFOOT_DATABASE_URL"):
        Database.open(replace(Settings(), home=tmp_path, database_url=url))


def test_a_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    """The message says what is wrong, not the secret in the address."""
    url = "postgresql://someone:geheim@127.0.0.1:1/crossfoot"
    with pytest.raises(StorageError, match="cannot be opened") as caught:
        Database.open(replace(Settings(), home=tmp_path, database_url=url))
    assert "geheim" not in str(caught.value.detail)


def test_a_transaction_is_all_or_nothing(db: Database) -> None:
    """What an error interrupts has not happened."""
    with pytest.raises(ZeroDivisionError), db.transaction():  # noqa: PT012 - the block is what is interrupted
        deliveries.add_document(db, "a" * 64, 1, 0.0)
        raise ZeroDivisionError
    assert db.rows("SELECT 1 FROM documents") == []
    with pytest.raises(IntegrityError):
        db.execute("INSERT INTO results(job_id, engine, sha256, created_at) VALUES (99, 'e', 'x', 0)")


def test_a_conflict_is_tried_again_and_an_outer_transaction_decides(db: Database) -> None:
    """A function that another was in the way of runs again from the start; inside a transaction it does not."""
    tried = []

    @atomic
    def clash(_db: Database, times: int) -> int:
        tried.append(1)
        if len(tried) <= times:
            raise ConflictError("x")
        return len(tried)

    assert clash(db, 3) == 4
    tried.clear()
    with pytest.raises(ConflictError), db.transaction():
        clash(db, 1)


def test_many_workers_at_once_do_every_job_once(home: Settings, db: Database) -> None:
    """Eight workers that take whatever waits, without hints: each job is claimed once and ends once."""
    for number in range(40):
        deliveries.arrive(db, Arrival(f"{number}", f"{number:064}", 1, "text", "normal", "e 1", f"w{number}"), 0.0)
    claims: list[int] = []

    def work(name: str) -> None:
        with Database.open(home) as own:
            while held := claim_next(own, home, ("normal", "text"), name, time.time()):
                claims.append(held.id)
                assert leases.finish(own, held, (f"{held.id:064}", 1), {}, time.time()) == "done"

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == list(range(1, 41))
    with Jobs.open(home) as jobs:
        assert jobs.counts()["done"] == 40


def test_the_same_bytes_at_every_door_at_once_are_one_job(home: Settings, db: Database) -> None:
    """While a worker finishes a job, others bring the same bytes: one job, and no name is forgotten."""
    names = 40
    barrier = threading.Barrier(5)

    def bring(door: int) -> None:
        with Database.open(home) as own:
            barrier.wait()
            for number in range(names // 4):
                name = f"{door}-{number}"
                sha256 = f"{number % 5:064}"
                deliveries.arrive(own, Arrival(name, sha256, 1, "text", "normal", "e 1", name), time.time())

    threads = [threading.Thread(target=bring, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    barrier.wait()
    while any(t.is_alive() for t in threads) or db.row("SELECT 1 FROM jobs WHERE state = 'queued'") is not None:
        held = claim_next(db, home, ("normal", "text"), "me", time.time())
        if held is not None:
            leases.finish(db, held, ("r" * 64, 1), {}, time.time())
    assert len(db.rows("SELECT 1 FROM jobs")) == 5
    assert len(deliveries.find_ready(db, time.time(), 1000)) == names


def test_a_child_does_not_use_the_connections_of_its_parent(home: Settings, db: Database) -> None:
    """A process that was forked while a connection was open gets its own: two on one would mix their answers."""
    deliveries.add_document(db, "a" * 64, 1, 0.0)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        with Database.open(home) as own:
            found = own.rows("SELECT sha256 FROM documents")
        os.write(write, found[0]["sha256"].encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b"a" * 64
    os.close(read)
    os.close(write)
    assert len(db.rows("SELECT 1 FROM documents")) == 1


def test_what_is_relaxed_is_durable_with_the_next_durable_write(home: Settings, db: Database) -> None:
    """A relaxed transaction is one like any other but for the disk; afterwards writes wait for the disk again."""
    with db.relaxed():
        deliveries.add_document(db, "a" * 64, 1, 0.0)
    with pytest.raises(ZeroDivisionError), db.relaxed():  # noqa: PT012 - the block is what is interrupted
        deliveries.add_document(db, "b" * 64, 1, 0.0)
        raise ZeroDivisionError
    assert len(db.rows("SELECT 1 FROM documents")) == 1
    asked = "SHOW synchronous_commit" if home.database_url else "PRAGMA synchronous"
    (durable,) = db.rows(asked)
    assert list(durable.values()) == (["on"] if home.database_url else [2])


def test_names_of_any_length_are_rows(home: Settings, db: Database) -> None:
    """PostgreSQL's indexes take short texts only; long paths, URIs and sayings of containers stay apart."""
    deep = "/".join(secrets.token_hex(100) for _ in range(19))
    files = [deliveries.Planned(f"{deep}/{n}", f"s3://bucket/{deep}/{n}", "text") for n in range(3)]
    assert deliveries.plan(db, f"file:///{deep}", files, "e 1", 0.0) == 3
    assert deliveries.plan(db, f"file:///{deep}", files, "e 1", 0.0) == 0
    assert deliveries.count_batch(db, f"file:///{deep}") == {"queued": 3}
    bases = {names.reserve(db, f"{deep}/{n}", "a" * 64) for n in range(3)}
    assert len(bases) == 3
    held = leases.claim(db, home, 1, "me", 1.0)
    assert held is not None
    assert held.uri == files[0][1]
    said = [json.dumps({"header": secrets.token_hex(4000)}) for _ in range(2)]
    parts = tuple(leases.Part(n, "x", "b" * 64, 1, "text", text) for n, text in enumerate(said))
    assert leases.attach(db, held, "a" * 64, 1, 1.0)
    assert leases.finish_container(db, held, ("r" * 64, 1), leases.Opened(parts), 1.0) == "done"
    children = [leases.claim(db, home, job, "me", 2.0) for job in (4, 5)]
    assert [child.origin for child in children if child] == said


def test_many_rows_at_once_are_numbered_in_order_and_all_or_none(db: Database) -> None:
    """Any text, nothing, and fractions come back as they went; a row that breaks a rule takes all back."""
    odd = ["\\N", "a\tb", "c\nd", "é\\", ""]
    columns = ("profile", "engine", "urgency", "kind", "created_at", "uri")
    rows = [("p", "e", "backfill", "text", 0.1 + n, odd[n % 5] if n % 7 else None) for n in range(300)]
    numbers = db.insert_rows("jobs", columns, rows)
    assert numbers == sorted(set(numbers))
    found = db.rows("SELECT id, created_at, uri FROM jobs ORDER BY id")
    assert [(r["id"], r["created_at"], r["uri"]) for r in found] == [
        (number, row[4], row[5]) for number, row in zip(numbers, rows, strict=True)
    ]
    with pytest.raises(IntegrityError), db.transaction():
        db.insert_rows("jobs", (*columns, "state"), [(*row, "queued" if n else "lost") for n, row in enumerate(rows)])
    assert len(db.rows("SELECT 1 FROM jobs")) == 300


def test_a_server_that_was_killed_is_found_again(tmp_path: Path) -> None:
    """Kill -9 of PostgreSQL: what was answered is there afterwards, and the same connection goes on."""
    with Postgres() as server:
        home = replace(Settings(), home=tmp_path, database_url=server.make_database())
        with Database.open(home) as db:
            deliveries.add_document(db, "a" * 64, 1, 0.0)
            with pytest.raises(StorageError), db.transaction():  # noqa: PT012 - the block is what is interrupted
                deliveries.add_document(db, "b" * 64, 1, 0.0)
                server.kill()
            with pytest.raises(StorageError):
                db.rows("SELECT 1")
            server.start()
            assert [row["sha256"] for row in db.rows("SELECT sha256 FROM documents")] == ["a" * 64]
