"""Slow clients and large uploads, fifty of each at once: others are served, and nothing is in memory as a whole."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.running import wait_for
from worker.processes.supervisor import make_folders
from worker.settings import Settings

pytestmark = pytest.mark.slow

MANY = 50
MEGABYTE = 1 << 20
LARGE = 8 * MEGABYTE
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"
REQUEST = (
    b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: %d\r\n\r\n"
)


class Serving:
    """``crossfoot serve`` in a process of its own, without Redis, without workers."""

    def __init__(self, home: Path) -> None:
        self.settings = replace(Settings(), home=home, max_bytes=64 * MEGABYTE)
        make_folders(self.settings)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [sys.executable, "-P", "-m", "worker.cli", "serve", "--port", str(self.port)]
        command = [sys.executable, "-c", "from worker.cli import main; raise SystemExit(main())", *words[4:]]
        self.log = home / "serve.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, env=self.settings.environment(), stdout=out, stderr=out)
        wait_for(self.answers)

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            return self.ask("GET", "/livez")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, Any]:
        """One request; status and JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def memory(self) -> int:
        """Resident bytes at this moment."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A served home."""
    made = Serving(tmp_path / "home")
    yield made
    if made.process.poll() is None:
        made.stop()


def connect(serving: Serving) -> socket.socket:
    """A connection."""
    return socket.create_connection(("127.0.0.1", serving.port), 60)


def upload(serving: Serving, number: int, sent: dict[int, str]) -> None:
    """Send a large document; the hash of what was sent where it was taken."""
    piece = os.urandom(MEGABYTE)
    head = HEAD.replace(b"%s", b"%d.bin" % number)
    digest = hashlib.sha256()
    with connect(serving) as connection:
        connection.sendall(REQUEST % (len(head) + LARGE + len(TAIL)) + head)
        for _ in range(LARGE // MEGABYTE):
            connection.sendall(piece)
            digest.update(piece)
        connection.sendall(TAIL)
        if connection.recv(64).startswith(b"HTTP/1.1 202"):
            sent[number] = digest.hexdigest()


def test_others_are_served_beside_fifty_slow_clients_and_fifty_large_uploads(serving: Serving) -> None:
    """Fifty requests that never end and fifty of 8 MB: meanwhile small ones are answered, all large ones are taken."""
    before = serving.memory()
    slow = [connect(serving) for _ in range(MANY)]
    for number, connection in enumerate(slow):  # some stop in the head, some in the body, some do not read
        connection.sendall((REQUEST % 1000 + HEAD.replace(b"%s", b"slow") + b"a")[: 40 if number % 2 else None])
    sent: dict[int, str] = {}
    threads = [threading.Thread(target=upload, args=(serving, n, sent)) for n in range(MANY)]
    for thread in threads:
        thread.start()
    waits: list[float] = []
    most = 0
    while any(thread.is_alive() for thread in threads) or len(waits) < 20:
        begun = time.monotonic()
        body = HEAD.replace(b"%s", b"small") + b"small %d" % len(waits) + TAIL
        status, job = serving.ask("POST", "/v1/jobs", body, "multipart/form-data; boundary=x")
        assert status == 202, job
        assert serving.ask("GET", f"/v1/jobs/{job['id']}")[0] == 200
        waits.append(time.monotonic() - begun)
        most = max(most, serving.memory())
    for thread in threads:
        thread.join()
    for connection in slow:
        connection.close()
    blobs = serving.settings.blobs
    assert len(sent) == MANY
    assert all((blobs / h[:2] / h[2:4] / h).stat().st_size == LARGE for h in sent.values())
    waits.sort()
    said = f"median {waits[len(waits) // 2]:.2f} s, slowest {waits[-1]:.2f} s, {(most - before) >> 20} MB more"
    assert waits[-1] < 10, said
    assert waits[len(waits) // 2] < 3, said
    assert most - before < 150 * MEGABYTE, said  # fifty times 8 MB are 400
    print(said)  # noqa: T201 - what the test has measured, for pytest -s


def test_a_stop_ends_streams_and_leaves_nothing_behind(serving: Serving) -> None:
    """SIGTERM ends the service within seconds though a client follows a job and another is in mid-upload."""
    body = HEAD.replace(b"%s", b"a") + b"waits" + TAIL
    _, job = serving.ask("POST", "/v1/jobs", body, "multipart/form-data; boundary=x")
    with connect(serving) as following, connect(serving) as sending:
        following.sendall(b"GET /v1/jobs/%s/events HTTP/1.1\r\nHost: localhost\r\n\r\n" % job["id"].encode())
        assert b"text/event-stream" in following.recv(4096)
        sending.sendall(REQUEST % 1000 + HEAD.replace(b"%s", b"b") + b"half")
        time.sleep(0.3)
        begun = time.monotonic()
        assert serving.stop() == 0
        assert time.monotonic() - begun < 15
    assert list((serving.settings.home / "uploads").iterdir()) == []
    assert "Traceback" not in serving.log.read_text()
