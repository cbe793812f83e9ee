"""A home without workers: its rows and store, and hands that do by order what a worker would do."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from schemas.errors import UnreadableError
from schemas.filing import Filing, to_json
from tests.fakes import engine
from worker.api import rows
from worker.api.keys import Scope
from worker.blobs import Blobs
from worker.database import Database
from worker.jobs import leases
from worker.jobs.leases import Claim
from worker.processes.supervisor import make_folders
from worker.settings import Settings


class Desk:
    """The rows and the store of a home, for one thread."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.settings = replace(Settings(), home=home, **settings)
        make_folders(self.settings)
        self.db = Database.open(self.settings)
        self.blobs = Blobs(self.settings.blobs)

    def again(self) -> Desk:
        """The same home, for another thread."""
        return Desk(**{field.name: getattr(self.settings, field.name) for field in fields(self.settings)})

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    def key(self, name: str = "me", *scopes: Scope) -> str:
        """A new key."""
        return rows.create_key(self.db, name, scopes or ("submit", "read"), time.time())[1]

    def claim(self, job: str | int) -> Claim:
        """Take a job as a worker does."""
        number = int(str(job).removeprefix("job_"))
        held = leases.claim(self.db, self.settings, number, "desk", time.time())
        assert held is not None
        return held

    def finish(self, job: str | int, filing: Filing | None = None) -> str:
        """End a job with a result; the result's sha256."""
        held = self.claim(job)
        filing = filing or engine.convert(self.blobs.path(held.sha256 or "").read_bytes())
        stored = self.blobs.put_bytes(to_json(filing))
        figures = [figure for table in filing.tables for figure in table.figures]
        summary = {
            "verdict": filing.verdict,
            "outcome": filing.outcome,
            "tables": len(filing.tables),
            "figures": len(figures),
            "review": sum(figure.needs_review for figure in figures),
        }
        assert leases.finish(self.db, held, (stored.sha256, stored.size), summary, time.time()) == "done"
        return stored.sha256

    def fail(self, job: str | int, detail: str = "Its first page is torn.") -> None:
        """End a job without one."""
        assert leases.fail(self.db, self.claim(job), UnreadableError(detail, "page 1"), time.time())
