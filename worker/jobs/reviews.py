"""What people are asked to look at: one review for each result with figures that need it.

    pending ──claim──▶ claimed ──resolve──▶ resolved
       ▲                 │ release, or its time is up
       └─────────────────┘

A review is also resolved when nothing is left to look at, or when a later engine's result takes the place of its own. A
correction that leaves something to look at opens it again.
Functions without a transaction of their own are for use inside one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from worker.database import Database, Row, atomic
from worker.jobs import events

State = Literal["pending", "claimed", "resolved"]
STATES: Final[tuple[State, ...]] = get_args(State)
FIELDS: Final = (
    "SELECT r.id, r.job_id, r.state, r.figures, r.person, r.claimed_until, r.note, r.created_at, r.resolved_at,"
    " j.key_id, j.sha256, j.result_sha256, j.summary, coalesce("
    "(SELECT d.metadata FROM deliveries d WHERE d.id = (SELECT max(l.id) FROM deliveries l WHERE l.job_id = j.id)),"
    " j.metadata) AS metadata FROM reviews r JOIN jobs j ON j.id = r.job_id"
)
REPLACED: Final = "A later result has taken its place."


class TakenError(Exception):
    """A review is not this person's to end."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who corrects; ``ends``: and has looked at all there is, which the note is about."""

    person: str
    ends: bool = False
    note: str | None = None


def request(db: Database, job_id: int, figures: int, now: float, note: str | None = None) -> None:
    """Ask for a review of a job's result, where there is anything to look at."""
    if not figures and note is None:
        return
    db.execute(
        "INSERT INTO reviews(job_id, figures, note, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (job_id) DO NOTHING",
        (job_id, figures, note, now),
    )
    events.tell(db, job_id, ["review.requested"], now)


def replace(db: Database, job_id: int, now: float) -> None:
    """Nobody needs to look at a result whose place a later one has taken."""
    db.execute(
        "UPDATE reviews SET state = 'resolved', note = ?, resolved_at = ?, claimed_until = 0"
        " WHERE job_id = ? AND state != 'resolved'",
        (REPLACED, now, job_id),
    )


def follow(db: Database, job_id: int, figures: int, said: Said, now: float) -> None:
    """A correction has left so many figures to look at, which may be more than before.

    With the last one the review is resolved; what is doubted only now is asked of people, as if nobody had looked yet.

    Raises:
        TakenError: the correction was to end a review that somebody else has claimed or resolved.
    """
    row = db.row("SELECT * FROM reviews WHERE job_id = ? FOR NO KEY UPDATE", (job_id,))
    if said.ends and (row is None or row["state"] == "resolved" or not is_free(row, said.person, now)):
        raise TakenError
    if row is None:
        request(db, job_id, figures, now)
        return
    db.execute("UPDATE reviews SET figures = ? WHERE job_id = ?", (figures, job_id))
    if row["state"] != "resolved" and (said.ends or not figures):
        _end(db, row["id"], job_id, (said.person, said.note), now)
    elif row["state"] == "resolved" and figures:
        db.execute(
            "UPDATE reviews SET state = 'pending', person = NULL, claimed_until = 0, resolved_at = NULL WHERE id = ?",
            (row["id"],),
        )
        events.tell(db, job_id, ["review.requested"], now)


def find(db: Database, sees: int, review: int) -> Row | None:
    """A review, if there is one and its job may be seen."""
    return db.row(FIELDS + " WHERE r.id = ? AND ? IN (-1, j.key_id)", (review, sees))


def list_reviews(db: Database, sees: int, state: State | None, after: int, limit: int) -> list[Row]:
    """The oldest first: one more than ``limit`` where there are more."""
    conditions = {"r.state = ?": state, "j.key_id = ?": None if sees < 0 else sees}
    asked = {k: v for k, v in conditions.items() if v is not None}
    where = "".join(f" AND {condition}" for condition in asked)
    return db.rows(f"{FIELDS} WHERE r.id > ?{where} ORDER BY r.id LIMIT ?", (after, *asked.values(), limit + 1))


@atomic
def claim(db: Database, review: int, person: str, until: float, now: float) -> bool:
    """Keep a review for one person for a while; False where another has it, or it is resolved."""
    touched = db.execute(
        "UPDATE reviews SET state = 'claimed', person = ?, claimed_until = ? WHERE id = ? AND (state = 'pending'"
        " OR (state = 'claimed' AND (person = ? OR claimed_until < ?)))",
        (person, until, review, person, now),
    )
    return bool(touched)


@atomic
def release(db: Database, review: int, person: str) -> bool:
    """Give a review back; False where it is not this person's."""
    touched = db.execute(
        "UPDATE reviews SET state = 'pending', person = NULL, claimed_until = 0"
        " WHERE id = ? AND state = 'claimed' AND person = ?",
        (review, person),
    )
    return bool(touched)


@atomic
def resolve(db: Database, review: int, person: str, note: str | None, now: float) -> bool:
    """Say that a person has looked; False where another has it, or it is resolved."""
    row = db.row("SELECT * FROM reviews WHERE id = ? FOR NO KEY UPDATE", (review,))
    if row is None or row["state"] == "resolved" or not is_free(row, person, now):
        return False
    _end(db, review, row["job_id"], (person, note), now)
    return True


def is_free(row: Row, person: str, now: float) -> bool:
    """Whether nobody else has claimed a review."""
    return bool(row["state"] != "claimed" or row["person"] == person or row["claimed_until"] < now)


def _end(db: Database, review: int, job_id: int, said: tuple[str, str | None], now: float) -> None:
    person, note = said
    db.execute(
        "UPDATE reviews SET state = 'resolved', person = ?, note = coalesce(?, note), claimed_until = 0,"
        " resolved_at = ? WHERE id = ?",
        (person, note, now, review),
    )
    events.tell(db, job_id, ["review.resolved"], now)
