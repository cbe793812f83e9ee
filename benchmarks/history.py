"""What must be true of a service after faults, judged from outside: by what a client noted, the disk, and the rows.

Nothing of the service is imported: rows are read with the database's own driver, results as files. The client's log is
append-only: a line for each document it handed in, written before the document could be seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

MOST_ATTEMPTS = 3
ROWS = "SELECT id, sha256, state, attempt, error_code, result_sha256 FROM jobs"


@dataclass(frozen=True, slots=True)
class Handed:
    """A document that a client handed in.

    Attributes:
        note: the file that each of its executions adds a line to. planted: what is bad about it, or "".
    """

    name: str
    sha256: str
    note: str
    planted: str = ""


class Log:
    """The client's append-only log."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, handed: Handed) -> None:
        """Note a document before it is handed in."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([handed.name, handed.sha256, handed.note, handed.planted]) + "\n")

    def read(self) -> list[Handed]:
        """All that was noted."""
        return [Handed(*json.loads(line)) for line in self.path.read_text(encoding="utf-8").splitlines()]


@dataclass(slots=True)
class Verdict:
    """What was found; all lists but ``planted`` must be empty, and ``executions`` but a little above ``documents``.

    Attributes:
        lost: names without an answer. stuck: jobs and names that have not ended.
        divergent: names with another document's result, with two answers, or two results for the same bytes.
        refused: names of good documents that were given up.
        planted: how many bad documents there were; passed: those that came through all the same.
        broken: everything else that must not be (too many attempts, bytes that do not hash to their name, leftovers).
        documents, executions: of the good ones, by their bytes.
    """

    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    divergent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    planted: int = 0
    documents: int = 0
    executions: int = 0

    @property
    def extra(self) -> float:
        """The share of executions that would not have been needed."""
        return (self.executions - self.documents) / max(1, self.documents)

    def faults(self) -> dict[str, list[str]]:
        """What must be empty and is not."""
        names = ("lost", "stuck", "divergent", "refused", "passed", "broken")
        return {name: found for name in names if (found := getattr(self, name))}


def judge(log: Log, home: Path, notes: Path, database_url: str = "") -> Verdict:
    """Hold what lies in a home that has come to rest against what a client noted.

    Args:
        log: what was handed in. home: of the service, stopped.
        notes: the folder of the files that executions add lines to.
        database_url: of the rows where they are on PostgreSQL.
    """
    verdict = Verdict()
    handed = log.read()
    jobs = _rows(home, database_url, ROWS)
    _judge_names(handed, home, verdict)
    _judge_jobs(jobs, {h.sha256 for h in handed if not h.planted}, verdict)
    open_names = "SELECT path FROM deliveries WHERE delivered_at IS NULL"
    verdict.stuck += [f"name {row[0]}" for row in _rows(home, database_url, open_names)]
    _judge_blobs(home, verdict)
    _judge_leftovers(home, verdict)
    _count(handed, notes, verdict)
    return verdict


def _rows(home: Path, database_url: str, query: str) -> list[Sequence[Any]]:
    if database_url:
        with psycopg.connect(database_url) as connection:
            return list(connection.execute(query.encode()).fetchall())
    with contextlib.closing(sqlite3.connect(home / "jobs.sqlite")) as connection:
        return connection.execute(query).fetchall()


def _judge_names(handed: list[Handed], home: Path, verdict: Verdict) -> None:
    """Each name has one answer, the right one, and its file lies beside it."""
    by_bytes: dict[str, set[str]] = {}
    for item in handed:
        result, error = home / "results" / f"{item.name}.json", home / "failed" / f"{item.name}.error.json"
        if result.exists() and error.exists():
            verdict.divergent.append(f"{item.name}: a result and an error")
        elif result.exists():
            data = result.read_bytes()
            by_bytes.setdefault(item.sha256, set()).add(hashlib.sha256(data).hexdigest())
            if json.loads(data)["source"]["sha256"] != item.sha256:
                verdict.divergent.append(f"{item.name}: another document's result")
            if item.planted:
                verdict.passed.append(item.name)
            _judge_original(item, home / "done" / item.name, verdict)
        elif error.exists():
            if not item.planted:
                problem = json.loads(error.read_bytes())
                verdict.refused.append(f"{item.name}: {problem['code']} ({problem['detail']})")
            _judge_original(item, home / "failed" / item.name, verdict)
        else:
            verdict.lost.append(item.name)
    verdict.divergent += [f"{sha256}: {len(found)} results" for sha256, found in by_bytes.items() if len(found) > 1]


def _judge_original(item: Handed, path: Path, verdict: Verdict) -> None:
    """What was handed in is kept as it was."""
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != item.sha256:
        verdict.lost.append(f"{item.name}: the original")


def _judge_jobs(jobs: list[Sequence[Any]], good: set[str], verdict: Verdict) -> None:
    """One job for the same bytes, in a final state, within its attempts."""
    for number, sha256, state, attempt, code, result in jobs:
        if state in ("queued", "running"):
            verdict.stuck.append(f"job {number} {state}")
        elif sha256 in good and state != "done":
            verdict.refused.append(f"job {number} {state} {code}")
        if attempt > MOST_ATTEMPTS:
            verdict.broken.append(f"job {number}: {attempt} attempts")
        if state == "done" and not result:
            verdict.broken.append(f"job {number}: done without a result")
    counts = Counter(job[1] for job in jobs)
    verdict.divergent += [f"{sha256}: {count} jobs" for sha256, count in counts.items() if count > 1]
    verdict.lost += [f"{sha256}: no job" for sha256 in good - set(counts)]


def _judge_blobs(home: Path, verdict: Verdict) -> None:
    """What the store holds is what it says."""
    for path in (home / "blobs").glob("??/??/*"):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            verdict.broken.append(f"{path.name}: other bytes")


def _judge_leftovers(home: Path, verdict: Verdict) -> None:
    """Nothing lies about, and nobody has raised the alarm."""
    for folder in ("work", "scratch", "inbox"):
        verdict.broken += [f"{folder}/{p.name} is left" for p in (home / folder).iterdir()]
    for log in (home / "logs").iterdir():
        if "ALARM" in log.read_text(encoding="utf-8", errors="replace"):
            verdict.divergent.append(f"{log.name}: two results for one job")


def _count(handed: list[Handed], notes: Path, verdict: Verdict) -> None:
    verdict.planted = len({item.sha256 for item in handed if item.planted})
    good = {item.note for item in handed if not item.planted}
    verdict.documents = len(good)
    for note in good:
        path = notes / note
        verdict.executions += len(path.read_text(encoding="ascii").split()) if path.exists() else 0
