"""Keys, versions of results, an outbox; the same bytes are a job for each key; rows that several homes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# what the first version kept of a job and of a name, under the same names
JOB = (
    "id, sha256, profile, engine, origin, uri, password, parent, depth, urgency, kind, state, attempt, owner,"
    " lease_until, hinted_at, created_at, claimed_at, finished_at, error_code, problem, result_sha256, summary"
)
DELIVERY = "id, job_id, path, base, work_id, uri, batch, parent, part, ready, delivered_at, tries, next_at"


def upgrade() -> None:
    """Make the new tables, and move the rows of the first version where there are any."""
    first = sa.inspect(op.get_bind()).has_table("jobs")
    if first:
        _put_first_aside()
    _make_keys()
    _make_jobs()
    _index_jobs()
    _make_deliveries()
    _make_results()
    _make_idempotency()
    _make_endpoints()
    _make_outbox()
    if first:
        _move_first()


def _put_first_aside() -> None:
    """Free the names of the first tables and indexes."""
    for index in ("jobs_queued", "jobs_running", "jobs_state", "jobs_claimed"):
        op.drop_index(index, "jobs")
    for index in ("deliveries_ready", "deliveries_job", "deliveries_parent", "deliveries_left"):
        op.drop_index(index, "deliveries")
    op.rename_table("deliveries", "first_deliveries")
    op.rename_table("jobs", "first_jobs")


def _move_first() -> None:
    """Copy every row under its number; numbers that were given and taken back are not given again."""
    op.execute(f"INSERT INTO jobs({JOB}) SELECT {JOB} FROM first_jobs ORDER BY id")  # noqa: S608 - names of ours
    op.execute(f"INSERT INTO deliveries({DELIVERY}) SELECT {DELIVERY} FROM first_deliveries ORDER BY id")  # noqa: S608
    op.execute(
        "INSERT INTO results(job_id, engine, sha256, created_at, summary)"
        " SELECT id, engine, result_sha256, coalesce(finished_at, created_at), summary FROM jobs"
        " WHERE state = 'done' ORDER BY id"
    )
    for table in ("jobs", "deliveries"):
        op.execute(
            f"UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'first_{table}')"  # noqa: S608
            f" WHERE name = '{table}'"
        )
    op.drop_table("first_deliveries")
    op.drop_table("first_jobs")


def _index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    """An index, over some of the rows where it says which."""
    partial = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=partial, postgresql_where=partial)


def _make_keys() -> None:
    """Who may ask the API."""
    op.create_table(
        "keys",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_keys_hash")),
        sqlite_autoincrement=True,
    )


def _job_rules() -> list[sa.Constraint]:
    """What holds of every job."""
    return [
        sa.CheckConstraint("(state = 'running') = (owner IS NOT NULL)", name=op.f("ck_jobs_owner")),
        sa.CheckConstraint("state != 'done' OR result_sha256 IS NOT NULL", name=op.f("ck_jobs_result")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'quarantined', 'cancelled')", name=op.f("ck_jobs_state")
        ),
        sa.ForeignKeyConstraint(["parent"], ["jobs.id"], name=op.f("fk_jobs_parent")),
        sa.ForeignKeyConstraint(["sha256"], ["documents.sha256"], name=op.f("fk_jobs_sha256")),
        sa.ForeignKeyConstraint(["supersedes"], ["jobs.id"], name=op.f("fk_jobs_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("sha256", "profile", "engine", "origin", "key_id", name="uq_jobs_natural"),
    ]


def _make_jobs() -> None:
    """Jobs, one for the same bytes, engine and key."""
    op.create_table(
        "jobs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("origin_text", sa.Text(), nullable=True),
        sa.Column("key_id", ID, server_default="0", nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=True),
        sa.Column("parent", ID, nullable=True),
        sa.Column("supersedes", ID, nullable=True),
        sa.Column("depth", ID, server_default="0", nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempt", ID, server_default="0", nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.Column("hinted_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("result_sha256", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        *_job_rules(),
        sqlite_autoincrement=True,
    )


def _index_jobs() -> None:
    """By queue, by state, by key, by what points where."""
    _index("jobs_claimed", "jobs", ["claimed_at"], "claimed_at IS NOT NULL")
    _index("jobs_finished", "jobs", ["finished_at"], "finished_at IS NOT NULL")
    _index("jobs_key", "jobs", ["key_id", "id"])
    _index("jobs_parent", "jobs", ["parent"], "parent IS NOT NULL")
    _index("jobs_queued", "jobs", ["urgency", "kind", "hinted_at", "id"], "state = 'queued'")
    _index("jobs_result", "jobs", ["result_sha256"], "result_sha256 IS NOT NULL")
    _index("jobs_running", "jobs", ["lease_until"], "state = 'running'")
    _index("jobs_state", "jobs", ["state", "id"])
    _index("jobs_supersedes", "jobs", ["supersedes"], "supersedes IS NOT NULL")


def _make_deliveries() -> None:
    """The names documents came with."""
    op.create_table(
        "deliveries",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("work_id", sa.Text(), nullable=True),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), server_default="", nullable=False),
        sa.Column("metadata", sa.Text(), nullable=True),
        sa.Column("parent", ID, nullable=True),
        sa.Column("part", ID, nullable=True),
        sa.Column("ready", ID, server_default="0", nullable=False),
        sa.Column("delivered_at", sa.Double(), nullable=True),
        sa.Column("tries", ID, server_default="0", nullable=False),
        sa.Column("next_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Double(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_deliveries_job_id")),
        sa.ForeignKeyConstraint(["parent"], ["deliveries.id"], name=op.f("fk_deliveries_parent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("batch", "uri", name="uq_deliveries_batch"),
        sa.UniqueConstraint("work_id", name=op.f("uq_deliveries_work_id")),
        sqlite_autoincrement=True,
    )
    _index("deliveries_job", "deliveries", ["job_id"])
    _index("deliveries_left", "deliveries", ["batch"], "batch IS NOT NULL AND delivered_at IS NULL")
    _index("deliveries_parent", "deliveries", ["parent"], "parent IS NOT NULL")
    _index("deliveries_ready", "deliveries", ["next_at", "id"], "ready = 1 AND delivered_at IS NULL")


def _make_results() -> None:
    """Versions of results."""
    op.create_table(
        "results",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("version", ID, server_default="1", nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", ID, server_default="0", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_results_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
        sa.UniqueConstraint("job_id", "sha256", name="uq_results_job"),
        sqlite_autoincrement=True,
    )
    _index("results_sha256", "results", ["sha256"])


def _make_idempotency() -> None:
    """What callers called their requests."""
    op.create_table(
        "idempotency",
        sa.Column("key_id", ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_idempotency_job_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("key_id", "key", name=op.f("pk_idempotency")),
    )
    _index("idempotency_created", "idempotency", ["created_at"])
    _index("idempotency_job", "idempotency", ["job_id"])


def _make_endpoints() -> None:
    """Who is told."""
    op.create_table(
        "endpoints",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key_id", ID, server_default="0", nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_until", sa.Double(), nullable=True),
        sa.Column("events", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("disabled_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_endpoints_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sqlite_autoincrement=True,
    )
    _index("endpoints_job", "endpoints", ["job_id"])
    _index("endpoints_key", "endpoints", ["key_id"])


def _make_outbox() -> None:
    """What is to be told."""
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("tries", ID, server_default="0", nullable=False),
        sa.Column("next_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("status", ID, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("fk_outbox_endpoint_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_outbox_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    _index("outbox_due", "outbox", ["next_at", "id"], "ended_at IS NULL")
    _index("outbox_endpoint", "outbox", ["endpoint_id", "id"])
    _index("outbox_job", "outbox", ["job_id"])
