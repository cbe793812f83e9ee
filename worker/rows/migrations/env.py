"""What Alembic runs: the connection is the one that ``worker.rows.migrate`` holds; nothing is read from a file."""

from __future__ import annotations

from alembic import context

from worker.rows.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
