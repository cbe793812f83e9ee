"""What people are asked to look at, and what they have said."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make both tables, and ask for the review of what waits for one already."""
    _make_reviews()
    _make_corrections()
    _ask_for_reviews()


def _make_reviews() -> None:
    """One row for each result with figures to look at."""
    op.create_table(
        "reviews",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("figures", ID, server_default="0", nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.Double(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("resolved_at", sa.Double(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'claimed', 'resolved')", name=op.f("ck_reviews_state")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_reviews_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("job_id", name=op.f("uq_reviews_job_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("reviews_state", "reviews", ["state", "id"])


def _make_corrections() -> None:
    """What was said of figures."""
    op.create_table(
        "corrections",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("corrected", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), server_default="", nullable=False),
        sa.Column("key_id", ID, server_default="0", nullable=False),
        sa.Column("carried_from", ID, nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_corrections_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["carried_from"], ["corrections.id"], name=op.f("fk_corrections_carried_from"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sqlite_autoincrement=True,
    )
    op.create_index("corrections_job", "corrections", ["job_id", "id"])
    carried = sa.text("carried_from IS NOT NULL")
    op.create_index(
        "corrections_carried", "corrections", ["carried_from"], sqlite_where=carried, postgresql_where=carried
    )


def _ask_for_reviews() -> None:
    """Results that say so already, unless a later engine's has taken their place."""
    bind = op.get_bind()
    after = 0
    while rows := bind.execute(
        sa.text(
            "SELECT j.id, j.summary, coalesce(j.finished_at, j.created_at) AS at FROM jobs j WHERE j.id > :after"
            " AND j.state = 'done' AND j.summary IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.supersedes = j.id AND n.state = 'done')"
            " ORDER BY j.id LIMIT 10000"
        ),
        {"after": after},
    ).all():
        found = [(row.id, json.loads(row.summary).get("review"), row.at) for row in rows]
        asked = [{"job": job, "figures": int(figures), "at": at} for job, figures, at in found if figures]
        if asked:
            bind.execute(
                sa.text("INSERT INTO reviews(job_id, figures, created_at) VALUES (:job, :figures, :at)"), asked
            )
        after = rows[-1].id
