"""The life of a job row: claimed, renewed, and ended by the one worker that holds it.

    queued ──claim──▶ running ──finish──▶ done
      ▲                 │ │ └───fail────▶ failed
      │◀──release───────┘ │
      └◀──expire──────────┴─────────────▶ quarantined     (either, by the attempts that are left)
    queued, running ──cancel──▶ cancelled                  (``worker.jobs.jobs``)

The attempt is counted when the job is claimed, before any work, so that a killed process and an exhausted memory
count too. Whoever has lost the lease can change nothing any more: each statement asks for the owner's token.
Every function is one transaction; ``now`` is wall-clock time in seconds by the clock of the rows (``Database.now``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from schemas.errors import AttemptsError, CrossfootError, EncryptedError
from worker import routing
from worker.database import Database, Row, atomic
from worker.jobs import deliveries, events, reviews
from worker.jobs.corrections import rows as corrections
from worker.jobs.corrections.rows import Inherited
from worker.naming import key_of, part_name
from worker.settings import Settings

Ending = Literal["done", "fenced", "differs", "stale"]
# what two statements of one clock may differ by, and more
FUTURE_SECONDS: Final = 5.0
MANY: Final = 1_000
END = (
    "UPDATE jobs SET owner = NULL, lease_until = 0, password = NULL, progress = NULL, finished_at = ?,"
    " state = ?, error_code = ?, problem = ?, result_sha256 = ?, summary = ? WHERE id = ?"
)
# what goes back is hinted again at the next sweep
BACK = (
    "UPDATE jobs SET state = 'queued', owner = NULL, lease_until = 0, hinted_at = 0, progress = NULL,"
    " attempt = CASE WHEN attempt > ? THEN attempt - ? ELSE 0 END, kind = ? WHERE id = ?"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker, and no other, may convert until the lease runs out.

    Attributes:
        owner: the token that proves it.
        sha256: None for a back-fill's file that has not been read yet; then ``uri`` is its path.
        origin: canonical JSON of what the container says of its part, or "".
        depth: how many containers the document came out of.
        key_id: whose it is. supersedes: the job of an earlier engine whose names this one takes over.
    """

    id: int
    owner: str
    attempt: int
    sha256: str | None
    uri: str | None
    profile: str
    origin: str
    urgency: str
    kind: str
    password: str | None
    depth: int
    engine: str
    key_id: int
    metadata: str | None
    supersedes: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """A document that came out of a container and lies in the store."""

    number: int
    name: str
    sha256: str
    size: int
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a container holds: its parts, a sentence on what was left out, and whether another password would do."""

    parts: tuple[Part, ...]
    left_out: str | None = None
    locked: bool = False

    def summary(self) -> dict[str, object]:
        """What is told of the container without opening its index."""
        facts = {"container": True, "parts": len(self.parts), "outcome": "partial" if self.left_out else "complete"}
        return {**facts, "left_out": self.left_out, **({"locked": True} if self.locked else {})}


def claim(db: Database, settings: Settings, job_id: int, owner: str, now: float) -> Claim | None:
    """Take a job that is queued, or whose lease has run out; None where another was quicker or no attempt is left."""
    with db.relaxed():
        row = db.row(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, owner = ?, lease_until = ?, claimed_at = ?"
            " WHERE id = (SELECT id FROM jobs WHERE id = ? AND attempt < ?"
            " AND (state = 'queued' OR (state = 'running' AND lease_until < ?)) FOR NO KEY UPDATE SKIP LOCKED)"
            " RETURNING *",
            (owner, now + settings.lease_seconds, now, job_id, settings.attempts, now),
        )
    if row is None:
        _give_up_spent(db, settings, job_id, now)
    return _claim(row)


def _give_up_spent(db: Database, settings: Settings, job_id: int, now: float) -> None:
    """End a job that waits and that nobody may take: fewer attempts are allowed than when it was given back."""
    query = "SELECT attempt FROM jobs WHERE id = ? AND state = 'queued' AND attempt >= ?"
    if db.row(query, (job_id, settings.attempts)) is None:
        return
    with db.transaction():
        row = db.row(f"{query} FOR NO KEY UPDATE", (job_id, settings.attempts))
        if row is not None:
            said = f"It was given up: it was tried {row['attempt']} times, and {settings.attempts} are allowed now."
            _end_badly(db, job_id, "quarantined", AttemptsError(said), now)


def _claim(row: Row | None) -> Claim | None:
    """A row that was taken."""
    if row is None:
        return None
    return Claim(**{name: row[name] for name in Claim.__slots__} | {"origin": row["origin_text"] or row["origin"]})


def renew(db: Database, settings: Settings, held: Claim, now: float) -> bool:
    """Stay the owner for another lease; False when the job is no longer ours and the work must be dropped."""
    with db.relaxed():
        touched = db.execute(
            "UPDATE jobs SET lease_until = ? WHERE id = ? AND owner = ? AND state = 'running'",
            (now + settings.lease_seconds, held.id, held.owner),
        )
    return bool(touched)


@atomic
def attach(db: Database, held: Claim, sha256: str, size: int, now: float) -> bool:
    """Say which bytes a back-fill's path turned out to hold; False when this job has nothing left to do.

    What ``held`` says of password and metadata is written down with it: it may have lain beside the file. Where the
    same bytes have a job already, that one serves this name too and the row of ours, which never had a document, goes:
    the same bytes are one job.
    """
    if not is_held(db, held):
        return False
    if held.password or held.metadata:
        said = (held.password, held.metadata, held.id)
        db.execute("UPDATE jobs SET password = ?, metadata = ? WHERE id = ?", said)
        db.execute("UPDATE deliveries SET metadata = ? WHERE job_id = ? AND metadata IS NULL", said[1:])
    deliveries.add_document(db, sha256, size, now)
    deliveries.name_waiting(db, held.id, sha256)
    twin = deliveries.find_job(db, sha256, held.profile, held.origin, held.key_id)
    if twin is None:
        db.execute("UPDATE jobs SET sha256 = ? WHERE id = ?", (sha256, held.id))
        return True
    if held.password:  # it may have failed for want of it
        deliveries.unlock(db, twin, held.password, held.engine)
    deliveries.hand_over(db, held.id, twin, now)
    db.execute("DELETE FROM jobs WHERE id = ?", (held.id,))
    return False


@atomic
def finish(
    db: Database,
    held: Claim,
    result: tuple[str, int],
    summary: Mapping[str, object],
    now: float,
    inherited: Inherited | None = None,
) -> Ending:
    """Make a stored result (its hash, its bytes) the job's result; ``fenced`` when the job is another's by now.

    ``inherited`` is what people have said of the result that this one supersedes; ``stale``, and nothing has been
    done, where they have said more meanwhile. ``differs`` is the alarm: somebody else has finished this job with other
    bytes, which must never happen.
    """
    if is_held(db, held):
        if corrections.is_stale(db, held.supersedes, inherited):
            return "stale"
        _end_done(db, held, _Made(result, summary, inherited), now)
        return "done"
    row = db.row("SELECT 1 FROM jobs WHERE id = ? AND state = 'done'", (held.id,))
    same = db.row("SELECT 1 FROM results WHERE job_id = ? AND sha256 = ?", (held.id, result[0]))
    return "differs" if row is not None and same is None else "fenced"


@dataclass(frozen=True, slots=True)
class _Made:
    """What came of a job: its result (hash, bytes), what is told of it, and what was said of the one it supersedes."""

    result: tuple[str, int]
    summary: Mapping[str, object]
    inherited: Inherited | None


def _end_done(db: Database, held: Claim, made: _Made, now: float) -> None:
    """A version more, and one with what was inherited; the names of the superseded job are served again, with it."""
    (sha256, size), summary, inherited = made.result, made.summary, made.inherited
    db.exclude(sha256)
    corrected = None if inherited is None else inherited.version
    final, facts = (sha256, summary) if corrected is None else (corrected.sha256, {**summary, **corrected.summary})
    db.execute(END, (now, "done", None, None, final, json.dumps(facts), held.id))
    db.execute(
        "INSERT INTO results(job_id, version, engine, sha256, bytes, created_at, summary) VALUES (?, 1 +"
        " coalesce((SELECT max(version) FROM results WHERE job_id = ?), 0), ?, ?, ?, ?, ?)"
        " ON CONFLICT (job_id, sha256) DO NOTHING",
        (held.id, held.supersedes or held.id, held.engine, sha256, size, now, json.dumps(summary)),
    )
    left = 0 if inherited is None else corrections.add_inherited(db, held.id, held.engine, inherited, now)
    left += corrections.count_gone(db, held.supersedes, held.engine)
    deliveries.mark_ready(db, held.id, now)
    if held.supersedes is not None and deliveries.lock(db, held.supersedes) is not None:
        deliveries.hand_over(db, held.supersedes, held.id, now)
        reviews.replace(db, held.supersedes, now)
    events.tell_ended(db, held.id, now)
    note = f"{left} corrections of the result before find nothing in this one." if left else None
    reviews.request(db, held.id, int(str(facts.get("review") or 0)), now, note)


@atomic
def finish_container(
    db: Database,
    held: Claim,
    result: tuple[str, int],
    opened: Opened,
    now: float,
    inherited: Inherited | None = None,
) -> Ending:
    """End a container's job by giving each of its parts a job, and each of its names a name for each part.

    The part's job is one of its own, with attempts, limits and quarantine of its own, so that one bad part takes
    nothing from the others. It keeps the container's urgency. ``inherited`` and ``stale`` as for ``finish``: what was
    a filing may be a container now.
    """
    if not is_held(db, held):
        return "fenced"
    if corrections.is_stale(db, held.supersedes, inherited):
        return "stale"
    if opened.locked and _try_password(db, held):
        return "fenced"
    # in one order everywhere, so that nobody waits in a circle
    for part in sorted(opened.parts, key=lambda p: p.sha256):
        deliveries.add_document(db, part.sha256, part.size, now)
    children = [(part, _find_child(db, held, part, now)) for part in opened.parts]
    _end_done(db, held, _Made(result, opened.summary(), inherited), now)
    for part, child in children:
        deliveries.add_part(db, held.id, child, (part.number, part_name(part.number, part.name)), now)
    return "done"


def _find_child(db: Database, held: Claim, part: Part, now: float) -> int:
    """The job of a part; a new one where it has none, or where an engine converts again what an earlier one did.

    The same bytes are the same document, even where the earlier engine said something else of them: what people have
    said of it goes on.
    """
    known = deliveries.find_job(db, part.sha256, held.profile, part.origin, held.key_id)
    if known is not None and held.supersedes is None:
        if held.password is not None:
            deliveries.unlock(db, known, held.password, held.engine)
        return known
    if known is None and held.supersedes is not None:
        known = deliveries.find_part_job(db, held.supersedes, part.number, part.sha256)
    own = deliveries.find_job(db, part.sha256, held.profile, part.origin, held.key_id, held.engine)
    if own is not None:
        return own
    return db.insert(
        "INSERT INTO jobs(sha256, origin, origin_text, kind, created_at, parent, supersedes, depth, profile, urgency,"
        " password, engine, key_id, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(part.sha256, key_of(part.origin), part.origin, part.kind, now, held.id, known, held.depth + 1),
            *(held.profile, held.urgency, held.password, held.engine, held.key_id, held.metadata),
        ),
    )


@atomic
def fail(db: Database, held: Claim, error: CrossfootError, now: float) -> bool:
    """End a job whose document cannot be converted; False when the job is another's by now."""
    if not is_held(db, held):
        return False
    if error.problem_code == EncryptedError.code and _try_password(db, held):
        return True
    _end_badly(db, held.id, "failed", error, now)
    return True


def _try_password(db: Database, held: Claim) -> bool:
    """Queue a job again, which is ours, where another password has come since it was claimed."""
    row = db.row("SELECT password FROM jobs WHERE id = ?", (held.id,))
    if row is None or row["password"] in (None, held.password):
        return False
    db.execute(BACK, (1, 1, held.kind, held.id))
    return True


def _end_badly(db: Database, job_id: int, state: str, error: CrossfootError, now: float) -> None:
    """End a job without a result."""
    db.execute(END, (now, state, error.problem_code, json.dumps(error.problem()), None, None, job_id))
    deliveries.mark_ready(db, job_id, now)
    events.tell_ended(db, job_id, now)


@atomic
def release(
    db: Database, settings: Settings, held: Claim, cause: str, now: float, error: CrossfootError | None = None
) -> str | None:
    """Give a job back whose process died: queued again, or quarantined after the last attempt; the new state.

    ``error`` is what is said of it in the end, where that is more than that it was given up.
    """
    return _give_back(db, settings, held.id, cause, now, error) if is_held(db, held) else None


@atomic
def release_unharmed(db: Database, owners: str) -> int:
    """Give back, without counting the attempt, what workers held that we stopped ourselves; how many jobs.

    ``owners`` is the beginning of their tokens.
    """
    held = _held_by(db, owners)
    for row in held:
        db.execute(BACK, (1, 1, row["kind"], row["id"]))
    return len(held)


@atomic
def move(db: Database, held: Claim, kind: str) -> bool:
    """Give a job back to the queue of a kind without counting the attempt (a PDF found to be a long scan)."""
    if not is_held(db, held):
        return False
    db.execute(BACK, (1, 1, kind, held.id))
    return True


@atomic
def bring_back(db: Database, settings: Settings, now: float) -> int:
    """Let no lease and no hint be of the future, where a clock was set back; how many were.

    A worker that lives keeps its job: the lease runs from now, and is renewed.
    """
    late = now + FUTURE_SECONDS
    queues = f"urgency IN ({_marks(routing.URGENCIES)}) AND kind IN ({_marks(routing.KINDS)})"
    queued = f"SELECT id FROM jobs WHERE state = 'queued' AND {queues} AND hinted_at > ? LIMIT ?"  # noqa: S608 - marks
    hints = db.rows(queued, (*routing.URGENCIES, *routing.KINDS, late, MANY))
    for row in hints:
        db.execute("UPDATE jobs SET hinted_at = 0 WHERE id = ? AND state = 'queued'", (row["id"],))
    running = "SELECT id FROM jobs WHERE state = 'running' AND claimed_at > ? AND lease_until > ? ORDER BY id"
    held = db.rows(f"{running} FOR NO KEY UPDATE SKIP LOCKED", (late, now + settings.lease_seconds))
    for row in held:
        values = (now, now + settings.lease_seconds, row["id"])
        db.execute("UPDATE jobs SET claimed_at = ?, lease_until = ? WHERE id = ?", values)
    return len(hints) + len(held)


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))


@atomic
def expire(db: Database, settings: Settings, now: float) -> list[str]:
    """Take the jobs whose lease has run out from their silent workers; the state each went to."""
    query = "SELECT id FROM jobs WHERE state = 'running' AND lease_until < ? ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
    late = db.rows(query, (now,))
    return [_give_back(db, settings, row["id"], "its worker died or fell silent", now) for row in late]


@atomic
def release_dead(db: Database, settings: Settings, owners: str, now: float) -> list[str]:
    """Take the jobs of workers that are known to be dead, without waiting for their leases; the attempt counts."""
    return [_give_back(db, settings, row["id"], "its worker died", now) for row in _held_by(db, owners)]


def _held_by(db: Database, owners: str) -> list[Row]:
    """The running jobs of all whose tokens begin so, locked."""
    return db.rows(
        "SELECT id, kind FROM jobs WHERE state = 'running' AND substr(owner, 1, ?) = ? ORDER BY id FOR NO KEY UPDATE",
        (len(owners), owners),
    )


def count_running(db: Database, instance: str) -> int:
    """How many jobs are converted at this moment by the workers of one ``crossfoot up`` ("": by all there are)."""
    query = "SELECT count(*) AS n FROM jobs WHERE state = 'running' AND (? = '' OR substr(owner, 1, ?) = ?)"
    row = db.row(query, (instance, len(instance), instance))
    return int(row["n"]) if row is not None else 0


def is_held(db: Database, held: Claim) -> bool:
    """Whether a job is still its claimer's, and stays so until the transaction that asks has ended."""
    query = "SELECT id FROM jobs WHERE id = ? AND owner = ? AND state = 'running' FOR NO KEY UPDATE"
    return db.row(query, (held.id, held.owner)) is not None


def _give_back(
    db: Database, settings: Settings, job_id: int, cause: str, now: float, error: CrossfootError | None = None
) -> str:
    """Queue a running job again, or quarantine it when no attempt is left; the new state."""
    row = db.row("SELECT attempt, kind FROM jobs WHERE id = ?", (job_id,))
    if row is None or row["attempt"] < settings.attempts:
        db.execute(BACK, (0, 0, row["kind"] if row is not None else "", job_id))
        return "queued"
    given_up = AttemptsError(f"It was given up after {row['attempt']} attempts; in the last one {cause}.")
    _end_badly(db, job_id, "quarantined", error or given_up, now)
    return "quarantined"
