"""The first version of the program: one SQLite file, made without Alembic.

Where that file is, nothing is done here. Elsewhere what later versions have left as it was is made; the first forms
of ``jobs`` and ``deliveries`` are not, because ``v0002_service`` puts others in their place.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make ``documents`` and ``names`` where the first version has not."""
    if sa.inspect(op.get_bind()).has_table("documents"):
        return
    op.create_table(
        "documents",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stored_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_documents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "names",
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("base", name=op.f("pk_names")),
        sqlite_with_rowid=False,
    )
