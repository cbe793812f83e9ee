"""What Prometheus sees is what stands in the rows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.errors import StorageError
from tests.fakes.desk import Desk
from worker import metrics
from worker.api import submitting
from worker.jobs import leases, retention
from worker.processes.liveness import STALL_SECONDS, Probe, is_stalled


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A home."""
    made = Desk(tmp_path / "home")
    yield made
    made.close()


def take(desk: Desk, text: bytes, urgency: str = "normal", created: float | None = None) -> int:
    """A document is sent; its job."""
    kept = desk.blobs.put_bytes(text)
    new = submitting.Submission(
        0, kept.sha256, kept.size, "text", urgency, "default", "crossfoot 0", "secret-name.txt", {}
    )
    return submitting.submit(desk.db, new, created or time.time()).job_id


def read(desk: Desk) -> dict[tuple[str, str], float]:
    """``{(name, label value): value}``."""
    text = metrics.render(desk.settings, desk.db, time.time()).decode()
    return {
        (sample.name, sample.labels.get("outcome", sample.labels.get("status", next(iter(labels), "")))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        for labels in [sample.labels.values()]
    }


def read_totals(desk: Desk) -> dict[tuple[str, str], float]:
    """Those that only grow."""
    return {name: value for name, value in read(desk).items() if re.search(r"_(total|bucket|count|sum)$", name[0])}


def test_an_empty_home_has_all_its_metrics(desk: Desk) -> None:
    """Every state and every queue is there from the beginning, at 0."""
    found = read(desk)
    assert found["crossfoot_jobs", "quarantined"] == 0
    assert found["crossfoot_queue_depth", "backfill.ocr"] == 0
    assert found["crossfoot_queue_oldest_seconds", "interactive.html"] == 0
    assert found["crossfoot_webhook_messages", "waiting"] == 0
    assert found["crossfoot_store_free_bytes", ""] > 0


def test_jobs_are_counted_by_state_outcome_and_queue(desk: Desk) -> None:
    """Done, failed by their code, and waiting by queue with the age of the oldest."""
    desk.finish(take(desk, b"a\n"))
    desk.fail(take(desk, b"b\n"))
    take(desk, b"c\n", "backfill", time.time() - 100)
    take(desk, b"d\n", "backfill")
    found = read(desk)
    assert (found["crossfoot_jobs", "done"], found["crossfoot_jobs", "queued"]) == (1, 2)
    assert found["crossfoot_jobs_total", "E_CORRUPT"] == 1
    assert found["crossfoot_jobs_total", "done"] == 1
    assert found["crossfoot_stage_seconds_count", "converting"] == 2
    assert found["crossfoot_queue_depth", "backfill.text"] == 2
    assert 99 < found["crossfoot_queue_oldest_seconds", "backfill.text"] < 110
    assert found["crossfoot_worker_last_task_seconds", ""] < 10
    assert (found["crossfoot_documents", ""], found["crossfoot_document_bytes", ""]) == (4, 8)


def test_free_bytes_are_those_of_the_store(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store on a disk of its own is measured there; the home's disk is another figure."""
    (tmp_path / "elsewhere").mkdir()
    desk.settings = replace(desk.settings, store=f"file://{tmp_path}/elsewhere")
    sizes = {desk.settings.home: 7, tmp_path / "elsewhere": 9}
    monkeypatch.setattr("worker.blobs.files.shutil.disk_usage", lambda path: SimpleNamespace(free=sizes[path]))
    found = read(desk)
    assert (found["crossfoot_home_free_bytes", ""], found["crossfoot_store_free_bytes", ""]) == (7, 9)


def test_counters_only_grow(desk: Desk) -> None:
    """What has ended stays counted when it is purged, and is counted again when it is tried again."""
    done, failed = take(desk, b"a\n"), take(desk, b"b\n")
    desk.finish(done)
    desk.fail(failed)
    before = read_totals(desk)
    assert before["crossfoot_jobs_total", "done"] == before["crossfoot_jobs_total", "E_CORRUPT"] == 1
    gone = retention.purge(desk.db, desk.blobs, time.time() + 10)
    assert gone.jobs == 2
    assert read_totals(desk) == before
    again = take(desk, b"b\n")
    desk.fail(again)
    assert read_totals(desk)["crossfoot_jobs_total", "E_CORRUPT"] == 2


def test_figures_are_counted_by_status_and_route(desk: Desk) -> None:
    """Of each result its figures, by how they stand and how they were read."""
    counted = {"figures": 10, "proved": 6, "repaired": 1, "conflict": 1, "review": 2}
    summary = {"route": "ocr", **counted, "checks": {"foot exact": 3, "ratio rounding": 1}}
    for text in (b"a\n", b"b\n"):
        stored = desk.blobs.put_bytes(text * 2)
        held = desk.claim(take(desk, text))
        assert leases.finish(desk.db, held, (stored.sha256, stored.size), summary, time.time()) == "done"
    found = read_totals(desk)
    assert [found["crossfoot_figures_total", status] for status in ("proved", "repaired", "conflict")] == [12, 2, 2]
    assert found["crossfoot_figures_total", "unchecked"] == 4
    assert found["crossfoot_figures_review_total", "ocr"] == 4
    shown = metrics.render(desk.settings, desk.db, time.time()).decode()
    assert 'crossfoot_figures_total{route="ocr",status="proved"} 12.0' in shown
    assert 'crossfoot_checks_total{kind="foot",outcome="exact"} 6.0' in shown
    assert 'crossfoot_stage_seconds_bucket{le="+Inf",stage="converting"} 2.0' in shown


def test_labels_are_words_that_are_known(desk: Desk) -> None:
    """What a child says of its route is told only where it is one, so that labels stay few and can be read."""
    for number, route in enumerate(("ocr+html", "a b", "x" * 100, 'ocr"} 1')):
        stored = desk.blobs.put_bytes(b"r%d" % number)
        held = desk.claim(take(desk, b"d%d" % number))
        assert leases.finish(desk.db, held, (stored.sha256, 2), {"route": route, "figures": 1}, time.time()) == "done"
    shown = metrics.render(desk.settings, desk.db, time.time()).decode()
    found = re.findall(r'crossfoot_jobs_total{outcome="done",route="(.*)"} (.*)', shown)
    assert dict(found) == {"html+ocr": "1.0", "text": "3.0"}


def test_what_may_fall_is_no_counter(desk: Desk) -> None:
    """Whoever takes a rate of a falling counter sees a restart each time: only totals are counters."""
    desk.finish(take(desk, b"a\n"))
    text = metrics.render(desk.settings, desk.db, time.time()).decode()
    counters = re.findall(r"# TYPE (\S+) counter\n", text)
    assert len(counters) == len(metrics.TOTALS)
    assert all(name.endswith("_total") for name in counters)


def test_a_silent_worker_is_seen(desk: Desk) -> None:
    """A running job whose lease is over is counted."""
    desk.claim(take(desk, b"a\n"))
    desk.db.execute("UPDATE jobs SET lease_until = 1")
    assert read(desk)["crossfoot_jobs_leases_expired", ""] == 1


def test_no_document_and_no_name_is_in_the_metrics(desk: Desk) -> None:
    """Labels are of closed lists."""
    take(desk, b"a\n")
    assert b"secret-name" not in metrics.render(desk.settings, desk.db, time.time())


def test_workers_that_take_nothing_are_seen_from_the_rows(desk: Desk) -> None:
    """Stalled: a job waits for longer than it should, none was claimed meanwhile, none runs."""
    now = time.time()
    assert not is_stalled(desk.db, now)
    job = take(desk, b"a\n", created=now - 2 * STALL_SECONDS)
    assert is_stalled(desk.db, now)
    assert not is_stalled(desk.db, now, hinted=True)  # no hint was sent: Redis is away, not the workers
    desk.db.execute("UPDATE jobs SET hinted_at = ?", (now,))
    assert is_stalled(desk.db, now, hinted=True)
    held = desk.claim(job)
    assert not is_stalled(desk.db, now)
    assert held.attempt == 1


def test_a_worker_whose_lease_is_over_is_no_work(desk: Desk) -> None:
    """A row that has stood as running since its worker died says nothing of anybody who works now."""
    now = time.time()
    desk.claim(take(desk, b"a\n"))
    desk.db.execute("UPDATE jobs SET lease_until = ?, claimed_at = ?", (now - 86_400, now - 86_430))
    take(desk, b"b\n", created=now - 2 * STALL_SECONDS)
    assert is_stalled(desk.db, now)


def test_a_store_is_asked_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found is said again for a moment; then it is asked again, and a change is seen."""
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise StorageError("Away.")

    probe = Probe(ask)
    assert [probe.answers(), probe.answers()] == [False, False]
    assert len(asked) == 1
    monkeypatch.setattr("worker.processes.liveness.REACHED_SECONDS", -1.0)
    assert probe.answers()


def test_the_answer_is_kept_for_a_moment() -> None:
    """Whoever asks again at once gets the same answer without the rows being asked."""
    cache, asked = metrics.Cache(), []

    def ask() -> bytes:
        asked.append(1)
        return b"x"

    assert [cache.get(ask), cache.get(ask)] == [b"x", b"x"]
    assert len(asked) == 1
