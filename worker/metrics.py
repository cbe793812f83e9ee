"""What Prometheus sees, read from the rows when it asks: no process counts for itself, so none has to be asked.

crossfoot_jobs{state}                       jobs in each state
crossfoot_queue_depth{queue}                jobs that wait, by queue
crossfoot_queue_oldest_seconds{queue}       how long the oldest of them has waited
crossfoot_jobs_ended{outcome}               jobs that have ended so (done, E_CORRUPT, …), until purged or retried
crossfoot_worker_last_claim_seconds         since a worker has taken a job last
crossfoot_jobs_leases_expired               running jobs whose worker is silent
crossfoot_documents, crossfoot_document_bytes
crossfoot_webhook_messages{state}           waiting, delivered, given_up
crossfoot_store_free_bytes                  on the disk of the store, where it is one
crossfoot_home_free_bytes                   on the disk of the home, where documents and uploads are on their way
crossfoot_scrape_seconds                    how long it took to ask
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from worker.blobs import find_free, open_blobs
from worker.database import Database
from worker.jobs import STATES
from worker.routing import QUEUES

if TYPE_CHECKING:
    from worker.settings import Settings

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
# counting a million rows takes a while: whoever asks more often gets the same answer
FRESH_SECONDS: Final = 5.0
NEVER: Final = float("nan")


class Rows(Collector):
    """Everything that can be read from the rows at one moment."""

    def __init__(self, settings: Settings, db: Database, now: float) -> None:
        self._settings = settings
        self._db = db
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """The families, in a fixed order."""
        begun = time.perf_counter()
        yield from (self._jobs(), self._ended(), *self._queues(), *self._workers(), *self._documents())
        yield self._messages()
        yield from self._free()
        took = GaugeMetricFamily("crossfoot_scrape_seconds", "How long it took to ask the rows.")
        took.add_metric([], time.perf_counter() - begun)
        yield took

    def _jobs(self) -> Metric:
        family = GaugeMetricFamily("crossfoot_jobs", "Jobs in each state.", labels=["state"])
        found = {
            row["state"]: row["n"] for row in self._db.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        }
        for state in STATES:
            family.add_metric([state], found.get(state, 0))
        return family

    def _ended(self) -> Metric:
        family = GaugeMetricFamily("crossfoot_jobs_ended", "Jobs that have ended so.", labels=["outcome"])
        rows = self._db.rows(
            "SELECT coalesce(error_code, state) AS outcome, count(*) AS n FROM jobs"
            " WHERE state NOT IN ('queued', 'running') GROUP BY coalesce(error_code, state)"
        )
        for row in rows:
            family.add_metric([row["outcome"]], row["n"])
        return family

    def _queues(self) -> tuple[Metric, Metric]:
        depth = GaugeMetricFamily("crossfoot_queue_depth", "Jobs that wait.", labels=["queue"])
        oldest = GaugeMetricFamily("crossfoot_queue_oldest_seconds", "Age of the oldest.", labels=["queue"])
        rows = self._db.rows(
            "SELECT urgency, kind, count(*) AS n, min(created_at) AS first FROM jobs WHERE state = 'queued'"
            " GROUP BY urgency, kind"
        )
        found = {f"{row['urgency']}.{row['kind']}": row for row in rows}
        for queue in QUEUES:
            row = found.get(queue)
            depth.add_metric([queue], row["n"] if row is not None else 0)
            oldest.add_metric([queue], max(0.0, self._now - row["first"]) if row is not None else 0)
        return depth, oldest

    def _workers(self) -> tuple[Metric, Metric]:
        last = GaugeMetricFamily("crossfoot_worker_last_claim_seconds", "Since a worker has taken a job last.")
        row = self._db.row("SELECT max(claimed_at) AS last FROM jobs WHERE claimed_at IS NOT NULL")
        claimed = row["last"] if row is not None else None
        last.add_metric([], NEVER if claimed is None else max(0.0, self._now - claimed))
        silent = GaugeMetricFamily("crossfoot_jobs_leases_expired", "Running jobs whose worker is silent.")
        query = "SELECT count(*) AS n FROM jobs WHERE state = 'running' AND lease_until < ?"
        row = self._db.row(query, (self._now,))
        silent.add_metric([], row["n"] if row is not None else 0)
        return last, silent

    def _documents(self) -> tuple[Metric, Metric]:
        row = self._db.row("SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM documents")
        count = GaugeMetricFamily("crossfoot_documents", "Documents in the store.")
        size = GaugeMetricFamily("crossfoot_document_bytes", "Their bytes.")
        count.add_metric([], row["n"] if row is not None else 0)
        size.add_metric([], float(row["bytes"]) if row is not None else 0)
        return count, size

    def _messages(self) -> Metric:
        family = GaugeMetricFamily("crossfoot_webhook_messages", "Messages to webhooks.", labels=["state"])
        rows = self._db.rows(
            "SELECT CASE WHEN ended_at IS NULL THEN 'waiting' WHEN error IS NULL THEN 'delivered' ELSE 'given_up' END"
            " AS said, count(*) AS n FROM outbox GROUP BY 1"
        )
        found = {row["said"]: row["n"] for row in rows}
        for state in ("waiting", "delivered", "given_up"):
            family.add_metric([state], found.get(state, 0))
        return family

    def _free(self) -> Iterator[Metric]:
        stored = GaugeMetricFamily("crossfoot_store_free_bytes", "Free on the disk of the store.")
        home = GaugeMetricFamily("crossfoot_home_free_bytes", "Free on the disk of the home.")
        free = open_blobs(self._settings).free_bytes()
        if free is not None:  # nobody knows what a bucket takes
            stored.add_metric([], free)
        home.add_metric([], find_free(self._settings.home))
        yield from (stored, home)


def render(settings: Settings, db: Database, now: float) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Rows(settings, db, now))
    return generate_latest(registry)


class Cache:
    """The last answer, as long as it is fresh; one asks, the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._text = b""

    def get(self, ask: Callable[[], bytes]) -> bytes:
        """The text."""
        with self._lock:
            if time.monotonic() - self._asked > FRESH_SECONDS:
                self._text = ask()
                self._asked = time.monotonic()
            return self._text
