"""Counts that only ever grow, kept in rows: added to in the transaction that makes them true.

So they are right whoever is killed when, and stay what they are when jobs are purged or tried again. There are several
rows for each, and a transaction adds to those that no other has under way: nobody who ends a job waits for another.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, get_args

from schemas.filing import Kind, Route
from worker.database import Database, Row

SLOTS: Final = 32
# apart from other locks on numbers
LOCKS: Final = 0x746F74
# upper bounds in seconds; whatever takes longer is in the last
BUCKETS: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, float("inf"))
WAITING: Final = "waiting"
CONVERTING: Final = "converting"
STAGES: Final = (WAITING, CONVERTING)
_OWN: Final = secrets.randbelow(SLOTS)

ROUTES: Final = frozenset((*get_args(Route), *get_args(Kind)))

Totals = dict[tuple[str, ...], float]


def add(db: Database, amounts: Mapping[tuple[str, ...], float]) -> None:
    """Add to totals, inside the transaction that is open; a key is a name and its labels, none of them with a blank."""
    added = sorted((key[0], " ".join(key[1:]), value) for key, value in amounts.items() if value)
    if not added:
        return
    first = (_OWN + os.getpid()) % SLOTS  # the processes of a pool are forked, and differ by their numbers
    slot = db.take_free(LOCKS, [(first + step) % SLOTS for step in range(SLOTS)])
    places = ", ".join(["(?, ?, ?, ?)"] * len(added))
    values = [part for name, label, value in added for part in (name, label, slot, float(value))]
    db.execute(
        f"INSERT INTO totals(name, label, slot, value) VALUES {places}"  # noqa: S608 - question marks
        " ON CONFLICT (name, label, slot) DO UPDATE SET value = totals.value + excluded.value",
        values,
    )


def read(db: Database) -> Totals:
    """Everything that was ever added, by name and labels."""
    rows = db.rows("SELECT name, label, sum(value) AS value FROM totals GROUP BY name, label ORDER BY name, label")
    return {(row["name"], *row["label"].split(" ")): row["value"] for row in rows}


def add_ended(db: Database, job_id: int) -> None:
    """Count a job that has just ended: its outcome, its figures, and how long it waited and was converted."""
    job = db.row(
        "SELECT state, error_code, kind, summary, created_at, claimed_at, finished_at FROM jobs WHERE id = ?", (job_id,)
    )
    if job is None:
        return
    summary: dict[str, Any] = json.loads(job["summary"] or "{}")
    route = "container" if summary.get("container") else _route(str(summary.get("route")), job["kind"])
    amounts: Counter[tuple[str, ...]] = Counter()
    amounts["jobs", job["error_code"] or job["state"], route] += 1
    left = int(summary.get("figures") or 0)
    for status in ("proved", "repaired", "conflict"):
        count = int(summary.get(status) or 0)
        amounts["figures", status, route] += count
        left -= count
    amounts["figures", "unchecked", route] += max(0, left)
    for said, count in (summary.get("checks") or {}).items():
        amounts["checks", *str(said).split(" ")] += int(count)
    amounts["review", route] += int(summary.get("review") or 0)
    add(db, {**amounts, **_stages(job)})


def _route(said: str, kind: str) -> str:
    """How a document was read, in words that are known: what a child says may be anything, and labels are few."""
    words = sorted(set(said.split("+")))
    return "+".join(words) if ROUTES.issuperset(words) else kind


def _stages(job: Row) -> Totals:
    """How long each stage took: seconds, and one in their bucket."""
    claimed, ended = job["claimed_at"], job["finished_at"]
    if claimed is None or ended is None:
        return {}
    found: Totals = {}
    for stage, seconds in ((WAITING, claimed - job["created_at"]), (CONVERTING, ended - claimed)):
        spent = max(0.0, seconds)
        bound = next(bound for bound in BUCKETS if spent <= bound)
        found["stage", stage, f"{bound:g}"] = 1
        found["seconds", stage] = spent
    return found
