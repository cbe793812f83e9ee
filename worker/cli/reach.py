"""Whether what the service stands on answers: rows, store, Redis; and whether anybody works. Asked within seconds."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from worker.settings import Settings

Level = Literal["ok", "note", "missing", "unusable"]
ADDRESS_SECONDS: Final = 3
# how long after its time a lease may stand before nobody sweeps
UNSWEPT_SECONDS: Final = 60.0
# nobody but the owner has any business in these, whoever may enter the home
PRIVATE: Final = ("work", "blobs", "redis", "scratch", "logs", "cache", "uploads")


@dataclass(frozen=True, slots=True)
class Observation:
    """One line of the report; ``missing`` and ``unusable`` decide the exit status."""

    level: Level
    subject: str
    detail: str


def look_at_rows(settings: Settings) -> Observation:
    """Whether the database answers, and which version of the program wrote it; none is made or changed."""
    from schemas.errors import ConfigurationError, StorageError
    from worker.database import Database
    from worker.rows.migrate import HEAD

    subject = "CROSSFOOT_DATABASE_URL" if settings.database_url else "rows"
    try:
        revision = Database.read_revision(settings, ADDRESS_SECONDS)
    except (StorageError, ConfigurationError) as error:
        return Observation("unusable", subject, error.detail)
    if revision is None:
        return Observation("ok", subject, "not made yet: whoever opens them first makes them")
    if revision > HEAD:
        return Observation("unusable", subject, f"a later version of the program wrote them (revision {revision})")
    if revision < HEAD:
        return Observation("note", subject, f"of revision {revision}: brought to {HEAD} by whoever opens them first")
    return Observation("ok", subject, f"answer, revision {revision}")


def look_at_store(settings: Settings, *, writing: bool = True) -> Observation:
    """Whether the store answers, and gives back what was put there (it is removed again)."""
    from schemas.errors import ConfigurationError, StorageError
    from worker.blobs import open_blobs

    subject = "CROSSFOOT_STORE" if settings.store else "store"
    if not settings.store and not settings.blobs.is_dir():
        return Observation("ok", subject, "not made yet: a folder of the home")
    try:
        store = open_blobs(settings)
        store.reach()
        if writing:
            trial = b"crossfoot doctor " + secrets.token_bytes(16)
            stored = store.put_bytes(trial)
            same = store.read(stored.sha256) == trial
            store.remove(stored.sha256, older_than=0.0)
            if not same:
                return Observation("unusable", subject, "it gives back other bytes than were put there")
    except (StorageError, ConfigurationError) as error:
        return Observation("unusable", subject, error.detail)
    except OSError as error:
        return Observation("unusable", subject, f"it cannot be written to: {error.strerror or error}")
    return Observation("ok", subject, "takes documents and gives them back" if writing else "answers")


def look_at_redis(url: str) -> Observation:
    """Whether the Redis of the settings answers. Its address may hold a password and is not shown."""
    if not url:
        return Observation("unusable", "CROSSFOOT_REDIS_URL", "names no Redis")
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            version = client.info("server")["redis_version"]
    except (RedisError, ValueError) as error:
        return Observation("unusable", "CROSSFOOT_REDIS_URL", f"does not answer: {type(error).__name__}")
    return Observation("ok", "CROSSFOOT_REDIS_URL", f"answers, version {version}")


def look_at_privacy(settings: Settings) -> Iterator[Observation]:
    """Whether others may enter the home, and what of it they could read there then."""
    if not _is_open(settings.home):
        return
    name = settings.home
    yield Observation("note", "home", f"others may enter {name}; chmod 700 it unless they put or fetch documents there")
    for folder in PRIVATE:
        if _is_open(settings.home / folder):
            yield Observation("note", "home", f"others may look into {name / folder}: chmod 700 it")


def _is_open(folder: Path) -> bool:
    try:
        return bool(stat.S_IMODE(folder.stat().st_mode) & 0o007)
    except OSError:
        return False


def look_at_work(settings: Settings, role: str) -> Iterator[Observation]:
    """Whether a worker takes jobs, or a sweeper sweeps: seen from the rows, as who waits sees it."""
    from schemas.errors import StorageError
    from worker.database import Database
    from worker.processes.liveness import is_stalled

    try:
        if Database.read_revision(settings, ADDRESS_SECONDS) is None:
            return
        with Database.open(settings) as db:
            if role == "worker" and is_stalled(db, db.now(), hinted=True):
                yield Observation("unusable", "workers", "jobs wait, and none was taken for minutes")
            late = db.row(
                "SELECT count(*) AS n FROM jobs WHERE state = 'running' AND lease_until < ?",
                (db.now() - UNSWEPT_SECONDS,),
            )
    except StorageError as error:
        yield Observation("unusable", "rows", error.detail)
        return
    if role == "sweeper" and late is not None and late["n"]:
        yield Observation("unusable", "sweeper", f"{late['n']} jobs of silent workers were not taken from them")
