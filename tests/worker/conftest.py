"""What the tests of the service share: the command line, and job rows on either database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.fakes import engine
from tests.fakes.postgres import Postgres
from worker.cli import main
from worker.database import Database
from worker.inbox import Inbox
from worker.processes.supervisor import make_folders
from worker.settings import Settings


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: bytes
    err: str


@pytest.fixture
def crossfoot(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Callable[..., Said]:
    """The command line, run in this process, in an empty folder, with the engine that does what documents say."""
    engine.install(lambda name, module: monkeypatch.setitem(sys.modules, name, module))
    monkeypatch.setattr("worker.local.children.confine", engine.confine_loosely)
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["crossfoot", *map(str, words)])
        try:
            status = main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        said = capfdbinary.readouterr()
        return Said(status, said.out, said.err.decode())

    return run


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of this process."""
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each database in turn: "" for the file in the home, and a fresh one on the server."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.make_database()


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Settings:
    """A home with its folders, its rows on either database, and an inbox that is quick."""
    settings = replace(Settings(), home=tmp_path / "home", database_url=database_url, watch_stability=1.0)
    make_folders(settings)
    return settings


@pytest.fixture
def db(home: Settings) -> Iterator[Database]:
    """Its database."""
    with Database.open(home) as opened:
        yield opened


@pytest.fixture
def inbox(home: Settings, db: Database) -> Inbox:
    """Its inbox; the test says what time it is."""
    return Inbox(home, db)
