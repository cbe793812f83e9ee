"""What the API asks the rows. ``sees`` says whose rows: a key's number, or ``ALL``.

Functions take a ``Database``; each is one statement, or one transaction.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import StorageError, UsageError
from worker.api.keys import ALL, SCOPES, Caller, Scope, hash_key, make_key
from worker.database import Database, Row, atomic

# how often it is noted that a key was used
USED_SECONDS: Final = 60.0
# larger than every number of a row
LAST: Final = 2**62
FIELDS: Final = (
    "SELECT j.id, j.state, j.sha256, j.key_id, j.parent, j.profile, j.urgency, j.attempt, j.created_at, j.finished_at,"
    " j.problem, j.result_sha256, j.summary, j.metadata, j.progress,"
    " (SELECT max(d.path) FROM deliveries d WHERE d.id = (SELECT max(l.id) FROM deliveries l WHERE l.job_id = j.id))"
    " AS name, (SELECT d.metadata FROM deliveries d WHERE d.id ="
    " (SELECT max(l.id) FROM deliveries l WHERE l.job_id = j.id)) AS said"
    " FROM jobs j"
)
# an address that one may see, and whose key is good
LIVING: Final = (
    " WHERE id = ? AND ? IN (-1, key_id) AND job_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.id = endpoints.key_id AND k.revoked_at IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as its owner's machine sees it."""

    id: int
    name: str
    scopes: str
    created_at: float
    used_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs of those one may see: all that is given must fit."""

    state: str | None = None
    verdict: str | None = None
    batch: str | None = None
    parent: int | None = None
    document: str | None = None
    before: int | None = None
    limit: int = 50


def look_up_key(db: Database, key: str | None, used: dict[int, float], now: float) -> Caller | None:
    """Who has this key; None where nobody has, or not any more. ``used`` remembers when that was noted last."""
    if not key:
        return None
    row = db.row("SELECT id, scopes FROM keys WHERE hash = ? AND revoked_at IS NULL", (hash_key(key),))
    if row is None:
        return None
    if now - used.get(row["id"], 0.0) > USED_SECONDS:
        used[row["id"]] = now
        with contextlib.suppress(StorageError):  # on a full disk results can still be read
            db.execute("UPDATE keys SET used_at = ? WHERE id = ?", (now, row["id"]))
    words = row["scopes"].split()
    return Caller(row["id"], frozenset(scope for scope in SCOPES if scope in words), hash_key(key))


def is_good(db: Database, caller: Caller) -> bool:
    """Whether who has waited may still ask: his key is neither revoked nor renewed, or none is needed still."""
    if not caller.hash:
        return not has_keys(db)
    return db.row("SELECT 1 FROM keys WHERE hash = ? AND revoked_at IS NULL", (caller.hash,)) is not None


def has_keys(db: Database) -> bool:
    """Whether a key was ever made; one that is revoked does not open the door again."""
    return db.row("SELECT 1 FROM keys LIMIT 1") is not None


def create_key(db: Database, name: str, scopes: Sequence[Scope], now: float) -> tuple[int, str]:
    """Make a key: its number, and the key itself, which is not kept."""
    key = make_key()
    values = (name, hash_key(key), " ".join(scopes), now)
    return db.insert("INSERT INTO keys(name, hash, scopes, created_at) VALUES (?, ?, ?, ?)", values), key


def list_keys(db: Database) -> list[KeyRow]:
    """All keys there ever were."""
    rows = db.rows("SELECT id, name, scopes, created_at, used_at, revoked_at FROM keys ORDER BY id")
    return [KeyRow(**row) for row in rows]


def renew_key(db: Database, key_id: int) -> str:
    """Give a key a new secret; what it has sent stays its own, the old secret is void at once.

    Raises:
        UsageError: there is no such key, or it is revoked.
    """
    key = make_key()
    if not db.execute("UPDATE keys SET hash = ? WHERE id = ? AND revoked_at IS NULL", (hash_key(key), key_id)):
        raise UsageError(f"There is no key {key_id} that is good.")
    return key


@atomic
def revoke_key(db: Database, key_id: int, now: float) -> None:
    """End a key; its row stays. Whoever had it made somebody told of its jobs, perhaps: that ends too.

    Raises:
        UsageError: there is no such key, or it is revoked.
    """
    if not db.execute("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, key_id)):
        raise UsageError(f"There is no key {key_id} that is good.")
    db.execute("UPDATE endpoints SET disabled_at = ? WHERE key_id = ? AND disabled_at IS NULL", (now, key_id))
    db.execute(
        "UPDATE outbox SET ended_at = ?, error = ? WHERE ended_at IS NULL"
        " AND endpoint_id IN (SELECT id FROM endpoints WHERE key_id = ?)",
        (now, "The key was revoked.", key_id),
    )


def look(db: Database, jobs: Sequence[int]) -> dict[int, str]:
    """For each job a text that changes whenever there is something to tell."""
    found: dict[int, str] = {}
    for start in range(0, len(jobs), 500):
        some = jobs[start : start + 500]
        marks = ", ".join("?" * len(some))
        rows = db.rows(f"SELECT id, state, attempt, progress FROM jobs WHERE id IN ({marks})", some)  # noqa: S608
        found |= {row["id"]: sign_of(row) for row in rows}
    return found


def sign_of(row: Row | Mapping[str, Any]) -> str:
    """What ``look`` says of a row."""
    return f"{row['state']} {row['attempt']} {row['progress'] or ''}"


def find_job(db: Database, sees: int, job_id: int) -> Row | None:
    """A job, if there is one and it may be seen."""
    return db.row(FIELDS + " WHERE j.id = ? AND ? IN (-1, j.key_id)", (job_id, sees))


def list_jobs(db: Database, sees: int, wanted: Filter) -> list[Row]:
    """The newest jobs first; one more than ``limit`` where there are more."""
    conditions: dict[str, Any] = {
        "j.state = ?": wanted.state,
        "j.parent = ?": wanted.parent,
        "j.sha256 = ?": wanted.document,
        "j.id < ?": wanted.before,
        # as json.dumps writes it; both databases can search text, each has its own way with JSON
        "j.summary LIKE ?": None if wanted.verdict is None else f'%"verdict": "{wanted.verdict}"%',
        "j.id IN (SELECT b.job_id FROM deliveries b WHERE b.batch = ?)": wanted.batch,
        "j.key_id = ?": None if sees == ALL else sees,
    }
    asked = {k: v for k, v in conditions.items() if v is not None}
    where = " WHERE " + " AND ".join(asked) if asked else ""
    return db.rows(f"{FIELDS}{where} ORDER BY j.id DESC LIMIT ?", (*asked.values(), wanted.limit + 1))


def find_document(db: Database, sees: int, sha256: str) -> Row | None:
    """A document that one may see a job of: ``sha256, bytes``."""
    return db.row(
        "SELECT d.sha256, d.bytes FROM documents d WHERE d.sha256 = ?"
        " AND EXISTS (SELECT 1 FROM jobs j WHERE j.sha256 = d.sha256 AND ? IN (-1, j.key_id))",
        (sha256, sees),
    )


def list_names(db: Database, sees: int, sha256: str) -> list[str]:
    """The names that a document came with, as far as one may see them."""
    rows = db.rows(
        "SELECT d.path FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE j.sha256 = ? AND ? IN (-1, j.key_id) GROUP BY d.path ORDER BY min(d.id) LIMIT 100",
        (sha256, sees),
    )
    return [row["path"] for row in rows]


def list_submissions(db: Database, sees: int, sha256: str, limit: int) -> list[Row]:
    """What a document came with, as far as one may see it, the newest first: ``job_id, path, metadata, created_at``."""
    return db.rows(
        "SELECT d.job_id, d.path, d.metadata, d.created_at FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        " WHERE j.sha256 = ? AND ? IN (-1, j.key_id) ORDER BY d.id DESC LIMIT ?",
        (sha256, sees, limit),
    )


def list_results(db: Database, sees: int, sha256: str) -> list[Row]:
    """The versions of a document's results, the newest first."""
    return db.rows(
        "SELECT r.id, r.job_id, r.engine, r.sha256, r.created_at, r.summary, j.metadata, (SELECT d.metadata"
        " FROM deliveries d WHERE d.id = (SELECT max(l.id) FROM deliveries l WHERE l.job_id = j.id)) AS said"
        " FROM results r JOIN jobs j ON j.id = r.job_id"
        " WHERE j.sha256 = ? AND ? IN (-1, j.key_id) ORDER BY r.id DESC LIMIT 200",
        (sha256, sees),
    )


def may_see_result(db: Database, sees: int, sha256: str) -> bool:
    """Whether a result is one of a job that may be seen."""
    row = db.row(
        "SELECT 1 FROM results r JOIN jobs j ON j.id = r.job_id WHERE r.sha256 = ? AND ? IN (-1, j.key_id) LIMIT 1",
        (sha256, sees),
    )
    return row is not None


def add_endpoint(db: Database, key_id: int, url: str, secret: str, events: Sequence[str], now: float) -> int:
    """Have an address told of a key's jobs (an admin's: of all); its number."""
    return db.insert(
        "INSERT INTO endpoints(key_id, url, secret, events, created_at) VALUES (?, ?, ?, ?, ?)",
        (key_id, url, secret, " ".join(events), now),
    )


def list_endpoints(db: Database, sees: int, endpoint: int = ALL) -> list[Row]:
    """The addresses that one may see, or one of them; callbacks of single jobs are none."""
    return db.rows(
        "SELECT id, key_id, url, secret, events, created_at, disabled_at FROM endpoints"
        " WHERE ? IN (-1, key_id) AND job_id IS NULL AND ? IN (-1, id) ORDER BY id",
        (sees, endpoint),
    )


def remove_endpoint(db: Database, sees: int, endpoint: int) -> bool:
    """Have an address told of nothing more, not even of what is on its way."""
    statement = "DELETE FROM endpoints WHERE id = ? AND ? IN (-1, key_id) AND job_id IS NULL"
    return bool(db.execute(statement, (endpoint, sees)))


def enable_endpoint(db: Database, sees: int, endpoint: int) -> bool:
    """Have an address told again; False where there is none, or its key was revoked."""
    enabled = "UPDATE endpoints SET disabled_at = NULL"
    return bool(db.execute(enabled + LIVING, (endpoint, sees)))


@atomic
def change_secret(db: Database, sees: int, endpoint: int, secret: str, until: float) -> bool:
    """Give an address a new secret and have it enabled again; the old one signs too ``until`` then."""
    changed = "UPDATE endpoints SET previous_secret = secret, previous_until = ?, secret = ?, disabled_at = NULL"
    return bool(db.execute(changed + LIVING, (until, secret, endpoint, sees)))


def list_sent(db: Database, endpoint: int, before: int | None, limit: int) -> list[Row]:
    """What an address was, or is to be, told, the newest first; one more than ``limit`` where there is more."""
    return db.rows(
        "SELECT id, job_id, event, created_at, tries, next_at, ended_at, status, error FROM outbox"
        " WHERE endpoint_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        (endpoint, LAST if before is None else before, limit + 1),
    )


def send_again(db: Database, endpoint: int, message: int) -> bool:
    """Have an address told once more, from the first try; False where there is no such message."""
    return bool(
        db.execute(
            "UPDATE outbox SET ended_at = NULL, status = NULL, error = NULL, tries = 0, next_at = 0"
            " WHERE id = ? AND endpoint_id = ?",
            (message, endpoint),
        )
    )


def read_json(text: str | None) -> Any:
    """JSON out of a column, None where there is none."""
    return None if text is None else json.loads(text)
