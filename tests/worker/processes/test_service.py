"""The service as a whole: a real Redis, real Celery workers, real children; only the readers are a stand-in."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import UsageError
from tests.fakes.running import FAST, Up, wait_for
from worker import backfill
from worker.jobs.jobs import Jobs
from worker.processes import supervisor

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One service for all tests of this module: what one document does to it must not trouble the next."""
    with Up(tmp_path_factory.mktemp("service") / "home") as running:
        yield running


def is_alive(pid: int) -> bool:
    """Whether a process lives (one that is dead and not yet buried does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_file_in_the_inbox_gives_its_json(up: Up) -> None:
    """A dropped file becomes a result under the same path, and the file lies in done/."""
    up.drop("q2/first.txt", "first\n")
    assert up.json("results/q2/first.txt.json")["source"]["sha256"] == hashlib.sha256(b"first\n").hexdigest()
    assert up.file("done/q2/first.txt").read_text() == "first\n"
    wait_for(lambda: not list(up.settings.work.glob("*/q2")))  # tidied after the file has moved


def test_the_same_bytes_are_one_job_and_each_name_gets_its_result(up: Up) -> None:
    """The same bytes under two names are converted once and answered twice."""
    up.drop("twin-a.txt", "twin\n")
    first = up.file("results/twin-a.txt.json").read_bytes()
    up.drop("twin-b.txt", "twin\n")
    assert up.file("results/twin-b.txt.json").read_bytes() == first
    job = up.ended("twin-a.txt")
    assert job.paths == ("twin-a.txt", "twin-b.txt")
    assert job.attempt == 1


def test_another_document_of_the_same_name_gets_its_own_result(up: Up) -> None:
    """A second document called the same overwrites nothing: part of its hash goes into its name."""
    up.drop("same.txt", "one\n")
    first = up.file("results/same.txt.json").read_bytes()
    up.drop("same.txt", "two\n")
    tail = hashlib.sha256(b"two\n").hexdigest()[:8]
    assert up.json(f"results/same-{tail}.txt.json")["source"]["sha256"].startswith(tail)
    assert up.file("results/same.txt.json").read_bytes() == first
    assert up.file("done/same.txt").read_text() == "one\n"
    assert up.file(f"done/same-{tail}.txt").read_text() == "two\n"


def test_a_broken_document_lies_in_failed_with_one_sentence(up: Up) -> None:
    """A document that cannot be read lies in failed/ with RFC 9457 problem details."""
    up.drop("broken.txt", "fail\n")
    problem = up.json("failed/broken.txt.error.json")
    assert problem["code"] == "E_CORRUPT"
    assert problem["detail"] == "It is damaged on purpose."
    assert problem["place"] == "line 1"
    assert up.file("failed/broken.txt").read_text() == "fail\n"
    assert not (up.home / "results/broken.txt.json").exists()


def test_an_encrypted_document_opens_with_the_password_beside_it(up: Up) -> None:
    """Without its password a document fails and says so; dropped again with a password file it is converted."""
    up.drop("secret.txt", "locked\n")
    assert up.json("failed/secret.txt.error.json")["code"] == "E_ENCRYPTED"
    up.drop("secret.txt.password", "open\n")
    up.drop("secret.txt", "locked\n")
    assert up.json("results/secret.txt.json")["source"]["bytes"] == len("locked\n")
    wait_for(lambda: not (up.home / "failed/secret.txt.error.json").exists())
    assert b"open" not in up.file("results/secret.txt.json").read_bytes()


def test_a_container_gives_a_folder_with_an_index(up: Up) -> None:
    """Each part of a container is a document of its own; the index says what came of each."""
    up.drop("bundle.txt", "container\nbalance sheet\n----\nfail\n----\nreview\n")
    index = up.json("results/bundle.txt/index.json")
    assert [part["state"] for part in index["parts"]] == ["converted", "failed", "converted"]
    parent = hashlib.sha256(b"container\nbalance sheet\n----\nfail\n----\nreview\n").hexdigest()
    assert index["container"]["sha256"] == parent
    assert up.json("results/bundle.txt/01-part1.txt.json")["source"]["parent"] == parent
    assert up.json("results/bundle.txt/02-part2.txt.error.json")["code"] == "E_CORRUPT"
    assert up.file("failed/bundle.txt/02-part2.txt").read_text() == "fail\n"
    assert up.file("review/bundle.txt/03-part3.txt.json").exists()
    assert up.file("done/bundle.txt").exists()


def test_poison_is_quarantined_after_three_attempts_and_delays_nobody(up: Up) -> None:
    """A document that kills its process is tried three times and no more; its neighbours are served meanwhile."""
    for number in range(3):
        up.drop(f"poison{number}.txt", f"crash\n{number}\n")
    up.drop("neighbour.txt", "neighbour\n")
    begun = time.monotonic()
    assert up.ended("neighbour.txt").state == "done"
    assert time.monotonic() - begun < 8
    for number in range(3):
        job = up.ended(f"poison{number}.txt")
        assert (job.state, job.attempt) == ("quarantined", 3)
        assert up.json(f"failed/poison{number}.txt.error.json")["code"] == "E_ATTEMPTS"


def test_a_killed_child_costs_an_attempt_and_no_document(up: Up, tmp_path: Path) -> None:
    """Kill -9 of the converting child in mid-document: the document is converted in the next attempt."""
    notes = tmp_path / "notes"
    up.drop("child.txt", f"note {notes}\nsleep 1\n")
    os.kill(int(wait_for(lambda: notes.read_text().split() if notes.exists() else None)[0]), signal.SIGKILL)
    job = up.ended("child.txt")
    assert (job.state, job.attempt) == ("done", 2)
    assert up.file("results/child.txt.json").exists()


def test_a_killed_worker_costs_an_attempt_and_no_document(up: Up, tmp_path: Path) -> None:
    """Kill -9 of the Celery workers in mid-document: children die, workers return, the document is converted."""
    notes = tmp_path / "notes"
    up.drop("worker.txt", f"note {notes}\nsleep 2\n")
    child = int(wait_for(lambda: notes.read_text().split() if notes.exists() else None)[0])
    for name in ("worker main", "worker front"):
        os.kill(up.pid(name), signal.SIGKILL)
    wait_for(lambda: not is_alive(child))
    job = up.ended("worker.txt")
    assert (job.state, job.attempt) == ("done", 2)
    assert up.file("results/worker.txt.json").exists()


def test_a_killed_redis_costs_nothing(up: Up, tmp_path: Path) -> None:
    """Kill -9 of Redis in mid-document: what runs is not disturbed, what waits is converted, each once."""
    notes = tmp_path / "notes"
    up.drop("redis.txt", f"note {notes}\nsleep 1\n")
    wait_for(lambda: notes.exists() and notes.read_text())
    os.kill(up.pid("redis"), signal.SIGKILL)
    for number in range(4):
        up.drop(f"after-redis{number}.txt", f"note {notes}\n{number}\n")
    assert (up.ended("redis.txt").state, up.ended("redis.txt").attempt) == ("done", 1)
    for number in range(4):
        job = up.ended(f"after-redis{number}.txt", 40)
        assert (job.state, job.attempt) == ("done", 1)
    assert len(notes.read_text().split()) == 5


def damage_redis(up: Up) -> None:
    """Nought bytes in the middle of what Redis has appended, as a disk leaves them after a power cut."""
    file = wait_for(lambda: next(up.settings.redis.glob("appendonlydir/*.incr.aof"), None))
    wait_for(lambda: file.stat().st_size > 200)
    with file.open("r+b") as stream:
        stream.seek(20)  # where commands begin, not in the middle of a long value
        stream.write(bytes(60))


def test_a_damaged_file_of_redis_ends_no_work(tmp_path: Path) -> None:
    """What Redis cannot read any more is moved aside, while the service runs and when it is started."""
    with Up(tmp_path / "home") as up:
        for number in range(4):
            up.drop(f"before{number}.txt", f"before {number}\n")
        assert up.ended("before3.txt").state == "done"
        damage_redis(up)
        os.kill(up.pid("redis"), signal.SIGKILL)
        up.drop("after.txt", "after\n")
        assert up.ended("after.txt").state == "done"
        assert (up.settings.redis / "appendonlydir.damaged").is_dir()
        wait_for(lambda: list(up.settings.redis.glob("appendonlydir/*.incr.aof")))
    damage_redis(up)
    with Up(tmp_path / "home") as up:
        up.drop("later.txt", "later\n")
        assert up.ended("later.txt").state == "done"
    assert up.log().count("hints only, was moved to") == 2


def test_a_cancelled_job_is_killed(up: Up, tmp_path: Path) -> None:
    """A running job that is cancelled stops within the lease, and its file lies in failed/."""
    notes = tmp_path / "notes"
    up.drop("cancelled.txt", f"note {notes}\nhang\n")
    child = int(wait_for(lambda: notes.read_text().split() if notes.exists() else None)[0])
    job = up.job("cancelled.txt")
    assert job is not None
    with Jobs.open(up.settings) as jobs:
        assert jobs.cancel(job.id).state == "cancelled"
    wait_for(lambda: not is_alive(child))
    assert up.file("failed/cancelled.txt").exists()


def test_a_back_fill_is_converted_and_resumable(up: Up, tmp_path: Path) -> None:
    """A back-fill converts every file of a folder once, and adds nothing when it runs again."""
    folder = tmp_path / "archive"
    (folder / "1999").mkdir(parents=True)
    for number in range(12):
        (folder / "1999" / f"{number}.txt").write_text(f"filing {number}\n")
    (folder / "copy.txt").write_text("filing 3\n")
    (folder / "bad.txt").write_text("fail\nback-fill\n")
    seen: list[backfill.Progress] = []
    progress = backfill.run(folder, up.settings, report=seen.append)
    assert (progress.total, progress.done, progress.failed) == (14, 13, 1)
    assert up.file("results/1999/7.txt.json").exists()
    assert up.file("results/copy.txt.json").read_bytes() == up.file("results/1999/3.txt.json").read_bytes()
    assert up.json("failed/bad.txt.error.json")["code"] == "E_CORRUPT"
    assert (folder / "bad.txt").exists()
    assert not (up.home / "failed/bad.txt").exists()
    assert backfill.run(folder, up.settings) == progress
    assert seen[-1] == progress


def test_a_second_service_on_the_same_home_is_refused(up: Up) -> None:
    """Two services would fight over the same files: the second says which process is the first."""
    with pytest.raises(UsageError, match=f"Process {up.process.pid if up.process else 0} "):
        supervisor.run(up.settings)
    assert supervisor.is_served(up.settings)


def test_a_stop_ends_everything_and_a_new_start_goes_on(tmp_path: Path) -> None:
    """SIGTERM ends every process within seconds; the document that was stopped in is converted by the next start."""
    notes = tmp_path / "notes"
    with Up(tmp_path / "home") as up:
        up.drop("long.txt", f"note {notes}\norphan {tmp_path / 'orphan'}\nsleep 5\n")
        wait_for(lambda: (tmp_path / "orphan").exists() and notes.exists())
        begun = time.monotonic()
        assert up.stop() == 0
        assert time.monotonic() - begun < 2 * FAST.stop_seconds + 2
        wait_for(lambda: not up.pids(), 3)
        assert list(up.settings.scratch.iterdir()) == []
        job = up.job("long.txt")
        assert job is not None
        assert (job.state, job.attempt) == ("queued", 0)
    with Up(tmp_path / "home") as up:
        up.drop("short.txt", "short\n")
        assert up.ended("long.txt").state == "done"
        assert up.file("results/long.txt.json").exists()
        assert up.file("results/short.txt.json").exists()
