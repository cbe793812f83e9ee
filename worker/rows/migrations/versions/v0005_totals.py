"""Counts that only ever grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty table: what has ended before was not counted."""
    op.create_table(
        "totals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("slot", ID, autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", "label", "slot", name=op.f("pk_totals")),
        sqlite_with_rowid=False,
    )
