"""The sweeper on a real Redis: a window of hints, lost hints sent again, Redis away."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from worker.confinement import remains
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.processes import own_redis
from worker.processes import sweeper as sweeper_module
from worker.processes.app import KEY_PREFIX
from worker.processes.own_redis import OwnRedis
from worker.processes.supervisor import make_folders
from worker.processes.sweeper import LOST_SECONDS, Sweeper, remove_leftovers
from worker.settings import Settings

pytestmark = pytest.mark.service
WINDOW = 20
QUEUE = KEY_PREFIX + "backfill.text"


class Server:
    """A Redis that can be stopped and started."""

    def __init__(self, own: OwnRedis, log: Path) -> None:
        self.own = own
        self.log = log
        self.client = redis.Redis.from_url(own.url)
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.own.command, stdout=out, stderr=out)
        assert own_redis.wait_until_ready(self.own.url, 10)

    def kill(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()

    def length(self) -> int:
        """How many hints wait."""
        length = self.client.llen(QUEUE)
        assert isinstance(length, int)
        return length


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Settings:
    """A home with its folders."""
    settings = replace(
        Settings(), home=tmp_path / "home", database_url=database_url, hint_window=WINDOW, rehint_seconds=30.0
    )
    make_folders(settings)
    return settings


@pytest.fixture
def server(home: Settings) -> Iterator[Server]:
    """Its own Redis."""
    made = Server(own_redis.prepare(home.redis), home.logs / "redis.log")
    yield made
    made.kill()
    made.client.close()


@pytest.fixture
def db(home: Settings) -> Iterator[Database]:
    """Its rows: 100 documents of a back-fill that wait."""
    with Database.open(home) as opened:
        rows = [deliveries.Planned(f"{n}.txt", f"file:///{n}.txt", "text") for n in range(100)]
        deliveries.plan(opened, "batch", rows, "e 1", 0.0)
        yield opened


@pytest.fixture
def sweeper(home: Settings, server: Server, db: Database) -> Sweeper:
    """The sweeper under test."""
    return Sweeper(replace(home, redis_url=server.own.url), db)


def test_redis_never_holds_more_than_the_window(sweeper: Sweeper, server: Server) -> None:
    """However many rows wait and however often is swept, a queue holds its window of hints."""
    now = time.time()
    for again in (False, True, True):
        sweeper.hint(now, again=again)
        assert server.length() == WINDOW
        now += 100
    server.client.lpop(QUEUE, 5)
    assert sweeper.hint(now, again=False) == 5
    assert server.length() == WINDOW


def test_lost_hints_are_sent_again(sweeper: Sweeper, server: Server) -> None:
    """After Redis has lost everything, the rows that wait are hinted again at the next sweep."""
    now = time.time()
    sweeper.hint(now, again=False)
    server.client.flushall()
    assert sweeper.hint(now + LOST_SECONDS + 1, again=True) == WINDOW
    assert server.length() == WINDOW


def test_redis_being_away_is_no_event(sweeper: Sweeper, server: Server, db: Database) -> None:
    """While Redis is away nothing is hinted and nothing breaks; when it is back, hints flow."""
    server.kill()
    begun = time.monotonic()
    assert sweeper.hint(time.time(), again=False) == 0
    assert time.monotonic() - begun < 6
    assert db.row("SELECT 1 FROM jobs WHERE hinted_at > 0") is None
    server.start()
    assert sweeper.hint(time.time(), again=False) == WINDOW


def test_hints_survive_a_crash_of_redis(sweeper: Sweeper, server: Server) -> None:
    """Our Redis keeps an append-only file: what was in it for a second is there after a kill."""
    sweeper.hint(time.time(), again=False)
    time.sleep(1.2)
    server.kill()
    server.start()
    assert server.length() == WINDOW


def test_our_redis_answers_only_here_and_only_us(server: Server, home: Settings) -> None:
    """It listens on the loopback alone, asks for a password, and nobody else can read its configuration."""
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(server.own.url.replace("redis://:", "redis://:wrong")).ping()
    assert (home.redis / "redis.conf").stat().st_mode & 0o777 == 0o600
    assert server.client.config_get("bind") == {"bind": "127.0.0.1"}
    assert server.client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_folders_of_conversions_that_nobody_holds_are_removed(home: Settings, db: Database) -> None:
    """What a killed worker left goes; what a running one uses stays."""
    db.execute("UPDATE jobs SET state = 'running', owner = 'up:main:1:abc', lease_until = 9e9 WHERE id = 1")
    (home.scratch / "up-main-1-abc").mkdir()
    (home.scratch / "up-main-1-old").mkdir()
    assert remove_leftovers(home, db) == 1
    assert [p.name for p in home.scratch.iterdir()] == ["up-main-1-abc"]


def test_tidying_up_holds_up_no_sweep(home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While old jobs are removed, for however long, silent workers lose theirs as always."""
    monkeypatch.setattr(sweeper_module, "HOUSE_FIRST_SECONDS", 0.0)
    busy, swept = threading.Event(), threading.Event()

    def keep_house(*_: object) -> None:
        busy.set()
        swept.wait(20)

    monkeypatch.setattr(sweeper_module, "keep_house", keep_house)
    db.execute("UPDATE jobs SET state = 'running', owner = 'silent', lease_until = 1 WHERE id = 1")

    def watch() -> None:
        busy.wait(20)
        with Database.open(home) as own:
            until = time.monotonic() + 10
            while time.monotonic() < until and not swept.is_set():
                if own.row("SELECT 1 FROM jobs WHERE id = 1 AND state = 'queued'") is not None:
                    swept.set()
                time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=watch)
    watcher.start()
    sweeper_module.serve(replace(home, redis_url="redis://127.0.0.1:1/0", sweep_seconds=0.1))
    watcher.join()
    assert busy.is_set()
    assert swept.is_set()


def test_a_folder_that_cannot_be_removed_keeps_no_other(
    home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others go, and it is told of once, however often it is tried."""
    for name in ("deep", "other"):
        (home.scratch / name).mkdir()
    remove = remains.remove_folder

    def refuse(folder: Path) -> None:
        if folder.name == "deep":
            raise PermissionError("it is immutable")
        remove(folder)

    monkeypatch.setattr(sweeper_module, "remove_folder", refuse)
    known: set[str] = set()
    assert [remove_leftovers(home, db, known) for _ in range(2)] == [1, 0]
    assert [p.name for p in home.scratch.iterdir()] == ["deep"]
    assert caplog.text.count("it is immutable") == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_sweep_outlives_who_tidies_up(home: Settings, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault while tidying up ends neither the sweep nor the tidying up for ever."""
    monkeypatch.setattr(sweeper_module, "CLEAN_SECONDS", 0.1)
    died = []

    def die(*_: object) -> None:
        died.append(1)
        if len(died) > 2:
            os.kill(os.getpid(), signal.SIGTERM)
        raise RecursionError

    monkeypatch.setattr(sweeper_module, "remove_leftovers", die)
    db.execute("UPDATE jobs SET state = 'running', owner = 'silent', lease_until = 1 WHERE id = 1")
    sweeper_module.serve(replace(home, redis_url="redis://127.0.0.1:1/0", sweep_seconds=0.1))
    assert len(died) > 2
    assert db.row("SELECT 1 FROM jobs WHERE id = 1 AND state = 'queued'") is not None


def test_a_hint_of_the_future_is_sent_again(sweeper: Sweeper, server: Server, db: Database) -> None:
    """Where the clock was set back, a lost hint is not waited for until the clock is there again."""
    now = time.time()
    db.execute("UPDATE jobs SET hinted_at = ?", (now + 3600,))
    sweeper.sweep(now)
    assert sweeper.hint(now, again=True) == WINDOW


def test_a_lease_of_the_future_runs_out_like_any_other(sweeper: Sweeper, db: Database, home: Settings) -> None:
    """Where the clock was set back, who lives keeps the job, and who died loses it one lease later."""
    now, lease = time.time(), home.lease_seconds
    later = now + 3600
    held = [leases.claim(db, home, number, f"me{number}", later) for number in (1, 2)]
    sweeper.sweep(now)
    assert held[0] is not None
    assert leases.renew(db, home, held[0], now + lease / 2)
    sweeper.sweep(now + lease + 1)
    states = db.rows("SELECT state FROM jobs WHERE id IN (1, 2) ORDER BY id")
    assert [row["state"] for row in states] == ["running", "queued"]
