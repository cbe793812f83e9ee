"""Who sees what: a wrong, a missing and a foreign key see nothing, not even that a job exists."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from schemas.errors import StorageError
from tests.fakes.desk import Desk
from tests.worker.api.test_results import filing
from worker.api import rows
from worker.api.app import make_app
from worker.jobs import deliveries
from worker.jobs.deliveries import NOWHERE, Arrival
from worker.webhooks import dispatch

Send = Callable[..., dict[str, Any]]


def bearer(key: str) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A home on either database."""
    made = Desk(tmp_path / "home", database_url=database_url, webhook_networks="127.0.0.0/8")
    yield made
    made.close()


@pytest.fixture
def mine(desk: Desk) -> str:
    """A key that submits and reads."""
    return desk.key("mine")


@pytest.fixture
def foreign(desk: Desk) -> str:
    """Another one."""
    return desk.key("foreign")


def operations(client: TestClient) -> Iterator[tuple[str, str]]:
    """Every operation of the OpenAPI document that needs a key, its parameters still in braces."""
    for path, methods in client.app.openapi()["paths"].items():  # type: ignore[attr-defined]
        for method in methods:
            if path not in ("/livez", "/readyz"):
                yield method.upper(), path


def fill(path: str, **values: str) -> str:
    """A path with its parameters filled in."""
    for name in ("job", "result", "figure", "webhook", "message", "sha256", "version", "review"):
        path = path.replace("{" + name + "}", values.get(name, "1"))
    return path


# what must be said besides the address, by the last word of the path
BODIES: dict[str, Any] = {
    "corrections": [{"figure": "t0.r0.c0", "value": "1"}],
    "claim": {"person": "x"},
    "release": {"person": "x"},
    "resolve": {"person": "x"},
}


@pytest.mark.parametrize("headers", [{}, bearer("cf_" + "x" * 43), {"Authorization": "Basic eDp5"}, {"X-Api-Key": "x"}])
def test_without_a_good_key_every_operation_is_closed(
    client: TestClient, desk: Desk, mine: str, send: Send, headers: dict[str, str]
) -> None:
    """Each operation answers 401, the same for a job that is there and one that is not, and says nothing of either."""
    job = send("secret\n", key=mine)
    values = {"job": job["id"], "sha256": job["document"], "result": desk.finish(job["id"])}
    asked = list(operations(client))
    assert len(asked) > 15
    for method, path in asked:
        there = client.request(method, fill(path, **values), headers=headers)
        nowhere = client.request(method, fill(path, job="job_999", sha256="0" * 64, result="0" * 64), headers=headers)
        assert there.status_code == nowhere.status_code == 401, (method, path)
        assert there.content == nowhere.content
        assert there.headers["www-authenticate"].startswith("Bearer")
        assert values["job"] not in there.text


def test_with_a_foreign_key_nothing_is_there(client: TestClient, desk: Desk, mine: str, send: Send) -> None:
    """What another key sent answers just as what was never sent, for every operation on it, and is changed by none."""
    foreign = desk.key("foreign", "submit", "read", "review")
    job = send("secret\n", key=mine)
    result = desk.finish(job["id"], filing(b"secret\n"))
    hook = client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/"}, headers=bearer(mine)).json()["id"]
    assert desk.db.rows("SELECT id FROM reviews")[0]["id"] == 1
    there = {
        "job": job["id"],
        "review": "1",
        "sha256": job["document"],
        "result": result,
        "webhook": hook,
        "figure": "t0.r0.c0",
    }
    nowhere = {
        "job": "job_999",
        "review": "999",
        "sha256": "0" * 64,
        "result": "0" * 64,
        "webhook": "999",
        "figure": "t0.r0.c0",
    }
    asked = [(method, path) for method, path in operations(client) if "{" in path and "{version}" not in path]
    assert len(asked) > 12
    before = client.get(f"/v1/jobs/{job['id']}", headers=bearer(mine)).json()
    for method, path in asked:
        body = BODIES.get(path.rpartition("/")[2])
        one = client.request(method, fill(path, **there), headers=bearer(foreign), json=body)
        none = client.request(method, fill(path, **nowhere), headers=bearer(foreign), json=body)
        assert one.status_code == none.status_code == 404, (method, path)
        assert one.content == none.content
    assert client.get(f"/v1/jobs/{job['id']}", headers=bearer(mine)).json() == before
    assert client.get("/v1/jobs", headers=bearer(foreign)).json() == {"items": [], "next": None}
    assert client.get("/v1/webhooks", headers=bearer(foreign)).json() == {"items": []}
    asked_for = client.get(f"/v1/jobs?document={job['document']}", headers=bearer(foreign))
    assert asked_for.json()["items"] == []


def test_the_same_bytes_sent_by_another_key_are_another_job(
    client: TestClient, desk: Desk, mine: str, foreign: str, send: Send
) -> None:
    """Nobody learns from an answer that somebody else has sent these bytes before."""
    first = send("secret\n", key=mine, metadata='{"whose": "mine"}')
    desk.finish(first["id"])
    answer = client.post("/v1/jobs", files={"file": ("a.txt", b"secret\n")}, headers=bearer(foreign))
    assert answer.status_code == 202
    assert answer.json()["id"] != first["id"]
    assert (answer.json()["state"], answer.json()["result"], answer.json()["metadata"]) == ("queued", None, {})
    assert "x-crossfoot-cache" not in answer.headers
    body = {"source": {"kind": "document", "sha256": first["document"]}}
    third = desk.key("third")
    assert client.post("/v1/jobs", json=body, headers=bearer(third)).status_code == 404
    names = client.get(f"/v1/documents/{first['document']}", headers=bearer(foreign)).json()
    assert (names["names"], names["jobs"]) == (["a.txt"], [answer.json()["id"]])


def test_idempotency_keys_of_two_callers_have_nothing_to_do_with_each_other(
    client: TestClient, mine: str, foreign: str
) -> None:
    """The same idempotency key of another caller is another request."""
    answers = [
        client.post("/v1/jobs", files={"file": ("a", text)}, headers={**bearer(key), "Idempotency-Key": "1"})
        for key, text in ((mine, b"one\n"), (foreign, b"two\n"))
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_an_admin_sees_everybody_s_jobs(client: TestClient, desk: Desk, mine: str, send: Send) -> None:
    """A key of the scope admin sees all jobs and the metrics; others do not see the metrics."""
    job = send("secret\n", key=mine)
    admin = desk.key("boss", "admin")
    assert client.get(f"/v1/jobs/{job['id']}", headers=bearer(admin)).status_code == 200
    assert len(client.get("/v1/jobs", headers=bearer(admin)).json()["items"]) == 1
    assert 'crossfoot_jobs{state="queued"} 1.0' in client.get("/metrics", headers=bearer(admin)).text
    assert client.get("/metrics", headers=bearer(mine)).status_code == 403


def test_a_key_does_what_its_scopes_say(client: TestClient, desk: Desk) -> None:
    """A key that only reads sends nothing; a key that only sends reads nothing."""
    reader, sender = desk.key("reader", "read"), desk.key("sender", "submit")
    files = {"file": ("a", b"x\n")}
    answer = client.post("/v1/jobs", files=files, headers=bearer(reader))
    assert (answer.status_code, answer.json()["code"]) == (403, "E_SCOPE")
    sent = client.post("/v1/jobs", files=files, headers=bearer(sender))
    assert sent.status_code == 202
    assert client.get("/v1/jobs", headers=bearer(sender)).status_code == 403
    assert client.get("/v1/jobs", headers=bearer(reader)).status_code == 200


def test_a_key_is_kept_as_a_hash_only(desk: Desk, mine: str) -> None:
    """Neither the key nor its secret stands in the database."""
    stored = desk.db.rows("SELECT * FROM keys")
    assert mine.removeprefix("cf_") not in str(stored)
    assert all(mine.encode()[3:] not in path.read_bytes() for path in desk.settings.home.glob("jobs.sqlite*"))


def test_a_revoked_key_opens_nothing_and_the_door_stays_shut(client: TestClient, desk: Desk, mine: str) -> None:
    """With the last key revoked the API does not fall back to needing none."""
    assert client.get("/v1/jobs", headers=bearer(mine)).status_code == 200
    rows.revoke_key(desk.db, 1, time.time())
    assert client.get("/v1/jobs", headers=bearer(mine)).status_code == 401
    assert client.get("/v1/jobs").status_code == 401


def test_a_renewed_key_keeps_its_jobs(client: TestClient, desk: Desk, mine: str, send: Send) -> None:
    """A new secret for a key voids the old one and sees what was sent with it."""
    job = send("x\n", key=mine)["id"]
    renewed = rows.renew_key(desk.db, 1)
    assert client.get(f"/v1/jobs/{job}", headers=bearer(mine)).status_code == 401
    assert client.get(f"/v1/jobs/{job}", headers={"X-Api-Key": renewed}).status_code == 200


def test_use_of_a_key_is_noted_now_and_then(client: TestClient, desk: Desk, mine: str) -> None:
    """When a key was used is known to the minute; not every request writes it."""
    client.get("/v1/jobs", headers=bearer(mine))
    first = rows.list_keys(desk.db)[0].used_at
    client.get("/v1/jobs", headers=bearer(mine))
    assert first is not None
    assert rows.list_keys(desk.db)[0].used_at == first


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "127.0.0.1:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "attacker.example"}, 421),
        ({"Host": "localhost.attacker.example"}, 421),
        ({"Origin": "http://localhost:8000"}, 200),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Authorization": "Bearer cf_" + "x" * 43}, 401),
    ],
)
def test_without_keys_only_this_machine_is_served(client: TestClient, headers: dict[str, str], status: int) -> None:
    """A page of another site that this machine's browser shows, by whatever name, gets nothing out of the API."""
    assert client.get("/v1/jobs", headers=headers).status_code == status


def test_without_keys_a_door_to_the_network_is_shut(desk: Desk) -> None:
    """An app that other machines reach needs a key even where none was made."""
    with TestClient(make_app(desk.settings, loopback=False), "http://localhost") as asking:
        assert asking.get("/v1/jobs").status_code == 401
        assert asking.get("/livez").status_code == 200


def test_a_key_opens_the_door_on_a_full_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """That its use cannot be noted keeps nobody from reading results."""
    key = desk.key()

    def full(*_: object) -> int:
        raise StorageError("The job database does not answer: database or disk is full.")

    monkeypatch.setattr(desk.db, "execute", full)
    assert rows.look_up_key(desk.db, key, {}, time.time()) is not None


def test_a_revoked_key_tells_nobody_any_more(desk: Desk) -> None:
    """Its addresses are told of nothing that comes, nor of what was on its way; its jobs can be purged."""
    desk.key()
    rows.add_endpoint(desk.db, 1, "https://else.example.com/", "whsec_x", ["job.completed"], 1.0)
    jobs = []
    for text in (b"a", b"b"):
        kept = desk.blobs.put_bytes(text)
        arrival = Arrival("a.txt", kept.sha256, kept.size, "text", "normal", "e 1", None, key_id=1, site=NOWHERE)
        jobs.append(deliveries.arrive(desk.db, arrival, 0.0))
    desk.finish(jobs[0])
    rows.revoke_key(desk.db, 1, time.time())
    desk.finish(jobs[1])
    (told,) = desk.db.rows("SELECT job_id, ended_at, error FROM outbox")
    assert (told["job_id"], told["error"]) == (jobs[0], "The key was revoked.")
    assert told["ended_at"] is not None
    assert dispatch.claim(desk.db, {}, 16, time.time()) == []


@pytest.mark.parametrize("how", ["poll", "events", "prefer"])
def test_a_key_that_is_revoked_is_told_nothing_more(
    client: TestClient, desk: Desk, mine: str, send: Send, how: str
) -> None:
    """Who waits for a job when his key is revoked hears nothing of how it ends."""
    job = send("secret\n", key=mine)

    def revoke() -> None:
        other = desk.again()
        rows.revoke_key(other.db, 1, time.time())
        other.finish(job["id"])
        other.close()

    threading.Timer(0.4, revoke).start()
    if how == "prefer":
        files = {"file": ("a.txt", b"secret\n")}
        answer = client.post("/v1/jobs", files=files, headers={**bearer(mine), "Prefer": "wait=20"})
    else:
        path = f"/v1/jobs/{job['id']}" + ("?wait=20" if how == "poll" else "/events")
        answer = client.get(path, headers=bearer(mine))
    assert "done" not in answer.text
    assert "Cash" not in answer.text
    assert how == "events" or answer.status_code == 401


def test_who_needed_no_key_needs_one_once_there_is_one(client: TestClient, desk: Desk, send: Send) -> None:
    """Who waits without a key when the first one is made hears that one is needed."""
    job = send("secret\n")["id"]

    def make() -> None:
        other = desk.again()
        other.key()
        other.close()

    threading.Timer(0.3, make).start()
    assert client.get(f"/v1/jobs/{job}?wait=1").status_code == 401


def test_who_only_sends_gets_no_results(client: TestClient, desk: Desk) -> None:
    """Without the scope ``read`` the answer is the job, waited for or converted before."""
    sender = desk.key("sender", "submit")
    asked: dict[str, Any] = {"files": {"file": ("a", b"x\n")}, "headers": bearer(sender)}
    job = client.post("/v1/jobs", **asked).json()
    result = desk.finish(job["id"])
    asked["headers"]["Prefer"] = "wait=5"
    answer = client.post("/v1/jobs", **asked)
    assert (answer.status_code, answer.json()["id"], answer.json()["result"]) == (202, job["id"], result)
    assert "x-crossfoot-cache" not in answer.headers
