"""Results over HTTP: their bytes, figures, checks and versions."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from schemas.filing import Check, Filing, Term, from_json
from tests.fakes import engine
from tests.fakes.desk import Desk
from tests.fakes.s3 import BUCKET, S3Server
from tests.fakes.served import Served
from worker.api.app import make_app
from worker.blobs import open_blobs
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import NOWHERE, Arrival

Send = Callable[..., dict[str, Any]]


def filing(text: bytes = b"Cash\n", figures: int = 5) -> Filing:
    """A result with some figures, every second one a conflict, and a check over three of them."""
    made = engine.convert(text)
    first = made.tables[0].figures[0]
    many = tuple(
        first.model_copy(
            update={
                "id": f"t0.r{n}.c0",
                "row": n,
                "status": "conflict" if n % 2 else "unchecked",
                "needs_review": n == 1,
                "checks": ("k0",) if n < 3 else (),
            }
        )
        for n in range(figures)
    )
    terms = (Term(figure="t0.r1.c0", weight="1"), Term(figure="t0.r2.c0", weight="1"))
    check = Check(id="k0", kind="foot", total="t0.r0.c0", terms=terms, residual="1", tolerance="0", verdict="broken")
    table = made.tables[0].model_copy(update={"figures": many})
    return made.model_copy(update={"tables": (table,), "checks": (check,)})


@pytest.fixture
def result(desk: Desk, send: Send) -> str:
    """A result with five figures."""
    return desk.finish(send("Cash\n")["id"], filing())


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_a_damaged_result_is_never_handed_out_as_whole(desk: Desk, size: int) -> None:
    """A small one is a problem, a large one breaks off: nobody takes what a disk has changed for a result."""
    stored = desk.blobs.put_bytes(bytes(size))
    held = desk.claim(bring(desk))
    leases.finish(desk.db, held, (stored.sha256, stored.size), {}, 1.0)
    path = desk.blobs.path(stored.sha256)
    path.chmod(0o644)
    path.write_bytes(b"x" + bytes(size - 1))
    with Served(desk.settings) as served:
        asking = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        asking.request("GET", f"/v1/results/{stored.sha256}")
        answer = asking.getresponse()
        if size == 10:
            assert answer.status == 503
        else:
            with pytest.raises(http.client.IncompleteRead):
                answer.read()
        asking.close()


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_results_come_out_of_a_bucket_too(tmp_path: Path, size: int) -> None:
    """The same bytes, wherever the store keeps them."""
    with S3Server(tmp_path / "log") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.variables.items():
            patch.setenv(name, value)
        desk = Desk(tmp_path / "home", store=f"s3://{BUCKET}/results")
        stored = open_blobs(desk.settings).put_bytes(b"r" * size)
        leases.finish(desk.db, desk.claim(bring(desk)), (stored.sha256, stored.size), {}, 1.0)
        with TestClient(make_app(desk.settings), "http://localhost:8000") as client:
            assert client.get(f"/v1/results/{stored.sha256}").content == b"r" * size
        desk.close()


def bring(desk: Desk) -> int:
    """A document; its job."""
    kept = desk.blobs.put_bytes(b"Cash")
    arrival = Arrival("a.txt", kept.sha256, kept.size, "text", "normal", "e 1", None, site=NOWHERE)
    return deliveries.arrive(desk.db, arrival, 0.0)


def test_a_result_is_handed_out_byte_for_byte(client: TestClient, desk: Desk, result: str) -> None:
    """The bytes hash to the result's id, which is its ETag, and may be kept for ever."""
    answer = client.get(f"/v1/results/{result}")
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == result
    assert answer.headers["etag"] == f'"{result}"'
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    assert from_json(answer.content) == filing()


@pytest.mark.parametrize("known", ['"{}"', 'W/"{}"', '"x", "{}"', "*"])
def test_who_has_it_is_told_so(client: TestClient, result: str, known: str) -> None:
    """If-None-Match with the ETag is answered without the bytes."""
    answer = client.get(f"/v1/results/{result}", headers={"If-None-Match": known.format(result)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{result}"'


def test_figures_are_found_by_status(client: TestClient, result: str) -> None:
    """All figures, those of one status, those that need review; each says its table."""
    every = client.get(f"/v1/results/{result}/figures").json()
    assert (every["total"], every["next"], every["items"][0]["table"]) == (5, None, "t0")
    conflicts = client.get(f"/v1/results/{result}/figures?status=conflict").json()
    assert [figure["id"] for figure in conflicts["items"]] == ["t0.r1.c0", "t0.r3.c0"]
    review = client.get(f"/v1/results/{result}/figures?needs_review=true&status=conflict").json()
    assert [figure["id"] for figure in review["items"]] == ["t0.r1.c0"]
    assert client.get(f"/v1/results/{result}/figures?status=wrong").status_code == 422


def test_figures_come_in_pages(client: TestClient, result: str) -> None:
    """Each figure is on one page."""
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/results/{result}/figures?limit=2{cursor}").json()
        seen += [figure["id"] for figure in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"t0.r{n}.c0" for n in range(5)]


def test_one_figure_and_its_checks_are_a_resource(client: TestClient, result: str) -> None:
    """A figure by its id; the checks that it is part of; a figure that is not there."""
    figure = client.get(f"/v1/results/{result}/figures/t0.r2.c0").json()
    assert (figure["id"], figure["value"], figure["table"]) == ("t0.r2.c0", "1", "t0")
    checks = client.get(f"/v1/results/{result}/checks?figure=t0.r2.c0").json()["items"]
    assert [check["id"] for check in checks] == ["k0"]
    assert client.get(f"/v1/results/{result}/checks?figure=t0.r4.c0").json() == {"items": []}
    assert client.get(f"/v1/results/{result}/figures/t9.r9.c9").status_code == 404


def test_a_document_says_its_names_jobs_and_results(client: TestClient, desk: Desk, send: Send) -> None:
    """What was sent twice under two names is one document with both."""
    job = send("Cash\n", "a.txt")
    result = desk.finish(job["id"])
    client.post("/v1/jobs", files={"file": ("b.txt", b"Cash\n")})
    document = client.get(f"/v1/documents/{job['document']}").json()
    assert (document["bytes"], document["names"], document["jobs"]) == (5, ["a.txt", "b.txt"], [job["id"]])
    versions = client.get(f"/v1/documents/{job['document']}/results").json()["items"]
    assert [(version["id"], version["job"]) for version in versions] == [(result, job["id"])]


def test_a_result_whose_bytes_are_gone_is_not_found(client: TestClient, desk: Desk, result: str) -> None:
    """Where the store has lost them the answer is 404, never a torn body."""
    desk.blobs.path(result).unlink()
    assert client.get(f"/v1/results/{result}").status_code == 404
    assert client.get(f"/v1/results/{result}/figures").status_code == 404


def test_a_container_s_parts_are_jobs_of_their_own(client: TestClient, desk: Desk, send: Send) -> None:
    """The result of a container lists its parts; the list of jobs finds them by their parent."""
    job = send("PARTS\n")
    held = desk.claim(job["id"])
    part = desk.blobs.put_bytes(b"part\n")
    index = desk.blobs.put_bytes(b'{"container": {}, "parts": []}\n')
    parts = (leases.Part(1, "a.htm", part.sha256, part.size, "html", "{}"),)
    assert leases.finish_container(desk.db, held, (index.sha256, index.size), leases.Opened(parts), 1.0) == "done"
    seen = client.get(f"/v1/jobs/{job['id']}").json()
    assert (seen["summary"]["container"], seen["summary"]["parts"]) == (True, 1)
    assert client.get(f"/v1/results/{seen['result']}").json()["parts"] == []
    assert client.get(f"/v1/results/{seen['result']}/figures").json()["total"] == 0
    found = client.get(f"/v1/jobs?parent={job['id']}").json()["items"]
    assert [(child["parent"], child["document"]) for child in found] == [(job["id"], part.sha256)]


def test_a_wish_that_cannot_be_fulfilled_is_refused(client: TestClient, desk: Desk) -> None:
    """Another format than JSON, and whatever else is not known, is never silently left out."""
    client.post("/v1/jobs", files={"file": ("a.txt", b"Cash 1\n")})
    path = f"/v1/results/{desk.finish(1)}"
    for query, place in (("?format=csv", "query.format"), ("?Format=", "query.Format")):
        answer = client.get(path + query)
        assert (answer.status_code, answer.json()["place"]) == (422, place)
    assert client.get("/v1/jobs/job_1?wiat=3").status_code == 422
    assert client.post("/v1/jobs?forse=true", files={"file": ("a.txt", b"Cash 1\n")}).status_code == 422
    for accept, status in (
        ("text/csv", 406),
        ("application/json;q=0", 406),
        ("text/csv, */*;q=0.1", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/*", 200),
    ):
        assert client.get(path, headers={"Accept": accept}).status_code == status, accept
