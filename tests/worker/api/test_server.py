"""uvicorn as it is set up: patience has an end, heads have a size, nothing is said of the server."""

from __future__ import annotations

import http.client
import socket
import time

import pytest

from tests.fakes.desk import Desk
from tests.fakes.running import wait_for
from tests.fakes.served import Served
from worker.api import server
from worker.api.service import is_loopback
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import NOWHERE, Arrival


def test_who_never_ends_a_head_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that says nothing, or half a head, is closed in time; one that waits for its answer is not."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.4)
    with Served(desk.settings) as served:
        for words in (b"", b"GET / HTTP/1.1\r\nHost: "):
            with socket.create_connection(("127.0.0.1", served.port), 10) as connection:
                connection.sendall(words)
                begun = time.monotonic()
                assert connection.recv(100) == b""
                assert 0.3 < time.monotonic() - begun < 5
        asking = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        form = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Prefer": "wait=1"}
        for _ in range(2):  # the second time over the same connection
            asking.request("POST", "/v1/jobs", form, headers)
            answer = asking.getresponse()
            assert answer.status == 202
            answer.read()
        asking.close()


def test_a_head_that_is_too_long_is_refused(desk: Desk) -> None:
    """Headers without end are answered with 400 and an end."""
    with Served(desk.settings) as served, socket.create_connection(("127.0.0.1", served.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_who_does_not_read_his_answer_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes nothing of what it asked for holds a connection for a while, and not for ever."""
    monkeypatch.setattr(server, "UNREAD_SECONDS", 0.5)
    kept = desk.blobs.put_bytes(b"text")
    arrival = Arrival("a.txt", kept.sha256, kept.size, "text", "normal", "e 1", None, site=NOWHERE)
    held = desk.claim(deliveries.arrive(desk.db, arrival, 0.0))
    result = desk.blobs.put_bytes(bytes(32 << 20))
    leases.finish(desk.db, held, (result.sha256, result.size), {}, time.time())
    with Served(desk.settings) as served, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", served.port))
        client.sendall(f"GET /v1/results/{result.sha256} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_for(lambda: len(served.connections) == 1)
        wait_for(lambda: not served.connections)


def test_answers_do_not_say_what_serves_them(desk: Desk) -> None:
    """No Server header; sniffing and framing are forbidden."""
    with Served(desk.settings) as served:
        asking = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        asking.request("GET", "/livez")
        answer = asking.getresponse()
        assert answer.getheader("server") is None
        assert answer.getheader("x-content-type-options") == "nosniff"
        assert answer.getheader("x-frame-options") == "DENY"
        asking.close()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("8.8.8.8", False), ("::", False),
     ("10.0.0.1", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    """What other machines may reach is told from what they may not; in doubt it is not loopback."""
    assert is_loopback(host) is loopback
