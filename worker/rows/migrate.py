"""Brings a database to the tables of today: one of an earlier version without loss, an empty one from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

# the newest file in migrations/versions: looked at before Alembic is imported, which takes longer than many a job
HEAD: Final = "0005"
FIRST: Final = "0001"
MIGRATIONS: Final = Path(__file__).parent / "migrations"


class TooNewError(RuntimeError):
    """A later version of the program wrote this database."""


def read_revision(connection: Connection) -> str | None:
    """The revision that a database is of; None for an empty one."""
    tables = inspect(connection)
    if tables.has_table("alembic_version"):
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    # the first version of the program kept its own count
    return FIRST if tables.has_table("jobs") else None


def upgrade(connection: Connection) -> None:
    """Bring the database to ``HEAD``, inside the transaction that the caller has begun.

    Raises:
        TooNewError: it is of a revision that this program does not know.
    """
    revision = read_revision(connection)
    if revision == HEAD:
        return
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise TooNewError(f"it is of revision {revision}, this program knows {HEAD}")

    def steps(_current: object, _context: object) -> list[object]:
        """From where the database is to the newest, as ``alembic.command.upgrade`` does."""
        return list(scripts._upgrade_revs(HEAD, revision or "base"))  # noqa: SLF001 - it has no public name

    with EnvironmentContext(config, scripts, fn=steps, destination_rev=HEAD):
        scripts.run_env()
