"""What is kept, for how long and how much; and what is done again by a later engine."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import UnreadableError, UsageError
from tests.worker.conftest import Said
from worker import results
from worker.blobs import GRACE_SECONDS, Blobs, Kept, Store, open_blobs
from worker.database import Database
from worker.inbox import Inbox
from worker.jobs import deliveries, leases, redo, retention, reviews
from worker.jobs.deliveries import NOWHERE, Arrival
from worker.jobs.leases import Part
from worker.processes.supervisor import make_folders
from worker.processes.sweeper import keep_house
from worker.room import QuotaError, Room, used_bytes
from worker.settings import MEGABYTE, Settings

OLD, NEW = "crossfoot 1", "crossfoot 2"


@pytest.fixture
def store(home: Settings) -> Store:
    """Its store."""
    return open_blobs(home)


def bring(home: Settings, db: Database, name: str, text: str, site: str = "") -> int:
    """A document at time nought; its job."""
    stored = open_blobs(home).put_bytes(text.encode())
    arrival = Arrival(name, stored.sha256, stored.size, "text", "normal", OLD, f"{name}{time.time_ns()}", site=site)
    return deliveries.arrive(db, arrival, 0.0)


def convert(home: Settings, db: Database, job: int, text: str, now: float = 1.0) -> None:
    """The job, done with a result of this text."""
    held = leases.claim(db, home, job, "me", now)
    assert held is not None
    stored = open_blobs(home).put_bytes(text.encode())
    assert leases.finish(db, held, (stored.sha256, stored.size), {"review": 0}, now) == "done"


def take_apart(home: Settings, db: Database, job: int, parts: list[str], now: float = 1.0) -> None:
    """The job, done as a container of these documents."""
    held = leases.claim(db, home, job, "me", now)
    assert held is not None
    store = open_blobs(home)
    found = []
    for number, text in enumerate(parts, start=1):
        stored = store.put_bytes(text.encode())
        found.append(Part(number, f"p{number}.txt", stored.sha256, stored.size, "text", '{"in":"c"}'))
    listed = [{"number": p.number, "name": p.name, "sha256": p.sha256} for p in found]
    index = store.put_bytes(
        json.dumps({"container": {"by": held.engine}, "outcome": "complete", "parts": listed}).encode()
    )
    assert leases.finish_container(db, held, (index.sha256, index.size), leases.Opened(tuple(found)), now) == "done"


def waiting(db: Database) -> list[int]:
    """The jobs that wait."""
    return [row["id"] for row in db.rows("SELECT id FROM jobs WHERE state = 'queued' ORDER BY id")]


def deliver(home: Settings, db: Database) -> None:
    """Serve every name that is ready."""
    while results.deliver(home, db):
        pass


def count(db: Database, table: str) -> int:
    """How many rows a table has."""
    return len(db.rows("SELECT 1 FROM " + table))  # noqa: S608 - names of ours


def test_what_ended_long_ago_goes_and_nothing_else(home: Settings, db: Database, store: Store) -> None:
    """Rows, document and result of an old job go; those of a young one, of one that waits and shared bytes stay."""
    convert(home, db, bring(home, db, "old.txt", "old"), "result of old")
    convert(home, db, bring(home, db, "young.txt", "young"), "result of young", now=100.0)
    bring(home, db, "waits.txt", "waits")
    deliver(home, db)
    gone = retention.purge(db, store, 50.0, grace=0.0)
    assert (gone.jobs, gone.files, gone.size) == (1, 2, len("oldresult of old"))
    left = {text: hashlib.sha256(text.encode()).hexdigest() for text in ("young", "result of young", "waits")}
    assert {kept.sha256 for kept in store.list()} == set(left.values())
    assert [count(db, t) for t in ("jobs", "documents", "results", "deliveries")] == [2, 2, 1, 2]
    assert (home.results / "old.txt.json").read_text() == "result of old"
    again = bring(home, db, "old.txt", "old")
    assert waiting(db) == [3, again]


SAY = (
    "INSERT INTO corrections(job_id, corrected, content, person, key_id, created_at) VALUES (?, 'x', '{}', 'ann', 0, ?)"
)


def test_what_people_are_asked_or_have_said_lately_stays(home: Settings, db: Database, store: Store) -> None:
    """An old job goes when its review is resolved, and when what was said of it is old as well."""
    asked, said = (bring(home, db, name, name) for name in ("asked.txt", "said.txt"))
    for job in (asked, said):
        convert(home, db, job, f"result of {job}")
    deliver(home, db)
    reviews.request(db, asked, 1, 1.0)
    assert reviews.claim(db, 1, "ann", 9e9, 1.0)
    db.execute(SAY, (said, 60.0))
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 0
    assert count(db, "deliveries") == 2
    assert reviews.resolve(db, 1, "ann", None, 2.0)
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 1
    assert [row["id"] for row in db.rows("SELECT id FROM jobs")] == [said]
    assert retention.purge(db, store, 61.0, grace=0.0).jobs == 1


def test_a_container_stays_for_the_part_that_people_are_asked_about(home: Settings, db: Database, store: Store) -> None:
    """What is said of the part is served under the container's name, so neither loses it."""
    box = bring(home, db, "c.zip", "box")
    take_apart(home, db, box, ["one", "two"])
    parts = waiting(db)
    for job in parts:
        convert(home, db, job, f"result of {job}")
    deliver(home, db)
    reviews.request(db, parts[1], 1, 1.0)
    names = count(db, "deliveries")
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 0
    assert count(db, "deliveries") == names
    assert reviews.resolve(db, 1, "ann", None, 2.0)
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 3


def test_what_is_still_to_be_served_or_told_stays(home: Settings, db: Database, store: Store) -> None:
    """A result that lies in no folder yet, and an event that nobody was told, keep their job."""
    job = bring(home, db, "a.txt", "a")
    db.execute("INSERT INTO endpoints(url, secret, created_at) VALUES ('https://x', 's', 0)")
    convert(home, db, job, "result")
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 0
    deliver(home, db)
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 0
    db.execute("UPDATE outbox SET ended_at = 3")
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 1
    assert list(store.list()) == []
    assert count(db, "outbox") == 0


def test_a_container_goes_with_its_parts_when_the_last_has_ended(home: Settings, db: Database, store: Store) -> None:
    """While a part waits nothing of its container goes; a part that is also another's stays with that one."""
    first, second = bring(home, db, "c.zip", "c"), bring(home, db, "d.zip", "d")
    take_apart(home, db, first, ["one", "shared"])
    take_apart(home, db, second, ["shared"], now=100.0)
    deliver(home, db)
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 0
    for job in waiting(db):
        convert(home, db, job, f"result {job}", now=2.0)
    deliver(home, db)
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 2
    texts = {store.read(row["sha256"]).decode() for row in db.rows("SELECT sha256 FROM documents")}
    assert texts == {"d", "shared"}
    assert retention.purge(db, store, 150.0, grace=0.0).jobs == 2
    assert list(store.list()) == []
    assert [count(db, t) for t in ("jobs", "documents", "results", "deliveries")] == [0, 0, 0, 0]


def test_a_container_that_is_brought_often_costs_the_same_each_time(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each name gets its parts, without those of all names before being gone through again."""
    job = bring(home, db, "c.zip", "c")
    take_apart(home, db, job, ["one", "two", "three"])
    asked: list[str] = []
    real = Database._run

    def run(self: Database, statement: Any, values: Any) -> Any:
        asked.append(str(statement))
        return real(self, statement, values)

    monkeypatch.setattr(Database, "_run", run)
    costs = []
    for number in range(12):
        asked.clear()
        bring(home, db, f"again-{number}.zip", "c")
        costs.append(len(asked))
    assert costs[-1] <= costs[0] + 2
    assert count(db, "deliveries") == 13 * 4


def test_bytes_that_are_being_brought_again_stay(home: Settings, db: Database, store: Store) -> None:
    """Between storing bytes and writing their row a purge may run: what is young is left, and an orphan goes later."""
    convert(home, db, bring(home, db, "a.txt", "a"), "result")
    deliver(home, db)
    gone = retention.purge(db, store, 50.0)
    assert (gone.jobs, gone.files) == (1, 0)
    bring(home, db, "a.txt", "a")
    assert store.read(hashlib.sha256(b"a").hexdigest()) == b"a"
    assert isinstance(store, Blobs)
    for kept in store.list():
        os.utime(store.path(kept.sha256), (0, 0))
    orphans = retention.remove_orphans(db, store)
    assert (orphans.files, orphans.size) == (1, len("result"))
    assert [kept.sha256 for kept in store.list()] == [hashlib.sha256(b"a").hexdigest()]


def test_bytes_that_are_put_while_they_are_removed_are_not_lost(home: Settings, db: Database, store: Store) -> None:
    """A file that is dropped in the moment in which the same, old bytes go is stored again once its row is there."""
    sha256 = store.put_bytes(b"a").sha256
    assert isinstance(store, Blobs)
    os.utime(store.path(sha256), (0, 0))
    (home.work / "1").mkdir()
    (home.work / "1" / "a.txt").write_bytes(b"a")

    def bring_again() -> None:
        with Database.open(home) as own:
            inbox = Inbox(home, own)
            inbox.recover()
            assert inbox.look(0.0) == 1

    thread = threading.Thread(target=bring_again)

    class Removing(Blobs):
        def remove(self, sha256: str, older_than: float = GRACE_SECONDS) -> bool:
            """What was looked at a moment ago goes, whatever has become of it."""
            thread.start()
            thread.join(0.5)
            self.path(sha256).unlink()
            return bool(older_than)

    assert retention.remove_orphans(db, Removing(home.blobs)).files == 1
    thread.join()
    assert count(db, "jobs") == 1
    assert store.read(sha256) == b"a"


def test_a_result_that_is_named_while_it_is_removed_stays(home: Settings, db: Database, store: Store) -> None:
    """Whether bytes are needed is asked when nobody can begin to need them any more."""
    sha256 = store.put_bytes(b"result").sha256
    assert isinstance(store, Blobs)
    os.utime(store.path(sha256), (0, 0))
    job = bring(home, db, "a.txt", "a")

    class Found(Blobs):
        def find(self, sha256: str) -> Kept | None:
            """While it is looked at, a job ends with just these bytes."""
            kept = super().find(sha256)
            if waiting(db):
                convert(home, db, job, "result")
                os.utime(self.path(sha256), (0, 0))
            return kept

    assert retention.remove_orphans(db, Found(home.blobs)).files == 0
    assert store.read(sha256) == b"result"


def test_requests_are_forgotten_after_two_days(home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Idempotency-Key is known for two days at least; then its row goes, however many there are."""
    monkeypatch.setattr(retention, "BATCH", 2)
    job = bring(home, db, "a.txt", "a")
    now = time.time()
    for number, age in enumerate((0, 1.9, 2.1, 3, 4, 5, 6)):
        values = (number % 2, f"key {number}", "r", job, now - age * retention.DAY_SECONDS)
        db.execute("INSERT INTO idempotency(key_id, key, request, job_id, created_at) VALUES (?, ?, ?, ?, ?)", values)
    keep_house(home, db, now)
    assert [row["key"] for row in db.rows("SELECT key FROM idempotency ORDER BY key")] == ["key 0", "key 1"]


def test_a_full_store_takes_nothing_more(home: Settings, db: Database, store: Store) -> None:
    """Documents are refused before results would be: by the quota, and by what is to stay free on the disk."""
    room = Room(replace(home, quota_mb=1, reserve_mb=0), store)
    room.take(db, MEGABYTE // 2)
    with pytest.raises(QuotaError, match="quota of 1 MB"):
        room.check(db, MEGABYTE // 2 + 1)
    with pytest.raises(QuotaError, match="disk"):
        Room(replace(home, reserve_mb=1 << 30), store).check(db, 1)
    Room(replace(home, reserve_mb=0), store).check(db, 1 << 20)
    convert(home, db, bring(home, db, "a.txt", "x" * 700_000), "y" * 400_000)
    assert used_bytes(db) == 1_100_000
    with pytest.raises(QuotaError):
        Room(replace(home, quota_mb=1, reserve_mb=0), store).check(db, 1)


def test_a_later_engine_adds_a_version_and_serves_the_names_again(home: Settings, db: Database, store: Store) -> None:
    """Until it is done the earlier result stands; then every name gets the new one, and both are kept."""
    job = bring(home, db, "a.txt", "a")
    bring(home, db, "b.txt", "a")
    convert(home, db, job, "first")
    deliver(home, db)
    (new,) = redo.redo(db, NEW, [job], 2.0)
    assert redo.redo(db, NEW, [job], 2.0) == []
    assert redo.redo(db, OLD, [job], 2.0) == []
    assert bring(home, db, "c.txt", "a") == job
    deliver(home, db)
    assert (home.results / "c.txt.json").read_text() == "first"
    convert(home, db, new, "second", now=3.0)
    deliver(home, db)
    assert {(home.results / f"{n}.txt.json").read_text() for n in "abc"} == {"second"}
    rows = db.rows("SELECT job_id, version, engine, sha256 FROM results ORDER BY id")
    assert [(r["job_id"], r["version"], r["engine"], store.read(r["sha256"])) for r in rows] == [
        (job, 1, OLD, b"first"),
        (new, 2, NEW, b"second"),
    ]
    assert bring(home, db, "d.txt", "a") == new


def test_where_a_later_engine_fails_the_earlier_result_stands(home: Settings, db: Database) -> None:
    """A failed repetition takes nothing away."""
    job = bring(home, db, "a.txt", "a")
    convert(home, db, job, "first")
    deliver(home, db)
    (new,) = redo.redo(db, NEW, [job], 2.0)
    held = leases.claim(db, home, new, "me", 3.0)
    assert held is not None
    leases.fail(db, held, UnreadableError("x"), 4.0)
    deliver(home, db)
    assert (home.results / "a.txt.json").read_text() == "first"
    assert not (home.failed / "a.txt.error.json").exists()
    assert bring(home, db, "b.txt", "a") == job


def test_a_container_is_done_again_with_its_parts(home: Settings, db: Database) -> None:
    """The parts are asked of the later engine too, and the index tells of what lies beside it."""
    container = bring(home, db, "c.zip", "c")
    take_apart(home, db, container, ["one", "two"])
    for job in waiting(db):
        convert(home, db, job, f"first {job}", now=2.0)
    deliver(home, db)
    (part,) = db.rows("SELECT job_id FROM deliveries WHERE part = 1")
    with pytest.raises(UsageError, match="part of a container"):
        redo.redo(db, NEW, [part["job_id"]], 3.0)
    assert redo.redo_all(db, NEW, 3.0) == 1
    assert redo.redo_all(db, NEW, 3.0) == 0
    (again,) = waiting(db)
    take_apart(home, db, again, ["one", "three"], now=4.0)
    deliver(home, db)
    for job in waiting(db):
        convert(home, db, job, f"second {job}", now=5.0)
    deliver(home, db)
    index = json.loads((home.results / "c.zip/index.json").read_bytes())
    assert index["container"] == {"name": "c.zip", "by": NEW}
    served = [(home.results / "c.zip" / part["result"]).read_text() for part in index["parts"]]
    assert [text.split()[0] for text in served] == ["second", "second"]
    assert [part["sha256"] for part in index["parts"]] == [hashlib.sha256(t).hexdigest() for t in (b"one", b"three")]


def test_only_what_is_done_is_done_again(home: Settings, db: Database) -> None:
    """What waits or failed is retried, not redone; what is not there is said to be not there."""
    job = bring(home, db, "a.txt", "a")
    with pytest.raises(UsageError, match="queued"):
        redo.redo(db, NEW, [job], 1.0)
    with pytest.raises(UsageError, match="no job 99"):
        redo.redo(db, NEW, [99], 1.0)


def test_an_upload_is_served_by_whoever_asks_for_it(home: Settings, db: Database, store: Store) -> None:
    """Its result is put into no folder, its name reserves none, and its time to go comes like all others'."""
    job = bring(home, db, "a.txt", "a", site=NOWHERE)
    convert(home, db, job, "result")
    assert bring(home, db, "again.txt", "a", site=NOWHERE) == job
    assert results.deliver(home, db) == 0
    assert count(db, "names") == 0
    assert retention.purge(db, store, 50.0, grace=0.0).jobs == 1


def test_people_see_versions_and_purge_by_days(
    home: Settings, db: Database, crossfoot: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line shows every version, asks for a new one, and removes what is old enough."""
    for name, value in home.variables().items():
        monkeypatch.setenv(name, value)
    job = bring(home, db, "a.txt", "a")
    convert(home, db, job, "first")
    deliver(home, db)
    assert crossfoot("jobs", "redo").status == 2
    said = crossfoot("jobs", "redo", str(job))
    assert said.out.decode().split("\t")[:2] == [str(job + 1), "queued"]
    assert "0 jobs queued" in crossfoot("jobs", "redo", "--all").err
    convert(home, db, job + 1, "second", now=3.0)
    deliver(home, db)
    for number in (job, job + 1):
        versions = json.loads(crossfoot("jobs", "show", str(number)).out)["versions"]
        assert [(v["job"], v["version"]) for v in versions] == [(job + 1, 2), (job, 1)]
    assert crossfoot("jobs", "purge").status == 2
    assert "0 jobs" in crossfoot("jobs", "purge", "--older-than", "100000").err
    assert "2 jobs, 0 files" in crossfoot("jobs", "purge", "--older-than", "0.1").err
    assert crossfoot("jobs", "list").out == b""


def test_the_sweeper_keeps_house(home: Settings, db: Database, store: Store) -> None:
    """With a retention the sweeper purges; without one it only takes bytes that no row names."""
    convert(home, db, bring(home, db, "a.txt", "a"), "result")
    orphan = store.put_bytes(b"orphan").sha256
    assert isinstance(store, Blobs)
    deliver(home, db)
    for kept in store.list():
        os.utime(store.path(kept.sha256), (0, 0))
    keep_house(home, db, time.time())
    assert store.find(orphan) is None
    assert count(db, "jobs") == 1
    keep_house(replace(home, retention_days=1.0), db, time.time())
    assert count(db, "jobs") == 0
    assert list(store.list()) == []


def test_damaged_bytes_go_when_their_time_is_up(home: Settings, db: Database, store: Store) -> None:
    """They are kept from when they were set aside, for as long as jobs are; for ever where nothing else is said."""
    hashes = [store.put_bytes(text).sha256 for text in (b"old", b"young")]
    for sha256 in hashes:
        store.set_aside(sha256)
    old = time.time() - 3 * retention.DAY_SECONDS
    os.utime(home.blobs / "damaged" / hashes[0], (old, old))
    keep_house(home, db, time.time())
    assert {kept.sha256 for kept in store.list_damaged()} == set(hashes)
    keep_house(replace(home, retention_days=2.0), db, time.time())
    assert [kept.sha256 for kept in store.list_damaged()] == hashes[1:]
    assert retention.purge(db, store, time.time() + 1).files == 1
    assert list(store.list_damaged()) == []


def test_each_home_fills_its_own_folders(home: Settings, db: Database, tmp_path: Path) -> None:
    """Where several homes share a database, a name is served by the home it came to."""
    other = replace(home, home=tmp_path / "other", site="other")
    make_folders(other)
    convert(home, db, bring(other, db, "a.txt", "a", site="other"), "result")
    assert results.deliver(home, db) == 0
    if home.database_url:
        assert results.find_site(home) == results.find_site(home) != results.find_site(other)
    else:
        assert results.find_site(home) == ""
    stored = replace(other, store=f"file://{home.blobs}")
    assert results.deliver(stored, db) == 1
    assert (other.results / "a.txt.json").read_text() == "result"
