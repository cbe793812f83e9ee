"""The API in this process, on a home of its own without workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from worker.api.app import make_app

LIMIT = 1_000_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A home whose documents have at most a million bytes."""
    made = Desk(tmp_path / "home", max_bytes=LIMIT, webhook_networks="127.0.0.0/8")
    yield made
    made.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    """Somebody on this machine who asks without a key."""
    app = make_app(desk.settings, longest_stream=5.0)
    with TestClient(app, "http://localhost:8000", raise_server_exceptions=False) as asking:
        yield asking


@pytest.fixture
def send(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Sends a document and gives its job."""

    def post(content: bytes | str, name: str = "report.txt", key: str | None = None, **fields: str) -> dict[str, Any]:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        data = content if isinstance(content, bytes) else content.encode()
        answer = client.post("/v1/jobs", files={"file": (name, data)}, data=fields, headers=headers)
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        return job

    return post
