"""Jobs waited for: in the request that sends them, by a long poll, and as a stream of events."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from schemas.errors import StorageError
from tests.fakes.desk import Desk
from tests.fakes.running import wait_for
from tests.worker.api.test_jobs import problem
from worker.api import jobs, rows

Send = Callable[..., dict[str, Any]]


def test_the_result_is_the_answer_where_it_is_waited_for(client: TestClient, desk: Desk) -> None:
    """Prefer: wait answers with the result as soon as it is there, not later."""
    ended = threading.Timer(0.4, lambda: desk_of_thread(desk, 1))
    ended.start()
    begun = time.monotonic()
    answer = client.post("/v1/jobs", files={"file": ("a.txt", b"Cash 2\n")}, headers={"Prefer": "wait=20"})
    ended.join()
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=20"
    assert answer.json()["source"]["sha256"] == hashlib.sha256(b"Cash 2\n").hexdigest()
    assert time.monotonic() - begun < 5


def desk_of_thread(desk: Desk, job: int) -> None:
    """End a job from another thread than the test's."""
    other = desk.again()
    wait_for(lambda: other.db.row("SELECT 1 FROM jobs WHERE id = ?", (job,)))
    other.finish(job)
    other.close()


def test_who_waits_in_vain_gets_the_job(client: TestClient) -> None:
    """After the time that was preferred the answer is 202."""
    answer = client.post(
        "/v1/jobs", files={"file": ("a.txt", b"Cash 3\n")}, headers={"Prefer": "respond-async, wait=1"}
    )
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"


def test_who_waits_for_a_document_that_fails_hears_why(client: TestClient, desk: Desk) -> None:
    """Waiting for a document that cannot be read ends with its problem, its job named."""

    def fail() -> None:
        other = desk.again()
        wait_for(lambda: other.db.row("SELECT 1 FROM jobs WHERE id = 1"))
        other.fail(1)
        other.close()

    threading.Timer(0.3, fail).start()
    answer = client.post("/v1/jobs", files={"file": ("a.txt", b"torn\n")}, headers={"Prefer": "wait=20"})
    details = problem(answer, 422, "E_CORRUPT")
    assert (details["job"], details["place"], details["detail"]) == ("job_1", "page 1", "Its first page is torn.")


def test_a_long_poll_ends_with_the_job(client: TestClient, desk: Desk, send: Send) -> None:
    """GET with wait answers when the job ends, or as it is when the time is over."""
    job = send("Cash 8\n")["id"]
    begun = time.monotonic()
    assert client.get(f"/v1/jobs/{job}?wait=1").json()["state"] == "queued"
    assert time.monotonic() - begun >= 0.9
    threading.Timer(0.4, lambda: desk_of_thread(desk, int(job.removeprefix("job_")))).start()
    begun = time.monotonic()
    assert client.get(f"/v1/jobs/{job}?wait=20").json()["state"] == "done"
    assert time.monotonic() - begun < 5


def test_events_tell_every_change_until_the_end(client: TestClient, desk: Desk, send: Send) -> None:
    """The stream begins with the job as it is, tells each change, and ends with the job."""
    job = send("Cash 9\n")["id"]

    def work() -> None:
        time.sleep(0.5)
        other = desk.again()
        held = other.claim(job)
        time.sleep(0.8)
        other.db.execute("UPDATE jobs SET state = 'queued', owner = NULL, attempt = 0 WHERE id = ?", (held.id,))
        other.finish(job)
        other.close()

    thread = threading.Thread(target=work)
    thread.start()
    answer = client.get(f"/v1/jobs/{job}/events")
    thread.join()
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in answer.text.strip().split("\n\n") if event.startswith("id: ")]
    assert all(lines[1] == "event: job" for lines in events)
    assert len({lines[0] for lines in events}) == len(events)
    states = [json.loads(lines[2].removeprefix("data: "))["state"] for lines in events]
    assert states[0] == "queued"
    assert "running" in states
    assert states[-1] == "done"


def test_events_go_on_when_the_rows_were_away(
    client: TestClient, desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away for a moment ends no stream that has begun."""
    job = send("Cash 10\n")["id"]
    real, asked = rows.find_job, []

    def find(*values: Any) -> Any:
        asked.append(1)
        if len(asked) in (2, 3):
            raise StorageError("It is away.")
        return real(*values)

    monkeypatch.setattr(rows, "find_job", find)
    threading.Timer(0.4, lambda: desk_of_thread(desk, int(job.removeprefix("job_")))).start()
    answer = client.get(f"/v1/jobs/{job}/events")
    assert len(asked) > 3
    assert '"state":"done"' in answer.text.strip().split("\n\n")[-1]


@pytest.mark.parametrize("words", ["WAIT=1", 'Wait="1"', "respond-async; wait=1"])
def test_a_preference_is_read_in_whatever_case(client: TestClient, words: str) -> None:
    """The header's words have no case; more than a minute is a minute."""
    answer = client.post("/v1/jobs", files={"file": ("a.txt", b"Cash 3\n")}, headers={"Prefer": words})
    assert answer.headers["preference-applied"] == "wait=1"
    assert jobs.read_wait("wait=999999999") == jobs.LONGEST_WAIT


def test_who_has_heard_of_the_end_is_told_to_stay_away(client: TestClient, desk: Desk, send: Send) -> None:
    """Who reconnects after the last event gets 204, by which browsers stop; who has missed it gets it."""
    job = send("Cash 9\n")["id"]
    desk.fail(job)
    first = client.get(f"/v1/jobs/{job}/events")
    number = first.text.partition("\n")[0].removeprefix("id: ")
    again = client.get(f"/v1/jobs/{job}/events", headers={"Last-Event-ID": number})
    assert (again.status_code, again.content) == (204, b"")
    assert client.get(f"/v1/jobs/{job}/events", headers={"Last-Event-ID": "queued.0.x"}).text == first.text
