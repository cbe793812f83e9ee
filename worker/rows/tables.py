"""The tables of a home, the same on SQLite and PostgreSQL. Changed only together with a migration in ``migrations/``.

    documents ◀─ jobs ◀─ deliveries   a name that a document came with, and what is put beside it
                  ▲ ▲
                  │ └─── results      every result that there is of a job: versions
                  └───── outbox       what is to be told to the endpoints, written with the change of state

Times are seconds of wall clock, truth values are 0 and 1, JSON is text: both databases then hold the same.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# SQLite counts up only what it calls INTEGER; a million documents a day fill 32 bits in six years
Id: Final = BigInteger().with_variant(Integer, "sqlite")

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
STATES: Final = "state IN ('queued', 'running', 'done', 'failed', 'quarantined', 'cancelled')"


def _serial() -> Column[int]:
    """A number for each row, never given twice."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def _text(name: str, *rest: Any, **how: Any) -> Column[str]:
    """Text that must be there, unless told otherwise."""
    return Column(name, Text, *rest, **{"nullable": False, **how})


def _count(name: str, default: int | None = 0) -> Column[int]:
    """A whole number that must be there."""
    return Column(name, Id, nullable=False, server_default=None if default is None else str(default))


def _index(name: str, *columns: Column[Any], where: str | None = None) -> None:
    """An index, over some of the rows where it says which."""
    partial = None if where is None else text(where)
    Index(name, *columns, sqlite_where=partial, postgresql_where=partial)


def _time(name: str, *, needed: bool = True, default: str | None = None) -> Column[float]:
    """A moment."""
    return Column(name, Double, nullable=not needed, server_default=default)


documents: Final = Table(
    "documents",
    metadata,
    _text("sha256", primary_key=True),
    _count("bytes", None),
    _time("stored_at"),
    sqlite_with_rowid=False,
)

# who may ask the API; key_id 0 everywhere else means the doors of the machine itself (inbox, back-fill, command line)
keys: Final = Table(
    "keys",
    metadata,
    _serial(),
    _text("name"),
    # sha256 of the key, hex: a key has 256 random bits, so nothing slower is needed
    _text("hash", unique=True),
    # separated by blanks
    _text("scopes"),
    _time("created_at"),
    _time("revoked_at", needed=False),
    _time("used_at", needed=False),
    sqlite_autoincrement=True,
)

# sha256 is null until a back-fill's file has been read; origin is what a container says of its part.
# The same bytes are one job for each key: nobody learns from an answer what another has sent.
jobs: Final = Table(
    "jobs",
    metadata,
    _serial(),
    _text("sha256", ForeignKey("documents.sha256"), nullable=True),
    _text("profile"),
    _text("engine"),
    _text("origin", server_default=""),
    # all of it where it is too long to be looked up by
    _text("origin_text", nullable=True),
    _count("key_id"),
    _text("uri", nullable=True),
    _text("password", nullable=True),
    # the caller's, a JSON object, echoed wherever the job is told of
    _text("metadata", nullable=True),
    Column("parent", Id, ForeignKey("jobs.id")),
    # the job of an earlier engine whose names this one takes over when it is done
    Column("supersedes", Id, ForeignKey("jobs.id")),
    _count("depth"),
    _text("urgency"),
    _text("kind"),
    _text("state", server_default="queued"),
    _count("attempt"),
    _text("owner", nullable=True),
    _time("lease_until", default="0"),
    _time("hinted_at", default="0"),
    _time("created_at"),
    _time("claimed_at", needed=False),
    _time("finished_at", needed=False),
    _text("error_code", nullable=True),
    _text("problem", nullable=True),
    _text("result_sha256", nullable=True),
    _text("summary", nullable=True),
    # {"stage": …, "pages_done": …, "pages_total": …} while it runs
    _text("progress", nullable=True),
    UniqueConstraint("sha256", "profile", "engine", "origin", "key_id", name="uq_jobs_natural"),
    CheckConstraint(STATES, name="state"),
    CheckConstraint("(state = 'running') = (owner IS NOT NULL)", name="owner"),
    CheckConstraint("state != 'done' OR result_sha256 IS NOT NULL", name="result"),
    sqlite_autoincrement=True,
)
_index("jobs_queued", jobs.c.urgency, jobs.c.kind, jobs.c.hinted_at, jobs.c.id, where="state = 'queued'")
_index("jobs_running", jobs.c.lease_until, where="state = 'running'")
_index("jobs_state", jobs.c.state, jobs.c.id)
_index("jobs_key", jobs.c.key_id, jobs.c.id)
_index("jobs_finished", jobs.c.finished_at, where="finished_at IS NOT NULL")
_index("jobs_claimed", jobs.c.claimed_at, where="claimed_at IS NOT NULL")
_index("jobs_parent", jobs.c.parent, where="parent IS NOT NULL")
_index("jobs_supersedes", jobs.c.supersedes, where="supersedes IS NOT NULL")
_index("jobs_result", jobs.c.result_sha256, where="result_sha256 IS NOT NULL")

# versions: a job of another engine, or a person's corrections, add one; none is ever changed
results: Final = Table(
    "results",
    metadata,
    _serial(),
    Column("job_id", Id, ForeignKey("jobs.id"), nullable=False),
    # one more than that of the job it supersedes
    _count("version", 1),
    _text("engine"),
    _text("sha256"),
    # 0 where it was written before sizes were noted
    _count("bytes"),
    _time("created_at"),
    # verdict, outcome, tables, figures, review; for a container: container, parts
    _text("summary", nullable=True),
    UniqueConstraint("job_id", "sha256", name="uq_results_job"),
    sqlite_autoincrement=True,
)
_index("results_sha256", results.c.sha256)

# a name under results/, done/ and failed/ belongs to one document for ever
names: Final = Table("names", metadata, _text("base", primary_key=True), _text("holder"), sqlite_with_rowid=False)

# one row for each name a document came with: what is still to be put beside it when its job has ended
deliveries: Final = Table(
    "deliveries",
    metadata,
    _serial(),
    Column("job_id", Id, ForeignKey("jobs.id"), nullable=False),
    _text("path"),
    _text("base", nullable=True),
    _text("work_id", unique=True, nullable=True),
    _text("uri", nullable=True),
    _text("batch", nullable=True),
    # the home whose folders it is put into ('' any, '-' none: whoever sent it asks for it)
    _text("site", server_default=""),
    # of this name: the same bytes may come under two names with two of them
    _text("metadata", nullable=True),
    Column("parent", Id, ForeignKey("deliveries.id")),
    Column("part", Id),
    _count("ready"),
    _time("delivered_at", needed=False),
    _count("tries"),
    _time("next_at", default="0"),
    _time("created_at", default="0"),
    UniqueConstraint("batch", "uri", name="uq_deliveries_batch"),
    sqlite_autoincrement=True,
)
_index("deliveries_ready", deliveries.c.next_at, deliveries.c.id, where="ready = 1 AND delivered_at IS NULL")
_index("deliveries_job", deliveries.c.job_id)
_index("deliveries_parent", deliveries.c.parent, where="parent IS NOT NULL")
_index("deliveries_left", deliveries.c.batch, where="batch IS NOT NULL AND delivered_at IS NULL")

# what a caller called its request: the same key and body are the same job
idempotency: Final = Table(
    "idempotency",
    metadata,
    Column("key_id", Id, primary_key=True, autoincrement=False),
    _text("key", primary_key=True),
    # sha256 over what was asked
    _text("request"),
    # null while the first request is still being answered
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="SET NULL")),
    _time("created_at"),
)
_index("idempotency_created", idempotency.c.created_at)
_index("idempotency_job", idempotency.c.job_id)

# who is told: of all jobs of its key (an admin's: of all jobs), or with job_id of that one only (a callback)
endpoints: Final = Table(
    "endpoints",
    metadata,
    _serial(),
    _count("key_id"),
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE")),
    _text("url"),
    # whsec_…; the one before is good until previous_until
    _text("secret"),
    _text("previous_secret", nullable=True),
    _time("previous_until", needed=False),
    # event types separated by blanks; empty is all
    _text("events", server_default=""),
    # of a callback: what came with it, and a hash of all of that: asked for twice it is one
    _text("metadata", nullable=True),
    _text("name", nullable=True),
    _text("submission", nullable=True),
    _time("created_at"),
    _time("disabled_at", needed=False),
    sqlite_autoincrement=True,
)
_index("endpoints_key", endpoints.c.key_id)
_index("endpoints_job", endpoints.c.job_id)
Index("endpoints_submission", endpoints.c.job_id, endpoints.c.submission, unique=True)

# one row for each event and endpoint, written in the transaction that changes the job's state
outbox: Final = Table(
    "outbox",
    metadata,
    _serial(),
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("endpoint_id", Id, ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
    # one of worker.jobs.events.Event
    _text("event"),
    # JSON, what was so at that moment
    _text("payload"),
    _time("created_at"),
    _count("tries"),
    _time("next_at", default="0"),
    # told, or given up: then with the last answer
    _time("ended_at", needed=False),
    Column("status", Id),
    _text("error", nullable=True),
    sqlite_autoincrement=True,
)
_index("outbox_due", outbox.c.next_at, outbox.c.id, where="ended_at IS NULL")
_index("outbox_endpoint", outbox.c.endpoint_id, outbox.c.id)
_index("outbox_job", outbox.c.job_id)

# one row for each result that a person should look at; pending, claimed (until then), resolved
reviews: Final = Table(
    "reviews",
    metadata,
    _serial(),
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, unique=True),
    _text("state", server_default="pending"),
    # how many of its figures need review
    _count("figures"),
    _text("person", nullable=True),
    _time("claimed_until", default="0"),
    _text("note", nullable=True),
    _time("created_at"),
    _time("resolved_at", needed=False),
    CheckConstraint("state IN ('pending', 'claimed', 'resolved')", name="state"),
    sqlite_autoincrement=True,
)
_index("reviews_state", reviews.c.state, reviews.c.id)

# what a person said of a figure; never changed, and carried over (as rows of their own) when a document is done again
corrections: Final = Table(
    "corrections",
    metadata,
    _serial(),
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    # of the result; corrections with the same one were said at once
    _text("corrected"),
    # the result with them; null where a later engine's reading has nothing they could be said of
    _text("result", nullable=True),
    # JSON: the correction, and where its figures stood
    _text("content"),
    # who, by their own name, and by which key
    _text("person", server_default=""),
    _count("key_id"),
    # the correction of the earlier engine's result that this one repeats
    Column("carried_from", Id, ForeignKey("corrections.id", ondelete="SET NULL")),
    _time("created_at"),
    sqlite_autoincrement=True,
)
_index("corrections_job", corrections.c.job_id, corrections.c.id)
_index("corrections_carried", corrections.c.carried_from, where="carried_from IS NOT NULL")

# what only ever grows, for whoever looks on from outside; a transaction adds to a slot that is free
totals: Final = Table(
    "totals",
    metadata,
    _text("name", primary_key=True),
    # the values of its labels, separated by blanks
    _text("label", primary_key=True),
    Column("slot", Id, primary_key=True, autoincrement=False),
    _time("value", default="0"),
    sqlite_with_rowid=False,
)
