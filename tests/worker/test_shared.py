"""Several homes on one Redis, one PostgreSQL and one bucket: the machines of a larger service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from tests.fakes.postgres import Postgres
from tests.fakes.running import FAST, Up, wait_for
from tests.fakes.s3 import BUCKET, S3Server
from worker import backfill
from worker.jobs.jobs import Jobs
from worker.processes import own_redis
from worker.processes.services import Service
from worker.settings import Settings

pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Settings, Postgres]]:
    """What the machines share."""
    own = own_redis.prepare(tmp_path)
    broker = Service("redis", own.command, {}, tmp_path, tmp_path / "redis.log")
    broker.start()
    with Postgres() as server, S3Server(tmp_path / "s3.log") as s3:
        for name, value in s3.variables.items():
            monkeypatch.setenv(name, value)
        assert own_redis.wait_until_ready(own.url, 10)
        place = {"redis_url": own.url, "database_url": server.make_database(), "store": f"s3://{BUCKET}/shared"}
        yield replace(FAST, concurrency=1, **place), server  # type: ignore[arg-type]
    broker.kill()


def test_two_machines_share_everything_but_their_folders(shared: tuple[Settings, Postgres], tmp_path: Path) -> None:
    """Each name is served by the machine it came to; PostgreSQL's death and the loss of all hints lose nothing."""
    settings, server = shared
    notes = tmp_path / "notes"
    with Up(tmp_path / "one", settings) as one, Up(tmp_path / "two", settings) as two:
        for number in range(6):
            for up in (one, two):
                up.drop(f"{up.home.name}-{number}.txt", f"note {notes}\nsleep 0.3\n{number // 2}\n")
        wait_for(lambda: notes.exists() and notes.read_text())
        server.kill()
        with redis.Redis.from_url(settings.redis_url) as client:
            client.flushall()
        time.sleep(1)
        server.start()
        one.drop("container.txt", "container\nfirst\n----\nsecond\n")
        for up in (one, two):
            for number in range(6):
                assert up.file(f"results/{up.home.name}-{number}.txt.json", 60).read_bytes()
                assert up.file(f"done/{up.home.name}-{number}.txt").exists()
        assert {p["state"] for p in one.json("results/container.txt/index.json")["parts"]} == {"converted"}
        assert not (two.home / "results" / "one-0.txt.json").exists()
        assert not list((one.home / "blobs").glob("??"))
        with Jobs.open(one.settings) as jobs:
            counts = jobs.counts()
        assert (counts["done"], sum(counts.values())) == (6, 6)
        assert len(notes.read_text().split()) <= 3 + 2  # each text once, and again what PostgreSQL died under


def test_a_back_fill_is_served_where_it_was_started(shared: tuple[Settings, Postgres], tmp_path: Path) -> None:
    """Its results come to the home that asked for them, whoever has converted."""
    settings, _ = shared
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"filing {number}\n")
    with Up(tmp_path / "one", settings) as one, Up(tmp_path / "two", settings) as two:
        assert backfill.run(folder, two.settings).done == 4
        assert {p.name for p in (two.home / "results").iterdir()} == {f"{n}.txt.json" for n in range(4)}
        assert list((one.home / "results").iterdir()) == []
