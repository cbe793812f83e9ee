"""Where there is no room, the API takes nothing and says so; what was taken between two steps is kept."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from worker.api import submitting
from worker.api.app import make_app
from worker.api.uploads import BUFFER
from worker.settings import MEGABYTE
from worker.webhooks import guard


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """A client of a home with these settings, the same home each time."""
    opened: list[Any] = []

    def make(**settings: Any) -> TestClient:
        desk = Desk(tmp_path / "home", **settings)
        client = TestClient(make_app(desk.settings), "http://localhost:8000", raise_server_exceptions=False)
        opened.extend((desk, client.__enter__()))
        return client

    yield make
    for thing in reversed(opened):
        thing.__exit__(None, None, None) if isinstance(thing, TestClient) else thing.close()


def files(text: bytes) -> dict[str, tuple[str, bytes]]:
    """A form with a document."""
    return {"file": ("a.txt", text)}


def test_a_used_up_quota_is_507_and_readyz_says_full(ask: Callable[..., TestClient]) -> None:
    """No document more is taken, as a problem that says when to come again; one that is known is answered still."""
    client = ask(quota_mb=1)
    first = client.post("/v1/jobs", files=files(b"x" * MEGABYTE))
    assert first.status_code == 202
    assert client.get("/readyz").json()["store"] == "ok"
    answer = client.post("/v1/jobs", files=files(b"other"))
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["retryable"]) == ("E_STORAGE", True)
    assert int(answer.headers["retry-after"]) > 0
    assert client.post("/v1/jobs", files=files(b"x" * MEGABYTE)).json()["id"] == first.json()["id"]
    full = ask(reserve_mb=1 << 30)
    assert (full.get("/readyz").status_code, full.get("/readyz").json()["store"]) == (503, "full")


def test_readyz_says_that_the_bucket_is_away(ask: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be taken while the store is down, whatever is free on the disks."""
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    answer = ask(store="s3://filings/down").get("/readyz")
    assert (answer.status_code, answer.json()["store"]) == (503, "unavailable")


def test_a_nearly_full_disk_is_said_before_the_document_is_read(ask: Callable[..., TestClient], tmp_path: Path) -> None:
    """What is kept free of the disk is not filled with uploads on their way."""
    client = ask(reserve_mb=1 << 30)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/jobs", content=b"not even a form", headers=headers)
    assert answer.status_code == 507
    free = shutil.disk_usage(tmp_path).free // MEGABYTE
    headers["Content-Length"] = str(free * MEGABYTE)
    assert ask(max_bytes=1 << 40).post("/v1/jobs", content=b"x", headers=headers).status_code == 507


def test_uploads_that_fill_the_disk_together_are_stopped_on_their_way(
    ask: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept free stays free, however many come at once and whatever they say of their length."""
    free = iter([1 << 40] * 2)  # asked when it comes, of two disks; then of each piece
    monkeypatch.setattr("worker.blobs.files.shutil.disk_usage", lambda _: SimpleNamespace(free=next(free, 0)))

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        for _ in range(20):
            yield bytes(BUFFER)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = ask(max_bytes=100 * MEGABYTE).post("/v1/jobs", content=body(), headers=headers)
    assert answer.status_code == 507
    assert next(free, 0) == 0


def test_slow_name_servers_hold_up_nobody_else(ask: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """While dozens of addresses are looked up, results are served as always."""
    client = ask()
    done = threading.Event()
    monkeypatch.setattr(guard, "resolve", lambda *_: done.wait(20))
    hook = {"url": "https://slow.example.com/"}
    with ThreadPoolExecutor(60) as crowd:
        asked = [crowd.submit(client.post, "/v1/webhooks", json=hook) for _ in range(45)]
        time.sleep(0.5)
        begun = time.monotonic()
        job = client.post("/v1/jobs", files=files(b"text")).json()
        assert client.get(f"/v1/jobs/{job['id']}").status_code == 200
        assert time.monotonic() - begun < 10
        done.set()
        assert all(future.result().status_code in (201, 409, 503) for future in asked)


def test_a_document_that_was_tidied_up_before_its_row_is_stored_again(
    ask: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever a purge does between the two steps, what was answered with 202 lies in the store."""
    client = ask()
    real = submitting.submit

    def late(*values: Any) -> submitting.Submitted:
        for path in (tmp_path / "home" / "blobs").glob("??/??/*"):
            path.unlink()
        return real(*values)

    monkeypatch.setattr(submitting, "submit", late)
    job = client.post("/v1/jobs", files=files(b"text")).json()
    document = job["document"]
    assert (tmp_path / "home" / "blobs" / document[:2] / document[2:4] / document).read_bytes() == b"text"


def test_a_full_quota_tells_nobody_what_others_have_sent(ask: Callable[..., TestClient], tmp_path: Path) -> None:
    """Bytes that only another key has sent are refused like any others; the key that has sent them is answered."""
    desk = Desk(tmp_path / "home")
    one, other = ({"X-Api-Key": desk.key(name)} for name in ("one", "other"))
    desk.close()
    client = ask(quota_mb=1)
    large, known = files(b"x" * (MEGABYTE - 1000)), files(b"known" * 100)
    for document in (known, large):
        assert client.post("/v1/jobs", files=document, headers=one).status_code == 202
    assert client.post("/v1/jobs", files=large, headers=one).status_code == 202
    for document in (large, files(b"y" * MEGABYTE)):
        assert client.post("/v1/jobs", files=document, headers=other).status_code == 507
