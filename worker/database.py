"""The door to SQLite: one file, write-ahead log, every write durable before it is answered."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from schemas.errors import StorageError
from worker.settings import Settings

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS documents(
    sha256 TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    stored_at REAL NOT NULL
) WITHOUT ROWID;

-- sha256 is null until a back-fill's file has been read; origin is what a container says of its part
CREATE TABLE IF NOT EXISTS jobs(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT REFERENCES documents(sha256),
    profile TEXT NOT NULL,
    engine TEXT NOT NULL,
    origin TEXT NOT NULL DEFAULT '',
    uri TEXT,
    password TEXT,
    parent INTEGER REFERENCES jobs(id),
    depth INTEGER NOT NULL DEFAULT 0,
    urgency TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'quarantined', 'cancelled')),
    attempt INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease_until REAL NOT NULL DEFAULT 0,
    hinted_at REAL NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    claimed_at REAL,
    finished_at REAL,
    error_code TEXT,
    problem TEXT,
    result_sha256 TEXT,
    summary TEXT,
    UNIQUE (sha256, profile, engine, origin),
    CHECK ((state = 'running') = (owner IS NOT NULL)),
    CHECK (state != 'done' OR result_sha256 IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS jobs_queued ON jobs(urgency, kind, hinted_at, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS jobs_running ON jobs(lease_until) WHERE state = 'running';
CREATE INDEX IF NOT EXISTS jobs_state ON jobs(state, id);
CREATE INDEX IF NOT EXISTS jobs_claimed ON jobs(claimed_at) WHERE claimed_at IS NOT NULL;

-- a name under results/, done/ and failed/ belongs to one document for ever
CREATE TABLE IF NOT EXISTS names(
    base TEXT PRIMARY KEY,
    holder TEXT NOT NULL
) WITHOUT ROWID;

-- one row for each name a document came with: what is still to be put beside it when its job has ended
CREATE TABLE IF NOT EXISTS deliveries(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs(id),
    path TEXT NOT NULL,
    base TEXT,
    work_id TEXT UNIQUE,
    uri TEXT,
    batch TEXT,
    parent INTEGER REFERENCES deliveries(id),
    part INTEGER,
    ready INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0,
    UNIQUE (batch, uri)
);
CREATE INDEX IF NOT EXISTS deliveries_ready ON deliveries(next_at, id) WHERE ready = 1 AND delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS deliveries_job ON deliveries(job_id);
CREATE INDEX IF NOT EXISTS deliveries_parent ON deliveries(parent) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_left ON deliveries(batch) WHERE batch IS NOT NULL AND delivered_at IS NULL;
"""


class Database:
    """A connection, for one process and thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database of a home, making it where there is none.

        Raises:
            StorageError: it cannot be opened, or a later version of the program wrote it.
        """
        try:
            settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            return cls(_connect(settings.database, settings.busy_seconds))
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"The job database cannot be opened: {error}.", str(settings.database)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all or nothing; the lock is taken at the start, so that nothing read inside can go stale.

        Raises:
            StorageError: the database does not take it (busy for too long, disk full).
        """
        with _storage():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement (a transaction of its own outside ``transaction``); how many rows it touched."""
        with _storage():
            return self._connection.execute(statement, values).rowcount

    def insert(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Insert a row; its id."""
        with _storage():
            return self._connection.execute(statement, values).lastrowid or 0

    def insert_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Insert many rows; how many were new."""
        with _storage():
            return self._connection.executemany(statement, rows).rowcount

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query, or of a ``RETURNING``."""
        with _storage():
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found = self.rows(statement, values)
        return found[0] if found else None


@contextlib.contextmanager
def _storage() -> Iterator[None]:
    """Name what SQLite says as the program's own error; a broken rule of ours stays what it is."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise StorageError(f"The job database does not answer: {error}.") from error


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        connection.close()
        raise sqlite3.DatabaseError(f"it is of version {version}, this program knows {SCHEMA_VERSION}")
    if version < SCHEMA_VERSION:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    return connection
