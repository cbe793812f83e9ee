"""What Prometheus sees, read from the rows when it asks: no process counts for itself, so none has to be asked.

Totals only ever grow: they are written down as jobs end (``worker.jobs.totals``). Everything else is what is so now.

crossfoot_jobs_total{outcome,route}         jobs that have ended so (done, E_CORRUPT, …), each time they did
crossfoot_figures_total{status,route}       their figures: proved, repaired, conflict, unchecked
crossfoot_figures_review_total{route}       those of them that a person should look at
crossfoot_checks_total{kind,outcome}        their checks: foot, …; exact, rounding, broken
crossfoot_stage_seconds{stage}              histogram: waiting for a worker, converting
crossfoot_webhook_deliveries_total{outcome} messages delivered, given_up
crossfoot_jobs{state}                       jobs in each state
crossfoot_queue_depth{queue}                jobs that wait, by queue
crossfoot_queue_oldest_seconds{queue}       how long the oldest of them has waited
crossfoot_worker_last_task_seconds          since a worker has taken a job last
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

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from worker.blobs import find_free, open_blobs
from worker.database import Database
from worker.jobs import totals
from worker.jobs.jobs import STATES
from worker.routing import QUEUES

if TYPE_CHECKING:
    from worker.settings import Settings

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
# counting a million rows takes a while: whoever asks more often gets the same answer
FRESH_SECONDS: Final = 5.0
NEVER: Final = float("nan")
# name of a total → metric (which ends with _total), what it counts, labels
TOTALS: Final = {
    "jobs": ("crossfoot_jobs", "Jobs that have ended so.", ("outcome", "route")),
    "figures": ("crossfoot_figures", "Figures of their results.", ("status", "route")),
    "checks": ("crossfoot_checks", "Checks of their results.", ("kind", "outcome")),
    "review": ("crossfoot_figures_review", "Figures that a person should look at.", ("route",)),
    "webhooks": ("crossfoot_webhook_deliveries", "Messages that are done with.", ("outcome",)),
}


class Rows(Collector):
    """Everything that can be read from the rows at one moment."""

    def __init__(self, settings: Settings, db: Database, now: float) -> None:
        self._settings = settings
        self._db = db
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """The families, in a fixed order."""
        begun = time.perf_counter()
        yield from self._totals()
        yield from (self._jobs(), *self._queues(), *self._workers(), *self._documents())
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

    def _totals(self) -> Iterator[Metric]:
        """What was added up, by name; a family is there though nothing was added yet."""
        found = totals.read(self._db)
        for name, (metric, about, labels) in TOTALS.items():
            family = CounterMetricFamily(metric, about, labels=labels)
            for (first, *values), value in found.items():
                if first == name:
                    family.add_metric(values, value)
            yield family
        stages = HistogramMetricFamily("crossfoot_stage_seconds", "How long jobs took that ended.", labels=["stage"])
        for stage in totals.STAGES:
            seen, buckets = 0.0, []
            for bound in totals.BUCKETS:
                seen += found.get(("stage", stage, f"{bound:g}"), 0.0)
                buckets.append(("+Inf" if bound == float("inf") else str(bound), seen))
            stages.add_metric([stage], buckets, sum_value=found.get(("seconds", stage), 0.0))
        yield stages

    def _queues(self) -> tuple[Metric, Metric]:
        depth = GaugeMetricFamily("crossfoot_queue_depth", "Jobs that wait.", labels=["queue"])
        oldest = GaugeMetricFamily("crossfoot_queue_oldest_seconds", "Age of the oldest.", labels=["queue"])
        for queue in QUEUES:
            urgency, kind = queue.split(".")
            # each is counted in an index, which a question for all of them at once does not take; so is the first
            # number, which tells the age: a million rows would have to be read for their times
            row = self._db.row(
                "SELECT q.n, j.created_at AS first FROM (SELECT count(*) AS n, min(id) AS id FROM jobs"
                " WHERE state = 'queued' AND urgency = ? AND kind = ?) q LEFT JOIN jobs j ON j.id = q.id",
                (urgency, kind),
            )
            first = row["first"] if row is not None else None
            depth.add_metric([queue], row["n"] if row is not None else 0)
            oldest.add_metric([queue], 0 if first is None else max(0.0, self._now - first))
        return depth, oldest

    def _workers(self) -> tuple[Metric, Metric]:
        last = GaugeMetricFamily("crossfoot_worker_last_task_seconds", "Since a worker has taken a job last.")
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
