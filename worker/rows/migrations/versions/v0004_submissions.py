"""A callback belongs to what was said with it: its own metadata and name, and once however often it is asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Callbacks that are there stay as they are: they are told what their job says."""
    for name in ("metadata", "name", "submission"):
        op.add_column("endpoints", sa.Column(name, sa.Text(), nullable=True))
    op.create_index("endpoints_submission", "endpoints", ["job_id", "submission"], unique=True)
