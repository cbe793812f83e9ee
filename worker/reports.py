"""What became of each document of a back-fill, as a table and as counts, once it has come to its end (or so far)."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, Final

from schemas.errors import StorageError
from worker import results
from worker.backfill import Progress
from worker.database import Database, Row
from worker.naming import RESULT_SUFFIX, key_of
from worker.settings import engine_name

PAGE: Final = 5_000
FACTS: Final = ("verdict", "outcome", "tables", "figures", "proved", "repaired", "review")
COLUMNS: Final = ("path", "uri", "job", "sha256", "state", "attempts", "code", "detail", *FACTS, "result")
# what a spreadsheet would take for a formula
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def find_free(stem: Path) -> Path:
    """A stem that no other report has, taken so that nobody else gets it: two may come to their end in one second.

    Raises:
        StorageError: it cannot be written.
    """
    for number in count(1):
        free = stem if number == 1 else stem.with_name(f"{stem.name}-{number}")
        try:
            free.parent.mkdir(parents=True, exist_ok=True)
            free.with_name(f"{free.name}.csv").open("x").close()
        except FileExistsError:
            continue
        except OSError as error:
            raise StorageError(f"The report cannot be written: {error.strerror}.", str(free)) from error
        return free
    raise AssertionError  # there is always one more number


def write(db: Database, batch: str, progress: Progress, stem: Path) -> tuple[Path, Path]:
    """Write ``<stem>.json`` with the counts and ``<stem>.csv`` with a row for each document; both paths.

    Raises:
        StorageError: they cannot be written.
    """
    summary, table = stem.with_name(f"{stem.name}.json"), stem.with_name(f"{stem.name}.csv")
    codes: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        with table.open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            rows.writeheader()
            for row in _documents(db, batch):
                codes[row["code"]] += 1
                verdicts[row["verdict"]] += 1
                outcomes[row["outcome"]] += 1
                rows.writerow({name: _cell(value) for name, value in row.items()})
        named = (("errors", codes), ("verdicts", verdicts), ("outcomes", outcomes))
        told = {name: dict(sorted((k, v) for k, v in found.items() if k)) for name, found in named}
        counts = {name: value for name, value in asdict(progress).items() if name != "paused"}
        content = {"source": batch, "engine": engine_name(), **counts, **told, "documents": table.name}
        summary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The report cannot be written: {error.strerror}.", str(stem)) from error
    return summary, table


def _documents(db: Database, batch: str) -> Iterator[dict[str, Any]]:
    """Each name of the back-fill, the parts of containers included, in the order they were found."""
    after = 0
    while True:
        rows = db.rows(
            "SELECT d.id, d.path, d.base, d.uri, j.id AS job, j.sha256, j.state, j.attempt, j.error_code, j.problem,"
            " j.summary FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.batch = ? AND d.id > ?"
            " ORDER BY d.id LIMIT ?",
            (key_of(batch), after, PAGE),
        )
        if not rows:
            return
        yield from (_document(db, row) for row in rows)
        after = rows[-1]["id"]


def _document(db: Database, row: Row) -> dict[str, Any]:
    summary = json.loads(row["summary"] or "{}")
    if summary.get("container"):
        summary["outcome"] = "partial" if results.is_partial(db, row) else "complete"
    problem = json.loads(row["problem"] or "{}")
    known = {name: row[name] or "" for name in ("path", "uri", "job", "sha256", "state")}
    result = f"{row['base']}{RESULT_SUFFIX}" if row["state"] == "done" and not summary.get("container") else ""
    told = {"attempts": row["attempt"], "code": row["error_code"] or "", "detail": problem.get("detail") or ""}
    return {**known, **told, **{name: summary.get(name, "") for name in FACTS}, "result": result}


def _cell(value: object) -> object:
    """A value as a spreadsheet may see it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
