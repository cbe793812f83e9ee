"""The outbox's rows to their addresses, each until it has arrived or is given up. ``crossfoot webhooks``.

A row is claimed by moving its next try beyond the deadline, so that several dispatchers share the work and one that
is killed leaves a row that is due again: a message may arrive twice, under the same id, and is never left out. An
address that is slow or away holds up nobody else: each has so many messages on their way, and no more.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import StorageError
from worker.database import Database, Row, atomic
from worker.jobs import totals
from worker.processes.process import stopping
from worker.settings import Settings
from worker.webhooks import guard
from worker.webhooks.sending import DEADLINE_SECONDS, Message, Sent, send

log = logging.getLogger("crossfoot.webhooks")

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
# seconds until the next try, after the first, second, … one; what fails after the last is given up
LADDER: Final = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR)
JITTER: Final = 0.2
LEASE_SECONDS: Final = 6 * DEADLINE_SECONDS
AT_ONCE: Final = 16
AT_ONCE_EACH: Final = 2
# of one API key, however many addresses it names
AT_ONCE_KEY: Final = 8
TICK_SECONDS: Final = 0.5
LONGEST_ERROR: Final = 500
DUE: Final = (
    "SELECT id, job_id, endpoint_id, event, payload, created_at, tries FROM outbox"
    " WHERE endpoint_id = ? AND ended_at IS NULL AND next_at <= ? ORDER BY next_at, id LIMIT ? FOR NO KEY UPDATE"
)


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is ours to send for ``LEASE_SECONDS``."""

    id: int
    endpoint: int
    tries: int
    message: Message


@atomic
def claim(db: Database, busy: dict[int, int], limit: int, now: float) -> list[Due]:
    """Take rows that are due, a few of each address and key; ``busy`` says how many each address has on its way."""
    waiting = db.rows(
        "SELECT DISTINCT o.endpoint_id, e.key_id FROM outbox o JOIN endpoints e ON e.id = o.endpoint_id"
        " WHERE o.ended_at IS NULL AND o.next_at <= ? AND e.disabled_at IS NULL",
        (now,),
    )
    random.shuffle(waiting)
    of_key = _count_keys(db, busy)
    taken: list[Due] = []
    for endpoint, key in ((row["endpoint_id"], row["key_id"]) for row in waiting):
        room = min(AT_ONCE_EACH - busy.get(endpoint, 0), AT_ONCE_KEY - of_key[key], limit - len(taken))
        if room > 0:
            claimed = [_claimed(db, row, now) for row in _rows(db, endpoint, room, now)]
            of_key[key] += len(claimed)
            taken += claimed
    return taken


def _count_keys(db: Database, busy: dict[int, int]) -> Counter[int]:
    """How many messages each API key has on its way."""
    found: Counter[int] = Counter()
    for endpoint, count in busy.items():
        row = db.row("SELECT key_id FROM endpoints WHERE id = ?", (endpoint,))
        if row is not None:
            found[row["key_id"]] += count
    return found


def _rows(db: Database, endpoint: int, limit: int, now: float) -> list[Row]:
    # locked: another dispatcher waits here, and then sees that they are not due any more
    return db.rows(DUE, (endpoint, now, limit))


def _claimed(db: Database, row: Row, now: float) -> Due:
    db.execute("UPDATE outbox SET tries = tries + 1, next_at = ? WHERE id = ?", (now + LEASE_SECONDS, row["id"]))
    endpoint = db.row(
        "SELECT url, secret, previous_secret, previous_until FROM endpoints WHERE id = ?", (row["endpoint_id"],)
    )
    if endpoint is None:
        raise StorageError("An address has gone while it was looked at.")
    secrets = [endpoint["secret"]]
    if endpoint["previous_secret"] and (endpoint["previous_until"] or 0.0) > now:
        secrets.append(endpoint["previous_secret"])
    message = Message(f"msg_{row['id']}", endpoint["url"], tuple(s for s in secrets if s), body_of(row["event"], row))
    return Due(row["id"], row["endpoint_id"], row["tries"] + 1, message)


def body_of(event: str, row: Row) -> bytes:
    """The message's body: what kind of event, when, and its thin data; never a word of the document."""
    facts: dict[str, Any] = json.loads(row["payload"])
    job = f"job_{facts['id']}"
    result, document = facts["result_sha256"], facts["sha256"]
    links = {"job": f"/v1/jobs/{job}", "result": result and f"/v1/results/{result}"}
    problem = facts["problem"]
    # rows of an earlier version of the program do not have all of it
    parent = facts.get("parent")
    data = {
        "job": job,
        "document": document,
        "name": facts.get("name") or "",
        "parent": parent and f"job_{parent}",
        "part": facts.get("part"),
        "result": result,
        "state": facts["state"],
        "summary": facts["summary"],
        "problem": problem and {name: problem.get(name) for name in ("type", "title", "code", "detail", "place")},
        "links": links,
        "metadata": facts["metadata"] or {},
    }
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row["created_at"]))
    body = {"type": event, "timestamp": stamp, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@atomic
def settle(db: Database, due: Due, sent: Sent, now: float) -> str:
    """Write down what came of a message; a word for the log: delivered, again, given up, or disabled."""
    status, error = sent.status, None if sent.error is None else sent.error[:LONGEST_ERROR]
    ending = "UPDATE outbox SET ended_at = ?, status = ?, error = ? WHERE id = ? AND ended_at IS NULL"
    if sent.delivered:
        totals.add(db, {("webhooks", "delivered"): db.execute(ending, (now, status, None, due.id))})
        return "delivered"
    if sent.gone:
        db.execute("UPDATE endpoints SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL", (now, due.endpoint))
        ended = db.execute(
            "UPDATE outbox SET ended_at = ?, status = ?, error = ? WHERE endpoint_id = ? AND ended_at IS NULL",
            (now, status, "The address has said that it is gone.", due.endpoint),
        )
        totals.add(db, {("webhooks", "given_up"): ended})
        return "disabled"
    if due.tries > len(LADDER):
        totals.add(db, {("webhooks", "given_up"): db.execute(ending, (now, status, error, due.id))})
        return "given up"
    delay = LADDER[due.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing
    db.execute(
        "UPDATE outbox SET next_at = ?, status = ?, error = ? WHERE id = ? AND ended_at IS NULL",
        (now + delay, status, error, due.id),
    )
    return "again"


class Dispatcher:
    """Sends what is due, so many at once."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._db = db
        self._allowed = guard.read_networks(settings.webhook_networks)
        self._pool = ThreadPoolExecutor(AT_ONCE, "webhook")
        self._flying: dict[Future[Sent], Due] = {}

    def tick(self, now: float) -> int:
        """Send what is due and write down what has come back; how many are on their way."""
        busy: dict[int, int] = {}
        for due in self._flying.values():
            busy[due.endpoint] = busy.get(due.endpoint, 0) + 1
        room = AT_ONCE - len(self._flying)
        for due in claim(self._db, busy, room, now) if room else ():
            self._flying[self._pool.submit(send, due.message, self._allowed)] = due
        return self.collect(0.0)

    def collect(self, seconds: float) -> int:
        """Write down what has come back, waiting so long for the first; how many are still on their way."""
        ended, _ = wait(self._flying, seconds, FIRST_COMPLETED)
        for future in ended:
            due, sent = self._flying.pop(future), future.result()
            outcome = settle(self._db, due, sent, time.time())
            level = logging.INFO if outcome == "delivered" else logging.WARNING
            log.log(level, "message %d: %s", due.id, outcome, extra={"webhook": due.endpoint, "status": sent.status})
        return len(self._flying)

    def close(self) -> None:
        """Wait for what is on its way, and write it down."""
        self._pool.shutdown(wait=True)
        while self._flying:
            self.collect(0.1)


def serve(settings: Settings) -> None:
    """Send what is due until told to stop."""
    with Database.open(settings) as db, stopping() as stop:
        dispatcher = Dispatcher(settings, db)
        try:
            while not stop.is_set():
                try:
                    flying = dispatcher.tick(time.time())
                except StorageError as error:
                    log.warning("%s", error.detail)
                    stop.wait(TICK_SECONDS * 4)
                    continue
                if flying:
                    dispatcher.collect(TICK_SECONDS)
                stop.wait(TICK_SECONDS if not flying else 0.01)
        finally:
            dispatcher.close()
