"""Who may hold the service up, and for how long: nobody for others, and without a key not even for himself."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from tests.fakes.running import wait_for
from tests.fakes.served import Served
from worker.api import doors, intake, outside, server, service, uploads
from worker.webhooks import guard

FORM = "multipart/form-data; boundary=x"
BEGIN = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'


def connect(served: Served, path: str, key: str = "", kind: str = "application/json") -> socket.socket:
    """Begin a request whose body of a hundred bytes has one."""
    connection = socket.create_connection(("127.0.0.1", served.port), 10)
    said = f"X-Api-Key: {key}\r\n" if key else ""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{said}Content-Type: {kind}\r\nContent-Length: 1000\r\n\r\n"
    connection.sendall(head.encode() + BEGIN[:1])
    return connection


def status(connection: socket.socket) -> tuple[int, str]:
    """Status and content type of an answer."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.headers["content-type"]


def ends(connection: socket.socket) -> float:
    """Seconds until a connection is closed."""
    begun = time.monotonic()
    connection.settimeout(20)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - begun


def test_a_stranger_s_body_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a good key the answer comes before the body has, and the connection is soon closed."""
    monkeypatch.setattr(server, "LINGER_SECONDS", 0.3)
    desk.key()
    with Served(desk.settings) as served:
        for path in ("/v1/webhooks", "/v1/reviews/1/claim", "/v1/jobs"):
            with connect(served, path, "cf_" + "x" * 43) as connection:
                assert status(connection) == (401, "application/problem+json")
                connection.sendall(b"x")
                assert ends(connection) < 5


def test_a_small_body_has_its_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is answered with 408, and the connection is closed."""
    monkeypatch.setattr(doors, "BODY_SECONDS", 0.3)
    key = desk.key()
    with Served(desk.settings) as served, connect(served, "/v1/webhooks", key) as connection:
        assert status(connection) == (408, "application/problem+json")
        assert ends(connection) < 5


def test_what_is_too_much_is_refused_as_a_problem_and_the_process_lives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond so many requests the answer is 503; /livez is answered all the same."""
    monkeypatch.setattr(doors, "MOST_REQUESTS", 4)
    with Served(desk.settings) as served:
        held = [connect(served, "/v1/webhooks") for _ in range(4)]
        url = f"{served.url}/v1/version"
        wait_for(lambda: httpx2.get(url).status_code == 503)
        refused = httpx2.get(url)
        assert (refused.headers["content-type"], refused.json()["code"]) == ("application/problem+json", "E_BUSY")
        assert httpx2.get(f"{served.url}/livez").status_code == 200
        for connection in held:
            connection.close()
        wait_for(lambda: httpx2.get(url).status_code == 200)


def test_one_key_does_not_take_all_requests(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one key has on its way has a limit of its own; another key is served beside it."""
    monkeypatch.setattr(service, "MOST_OF_ONE", 3)
    one, other = desk.key("one"), desk.key("other")
    with Served(desk.settings) as served:
        held = [connect(served, "/v1/webhooks", one) for _ in range(3)]

        def ask(key: str) -> int:
            return httpx2.get(f"{served.url}/v1/jobs", headers={"X-Api-Key": key}).status_code

        wait_for(lambda: ask(one) == 429)
        assert ask(other) == 200
        for connection in held:
            connection.close()
        wait_for(lambda: ask(one) == 200)


def test_who_says_nothing_makes_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all connections are taken, those without a request go first, the oldest before all."""
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 3)
    with Served(desk.settings) as served:
        silent = []
        for _ in range(3):
            silent.append(socket.create_connection(("127.0.0.1", served.port), 10))
            wait_for(lambda: len(served.connections) == len(silent))
        assert httpx2.get(f"{served.url}/livez").status_code == 200
        assert ends(silent[0]) < 5
        silent[2].setblocking(False)
        with pytest.raises(BlockingIOError):
            silent[2].recv(1)
        for connection in silent:
            connection.close()


def test_what_is_no_http_is_told_so_as_a_problem(desk: Desk) -> None:
    """Even what never reaches an operation is answered with a problem."""
    with Served(desk.settings) as served, socket.create_connection(("127.0.0.1", served.port), 10) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert status(connection) == (400, "application/problem+json")


def test_one_key_s_uploads_leave_room_for_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that sends as many documents at once as it may is told to wait; another's is taken."""
    monkeypatch.setattr(intake, "MOST_UPLOADS_OF_ONE", 3)
    one, other = desk.key("one"), desk.key("other")
    with Served(desk.settings) as served:
        held = [connect(served, "/v1/jobs", one, FORM) for _ in range(3)]

        def send(key: str) -> int:
            files = {"file": ("a", b"x")}
            return httpx2.post(f"{served.url}/v1/jobs", files=files, headers={"X-Api-Key": key}).status_code

        wait_for(lambda: send(one) == 503)
        assert send(other) == 202
        for connection in held:
            connection.close()
        wait_for(lambda: send(one) == 202)


def test_who_sends_a_byte_now_and_then_is_too_slow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that never falls silent and never comes to its end either is ended."""
    monkeypatch.setattr(uploads, "GRACE_SECONDS", 0.3)
    with Served(desk.settings) as served, connect(served, "/v1/jobs", kind=FORM) as connection:
        begun = time.monotonic()
        for byte in (BEGIN[1:] + b"x" * 900).decode():
            try:
                connection.sendall(byte.encode())
            except OSError:
                break
            connection.settimeout(0.05)
            try:
                assert connection.recv(12) == b"HTTP/1.1 408"
                break
            except TimeoutError:
                continue
        assert 0.2 < time.monotonic() - begun < 10


def test_slow_servers_of_one_key_hold_up_no_other(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one key's addresses are looked up for ever, another's are at once; the first hears that it is too much."""
    monkeypatch.setattr(outside, "PATIENCE", 0.3)
    done = threading.Event()
    real = guard.resolve

    def slow(url: str, allowed: Any = ()) -> Any:
        if "slow" in url:
            done.wait(20)
        return real("http://127.0.0.1:1/", allowed)

    monkeypatch.setattr(guard, "resolve", slow)
    one, other = ({"X-Api-Key": desk.key(name)} for name in ("one", "other"))
    with ThreadPoolExecutor(12) as crowd:
        asked = [
            crowd.submit(client.post, "/v1/webhooks", json={"url": "https://slow.example/"}, headers=one)
            for _ in range(12)
        ]
        time.sleep(0.2)
        begun = time.monotonic()
        quick = client.post("/v1/webhooks", json={"url": "https://quick.example/"}, headers=other)
        assert (quick.status_code, time.monotonic() - begun < 5) == (201, True)
        wait_for(lambda: sum(future.done() for future in asked) >= 8)
        done.set()
        answers = [future.result() for future in asked]
    assert sorted({answer.status_code for answer in answers}) == [201, 503]
    assert json.loads(next(a.content for a in answers if a.status_code == 503))["code"] == "E_BUSY"


def test_head_is_answered_wherever_get_is(client: TestClient) -> None:
    """HEAD gives the headers of GET and no body; a method that is not there is told which ones are."""
    head, got = client.head("/v1/version"), client.get("/v1/version")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert client.head("/v1/jobs/job_1/events").status_code == 405
    refused = client.put("/v1/webhooks/1")
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, HEAD")
    assert client.get("/v1/jobs/", follow_redirects=False).status_code == 404


def test_who_breaks_off_is_no_fault_of_the_program(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes away in the middle of its upload is one line of the log, and no error."""
    with caplog.at_level(logging.INFO), Served(desk.settings) as served:
        connect(served, "/v1/jobs", kind=FORM).close()
        wait_for(lambda: [r for r in caplog.records if r.getMessage().startswith("POST /v1/jobs")])
    ours = [r for r in caplog.records if r.name.startswith(("crossfoot", "uvicorn"))]
    assert [r.levelno for r in ours if r.levelno > logging.INFO or "POST" in r.getMessage()] == [logging.INFO]
