"""Webhooks over HTTP: made, listed, tried, told once more."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from worker.api import rows

Send = Callable[..., dict[str, Any]]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Remembers what came."""

    came: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        """Take it."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An address on this machine, and what came there."""
    came: list[tuple[dict[str, str], bytes]] = []
    handler = type("Handler", (Receiver,), {"came": came})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", came
    server.shutdown()
    server.server_close()


def test_a_webhook_is_made_shown_and_removed(client: TestClient, receiver: tuple[str, Any]) -> None:
    """The secret is shown when it is made, and never again."""
    made = client.post("/v1/webhooks", json={"url": receiver[0], "events": ["job.failed"]})
    assert made.status_code == 201
    hook = made.json()
    assert hook["secret"].startswith("whsec_")
    assert (hook["events"], hook["enabled"]) == (["job.failed"], True)
    shown = client.get(made.headers["location"]).json()
    assert shown == {**hook, "secret": None}
    assert client.get("/v1/webhooks").json()["items"] == [shown]
    assert client.delete(made.headers["location"]).status_code == 204
    assert client.get(made.headers["location"]).status_code == 404
    assert client.delete(made.headers["location"]).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://10.0.0.1/"}, "E_UNSAFE"),
        ({"url": "ftp://127.0.0.1/"}, "E_UNSAFE"),
        ({"url": "http://127.0.0.1/", "events": ["job.started"]}, "E_USAGE"),
        ({"url": "http://127.0.0.1/", "secret": "geheim"}, "E_USAGE"),
        ({"url": "http://127.0.0.1/", "other": 1}, "E_USAGE"),
        ({"url": "http://127.0.0.1/", "events": []}, "E_USAGE"),
        ({}, "E_USAGE"),
    ],
)
def test_what_could_never_be_told_is_refused(client: TestClient, body: dict[str, Any], code: str) -> None:
    """Private addresses, unknown events, bad secrets and unknown wishes are refused at once."""
    answer = client.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_large_body_is_not_read(client: TestClient) -> None:
    """What is no document is small."""
    answer = client.post("/v1/webhooks", content=b" " * 100_000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "E_LIMIT.size")


def test_a_webhook_is_tried_at_once(client: TestClient, receiver: tuple[str, Any]) -> None:
    """A test message comes signed; what came of it is the answer."""
    hook = client.post("/v1/webhooks", json={"url": receiver[0]}).json()
    assert client.post(f"/v1/webhooks/{hook['id']}/test").json() == {"delivered": True, "status": 200, "error": None}
    headers, body = receiver[1][0]
    assert Webhook(hook["secret"]).verify(body, headers) == json.loads(body)
    nobody = client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"}).json()
    failed = client.post(f"/v1/webhooks/{nobody['id']}/test").json()
    assert (failed["delivered"], failed["status"]) == (False, None)
    assert failed["error"]


def test_a_new_secret_takes_over(client: TestClient, receiver: tuple[str, Any]) -> None:
    """The new secret is shown once, and signs."""
    hook = client.post("/v1/webhooks", json={"url": receiver[0]}).json()
    changed = client.post(f"/v1/webhooks/{hook['id']}/secret").json()
    assert changed["secret"] != hook["secret"]
    client.post(f"/v1/webhooks/{hook['id']}/test")
    headers, body = receiver[1][0]
    Webhook(changed["secret"]).verify(body, headers)


def test_what_was_told_is_listed_and_told_again(client: TestClient, desk: Desk, send: Send) -> None:
    """Messages are listed page by page; one that was given up waits again when it is asked for."""
    hook = client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/", "events": ["job.completed"]}).json()
    for number in range(3):
        desk.finish(send(f"Cash {number}\n")["id"])
    first = client.get(f"/v1/webhooks/{hook['id']}/deliveries?limit=2").json()
    second = client.get(f"/v1/webhooks/{hook['id']}/deliveries?limit=2&cursor={first['next']}").json()
    told = first["items"] + second["items"]
    assert [message["job"] for message in told] == ["job_3", "job_2", "job_1"]
    assert second["next"] is None
    assert {message["state"] for message in told} == {"waiting"}
    desk.db.execute("UPDATE outbox SET ended_at = 1, tries = 8, status = 503, error = 'Status 503.' WHERE id = 1")
    listed = client.get(f"/v1/webhooks/{hook['id']}/deliveries").json()["items"][-1]
    assert (listed["id"], listed["state"], listed["status"]) == ("1", "given_up", 503)
    assert client.post(f"/v1/webhooks/{hook['id']}/deliveries/1/redeliver").status_code == 202
    again = client.get(f"/v1/webhooks/{hook['id']}/deliveries").json()["items"][-1]
    assert (again["state"], again["tries"], again["error"]) == ("waiting", 0, None)
    assert client.post(f"/v1/webhooks/{hook['id']}/deliveries/99/redeliver").status_code == 404


def test_a_disabled_webhook_is_enabled_before_anything_is_told_again(
    client: TestClient, desk: Desk, send: Send
) -> None:
    """A message to a disabled address would never go: 409 until it is enabled."""
    hook = client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"}).json()
    desk.finish(send("Cash\n")["id"])
    desk.db.execute("UPDATE endpoints SET disabled_at = 1")
    again = f"/v1/webhooks/{hook['id']}/deliveries/1/redeliver"
    refused = client.post(again)
    assert (refused.status_code, refused.json()["code"]) == (409, "E_STATE")
    assert client.post(f"/v1/webhooks/{hook['id']}/enable").json()["enabled"]
    assert client.post(again).status_code == 202


def test_an_admin_sees_and_ends_every_webhook(client: TestClient, desk: Desk) -> None:
    """Those of other keys, and those made before there was any key; a revoked key's cannot be enabled."""
    client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"})
    one, boss = ({"X-Api-Key": key} for key in (desk.key("one"), desk.key("boss", "admin")))
    client.post("/v1/webhooks", json={"url": "http://127.0.0.1:2/"}, headers=one)
    assert [hook["key"] for hook in client.get("/v1/webhooks", headers=boss).json()["items"]] == [0, 1]
    assert [hook["key"] for hook in client.get("/v1/webhooks", headers=one).json()["items"]] == [1]
    assert client.delete("/v1/webhooks/1", headers=one).status_code == 404
    assert client.delete("/v1/webhooks/1", headers=boss).status_code == 204
    rows.revoke_key(desk.db, 1, 1.0)
    assert client.post("/v1/webhooks/2/enable", headers=boss).status_code == 409
    assert client.delete("/v1/webhooks/2", headers=boss).status_code == 204
