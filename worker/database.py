"""The door to the job rows: SQLite for one machine, PostgreSQL for many; every write durable before it is answered.

Statements are SQL that both understand, ``?`` standing for the values in their order; or SQLAlchemy expressions over
``worker.rows.tables``. Locks on rows are written as PostgreSQL wants them; SQLite, which has one writer at a time
(``BEGIN IMMEDIATE``), needs none and is not told of them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, RowMapping, Table, create_engine, event, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.sql import Executable

from schemas.errors import ConfigurationError, StorageError
from worker.rows import migrate
from worker.rows.tables import metadata
from worker.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
Row = RowMapping
Statement = str | Executable
Values = Sequence[Any] | Mapping[str, Any]

# deadlock and serialization failure: the transaction has done nothing, and would do it the next time
TRANSIENT: Final = frozenset({"40P01", "40001"})
TRIES: Final = 8
MANY: Final = 100
ROW_LOCKS: Final = re.compile(r" FOR (NO KEY )?UPDATE( SKIP LOCKED)?\b")
CONNECT_SECONDS: Final = 10
# a writer that was stopped in mid-transaction must not keep its rows from everybody else
IDLE_SECONDS: Final = 60
# two processes that open a new database at once must not both make its tables
MIGRATION_LOCK: Final = 0x63726F7373


class ConflictError(StorageError):
    """Another transaction was in the way of ours, which has done nothing and can be done again."""


class Database:
    """The rows of a home, for one process and thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._locks_rows = engine.dialect.name == "postgresql"

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database of a home, making it where there is none and bringing it up to date.

        Raises:
            StorageError: it cannot be opened, or a later version of the program wrote it.
            ConfigurationError: ``CROSSFOOT_DATABASE_URL`` names no database.
        """
        engine = _Shared.find(settings)
        if engine is not None:
            return cls(engine)
        engine = _make_engine(settings)
        try:
            if not settings.database_url:
                settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            _keep_private(engine)
            _bring_up_to_date(engine)
        except (SQLAlchemyError, migrate.TooNewError, OSError) as error:
            engine.dispose()
            place = str(settings.database) if not settings.database_url else "CROSSFOOT_DATABASE_URL"
            raise StorageError(f"The job database cannot be opened: {_reason(error)}.", place) from error
        _Shared.keep(settings, engine)
        return cls(engine)

    @classmethod
    def read_revision(cls, settings: Settings, seconds: float = CONNECT_SECONDS) -> str | None:
        """Of which revision the rows of a home are; None where there are none. Nothing is made or changed.

        Raises:
            StorageError: they cannot be reached (within so many seconds).
            ConfigurationError: ``CROSSFOOT_DATABASE_URL`` names no database.
        """
        engine = _make_engine(settings, seconds)
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        if file is not None and not Path(file).exists():
            return None
        try:
            with _storage(), engine.connect() as connection:
                return migrate.read_revision(connection)
        finally:
            engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; one to a server stays for the next who opens."""
        if not self._locks_rows:
            self._engine.dispose()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all or nothing; inside another transaction, a part of that one.

        SQLite's lock is taken at the start, so that nothing read inside can go stale; on PostgreSQL that holds for
        rows read ``FOR NO KEY UPDATE``.

        Raises:
            ConflictError: another transaction was in the way (``atomic`` tries again).
            StorageError: the database does not take it (busy for too long, disk full, away).
        """
        if self._connection is not None:
            yield
            return
        with _storage(), self._engine.connect() as connection, self._begun(connection):
            yield

    @contextlib.contextmanager
    def _begun(self, connection: Connection) -> Iterator[None]:
        connection.exec_driver_sql("BEGIN" if self._locks_rows else "BEGIN IMMEDIATE")
        self._connection = connection
        try:
            yield
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql("ROLLBACK")
            raise
        finally:
            self._connection = None

    @contextlib.contextmanager
    def relaxed(self) -> Iterator[None]:
        """A transaction that a power cut may undo, though no crash of ours: for claims, leases and hints.

        What it writes is made durable by the next durable transaction, in order. It does not wait for the disk.
        """
        if self.is_writing:
            yield
            return
        with _storage(), self._engine.connect() as connection:
            if not self._locks_rows:
                connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            try:
                with self._begun(connection):
                    if self._locks_rows:
                        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                    yield
            finally:
                if not self._locks_rows:
                    connection.exec_driver_sql("PRAGMA synchronous = FULL")

    def exclude(self, sha256: str) -> None:
        """Be the only one who has said this of a hash until the transaction that is open ends; others wait here.

        There need not be a row for it yet. SQLite has one writer at a time anyway.
        """
        if self._locks_rows:
            self.row("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (sha256,))

    def take_free(self, space: int, numbers: Sequence[int]) -> int:
        """The first of several numbers that no other open transaction has taken, without waiting; ours until it ends.

        Where all are taken, the first.
        """
        for number in numbers if self._locks_rows else ():
            row = self.row("SELECT pg_try_advisory_xact_lock(?, ?) AS free", (space, number))
            if row is not None and row["free"]:
                return number
        return numbers[0]

    def now(self) -> float:
        """Seconds of wall clock by the one clock of all who share the rows: a server's own, or this machine's.

        Leases and hints are compared by machines whose clocks differ.
        """
        if not self._locks_rows:
            return time.time()
        row = self.row("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
        return float(row["now"]) if row is not None else time.time()

    @property
    def is_writing(self) -> bool:
        """Whether a transaction is open."""
        return self._connection is not None

    def execute(self, statement: Statement, values: Values = ()) -> int:
        """Run a statement (a transaction of its own outside ``transaction``); how many rows it touched."""
        with self._run(statement, values) as result:
            return result.rowcount

    def insert(self, statement: str, values: Values = ()) -> int:
        """Insert a row into a table with numbers; its ``id``, or 0 where ``ON CONFLICT`` had nothing inserted."""
        with self._run(f"{statement} RETURNING id", values) as result:
            return int(result.scalar() or 0)

    def rows(self, statement: Statement, values: Values = ()) -> list[Row]:
        """All rows of a query, or of a ``RETURNING``."""
        with self._run(statement, values) as result:
            return list(result.mappings())

    def row(self, statement: Statement, values: Values = ()) -> Row | None:
        """The first row of a query, or None."""
        with self._run(statement, values) as result:
            return result.mappings().first()

    def insert_rows(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
        """Insert many rows at once; their numbers, in order."""
        if not rows:
            return []
        target = metadata.tables[table]
        if self._locks_rows and len(rows) > MANY:
            return self._stream_rows(target, columns, rows)
        statement = insert(target).returning(target.c.id, sort_by_parameter_order=True)
        with self._held() as connection:
            return list(connection.execute(statement, [dict(zip(columns, r, strict=True)) for r in rows]).scalars())

    def _stream_rows(self, target: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
        """Many rows to a server: numbers are drawn first, then rows are copied, which costs a third of inserting."""
        sequence = "SELECT nextval(pg_get_serial_sequence(?, 'id')) AS id FROM generate_series(1, ?)"
        ids = [int(row["id"]) for row in self.rows(sequence, (target.name, len(rows)))]
        statement = f"COPY {target.name} ({', '.join(('id', *columns))}) FROM STDIN"
        with self._held() as connection:
            driver: Any = connection.dialect.loaded_dbapi
            raw: Any = connection.connection
            try:
                with raw.cursor() as cursor, cursor.copy(statement) as copy:
                    for number, row in zip(ids, rows, strict=True):
                        copy.write_row((number, *row))
            except driver.Error as error:
                raise DBAPIError.instance(statement, None, error, driver.Error) from error
        return ids

    @contextlib.contextmanager
    def _held(self) -> Iterator[Connection]:
        """The connection of the transaction that is open, or one for a single statement."""
        with _storage():
            if self._connection is not None:
                yield self._connection
            else:
                with self._engine.connect() as connection:
                    yield connection

    @contextlib.contextmanager
    def _run(self, statement: Statement, values: Values) -> Iterator[CursorResult[Any]]:
        clause = _clause(statement, self._locks_rows) if isinstance(statement, str) else statement
        named = values if isinstance(values, Mapping) else {f"p{n}": value for n, value in enumerate(values)}
        with self._held() as connection:
            yield connection.execute(clause, named)


class _Shared:
    """The engine of this process for a server: connecting takes longer than many a job. A file needs none."""

    _key: tuple[int, str, float] | None = None
    _engine: Engine | None = None

    @classmethod
    def find(cls, settings: Settings) -> Engine | None:
        """The engine that is there already; another process's connections are not ours."""
        key = (os.getpid(), settings.database_url, settings.busy_seconds)
        if cls._engine is not None and cls._key is not None and cls._key[0] != key[0]:
            cls._engine.dispose(close=False)
            cls._engine = None
        return cls._engine if cls._key == key else None

    @classmethod
    def keep(cls, settings: Settings, engine: Engine) -> None:
        """Keep it, in place of one for another server."""
        if engine.dialect.name != "postgresql":
            return
        if cls._engine is not None:
            cls._engine.dispose()
        cls._key = (os.getpid(), settings.database_url, settings.busy_seconds)
        cls._engine = engine


def atomic(function: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Database, P], T]:
    """Have a function that works on rows run in one transaction, and again where another was in its way."""

    @functools.wraps(function)
    def run(db: Database, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(0 if db.is_writing else TRIES - 1):
            with contextlib.suppress(ConflictError), db.transaction():
                return function(db, *args, **kwargs)
        with db.transaction():
            return function(db, *args, **kwargs)

    return run


@functools.lru_cache(maxsize=1024)
def _clause(statement: str, locks_rows: bool) -> Executable:
    """SQL with ``?`` → what SQLAlchemy runs on this database."""
    numbers = count()
    statement = statement if locks_rows else ROW_LOCKS.sub("", statement)
    return text(re.sub(r"\?", lambda _: f":p{next(numbers)}", statement))


@contextlib.contextmanager
def _storage() -> Iterator[None]:
    """Name what a database says as the program's own error; a broken rule of ours stays what it is."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        kind = ConflictError if _sqlstate(error) in TRANSIENT else StorageError
        raise kind(f"The job database does not answer: {_reason(error)}.") from error


def _sqlstate(error: SQLAlchemyError) -> str | None:
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None


def _reason(error: Exception) -> str:
    """What the database itself says, in one line, without our statement and its values."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(said).split()).rstrip(".")


def _make_engine(settings: Settings, seconds: float = CONNECT_SECONDS) -> Engine:
    """The engine for a home; nothing is connected yet."""
    if not settings.database_url:
        return _make_sqlite(f"sqlite:///{settings.database}", settings)
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        url = None
    backend = "" if url is None else url.drivername.partition("+")[0]
    if url is not None and backend in ("postgresql", "postgres"):
        options = {"lock_timeout": settings.busy_seconds, "idle_in_transaction_session_timeout": IDLE_SECONDS}
        words = " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in options.items())
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
            max_overflow=50,  # as many as there are threads that ask at once
            pool_pre_ping=True,
            connect_args={"connect_timeout": int(seconds), "options": words},
        )
    if url is not None and backend == "sqlite" and url.database:
        return _make_sqlite(f"sqlite:///{url.database}", settings)
    raise ConfigurationError(
        "CROSSFOOT_DATABASE_URL must be postgresql://user:password@host/name, or sqlite:////path.",
        "CROSSFOOT_DATABASE_URL",
    )


def _keep_private(engine: Engine) -> None:
    """Have a file of rows read by its owner only: passwords of documents that wait lie in it. A server sees to it.

    SQLite gives the files beside it the same rights. What is shared with a group that writes to it stays so.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return
    path = Path(engine.url.database)
    with contextlib.suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another's is for another to close
            mode = stat.S_IMODE(each.stat().st_mode)
            kept = mode & (0o770 if mode & 0o020 else 0o700)
            if mode != kept:
                each.chmod(kept)


def _make_sqlite(url: str, settings: Settings) -> Engine:
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", pool_size=1, connect_args={"timeout": settings.busy_seconds}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def _bring_up_to_date(engine: Engine) -> None:
    """Make or migrate the tables, once, whoever comes first."""
    with engine.connect() as connection:
        if migrate.read_revision(connection) == migrate.HEAD:
            return
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        try:
            migrate.upgrade(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql("ROLLBACK")
            raise
