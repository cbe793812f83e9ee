"""Documents that the service fetches: a whole one, as it is, or none."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

WHOLE = b"Cash 1\n"


class Source(http.server.BaseHTTPRequestHandler):
    """A server that keeps its promises, or does not, by the path."""

    protocol_version = "HTTP/1.1"
    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        """Answer."""
        self.asked.append({k.lower(): v for k, v in self.headers.items()})
        self.close_connection = True
        body = gzip.compress(WHOLE) if self.path.startswith("/packed") else WHOLE
        self.send_response(200)
        if self.path.startswith("/packed"):
            self.send_header("Content-Encoding", "gzip")
        if self.path.startswith("/chunks"):
            self.send_header("Transfer-Encoding", "chunked")
            body = b"4\r\nhalf\r\n"
        else:
            self.send_header("Content-Length", "1000" if self.path.startswith("/short") else str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def source() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address on this machine, and the heads of what it was asked."""
    asked: list[dict[str, str]] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Source,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def fetch(client: TestClient, url: str) -> Any:
    """Have a document fetched."""
    return client.post("/v1/jobs", json={"source": {"kind": "http", "url": url}})


def test_a_whole_document_is_fetched_as_it_is(client: TestClient, source: tuple[str, list[dict[str, str]]]) -> None:
    """It is asked for unpacked, and its name is the last part of the path, decoded."""
    answer = fetch(client, f"{source[0]}/a/q%202.txt?x=1")
    assert answer.status_code == 202, answer.text
    assert answer.json()["name"] == "q 2.txt"
    assert client.get(f"/v1/documents/{answer.json()['document']}").json()["bytes"] == len(WHOLE)
    assert source[1][0]["accept-encoding"] == "identity"


@pytest.mark.parametrize("path", ["/short", "/chunks", "/packed"])
def test_half_a_document_is_no_document(
    client: TestClient, source: tuple[str, list[dict[str, str]]], path: str
) -> None:
    """A body that ends too early, or is packed although nobody asked, is refused and leaves nothing."""
    answer = fetch(client, source[0] + path)
    assert (answer.status_code, answer.json()["code"]) == (422, "E_SOURCE"), answer.text
    assert client.get("/v1/jobs").json()["items"] == []
