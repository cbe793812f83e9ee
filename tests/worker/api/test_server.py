"""uvicorn as it is set up: patience has an end, heads have a size, nothing is said of the server."""

from __future__ import annotations

import http.client
import socket
import time

import pytest

from tests.fakes.desk import Desk
from tests.fakes.served import Served
from worker.api import server
from worker.api.service import is_loopback


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
