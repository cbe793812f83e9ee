"""Where there is no room, the API takes nothing and says so; what was taken between two steps is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from worker.api import submitting
from worker.api.app import make_app
from worker.settings import MEGABYTE


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


def test_a_nearly_full_disk_is_said_before_the_document_is_read(ask: Callable[..., TestClient], tmp_path: Path) -> None:
    """What is kept free of the disk is not filled with uploads on their way."""
    client = ask(reserve_mb=1 << 30)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/jobs", content=b"not even a form", headers=headers)
    assert answer.status_code == 507
    free = shutil.disk_usage(tmp_path).free // MEGABYTE
    headers["Content-Length"] = str(free * MEGABYTE)
    assert ask(max_bytes=1 << 40).post("/v1/jobs", content=b"x", headers=headers).status_code == 507


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
