"""Documents sent over HTTP, their jobs asked for, waited for, listed, cancelled and tried again."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from tests.fakes.served import Served
from tests.worker.api.conftest import LIMIT
from worker.api import intake

Send = Callable[..., dict[str, Any]]


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem details of an answer that must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    details: dict[str, Any] = answer.json()
    assert details["code"] == code
    assert details["status"] == status
    return details


def test_a_document_is_taken_and_its_job_says_what_was_sent(client: TestClient, desk: Desk) -> None:
    """202 with the job's place; the job echoes name and metadata; the bytes lie in the store before the answer."""
    answer = client.post(
        "/v1/jobs",
        files={"file": ("q2/réport.txt", b"Cash 1\n")},
        data={"metadata": '{"dms_id": "4711", "deep": [1, {"a": null}]}'},
    )
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert int(answer.headers["retry-after"]) > 0
    assert (job["state"], job["name"], job["urgency"]) == ("queued", "réport.txt", "interactive")
    assert job["metadata"] == {"dms_id": "4711", "deep": [1, {"a": None}]}
    assert job["document"] == hashlib.sha256(b"Cash 1\n").hexdigest()
    assert desk.blobs.path(job["document"]).read_bytes() == b"Cash 1\n"
    assert client.get(answer.headers["location"]).json() == job
    assert list((desk.settings.home / "uploads").iterdir()) == []


def test_bytes_that_were_converted_are_answered_at_once(client: TestClient, desk: Desk, send: Send) -> None:
    """The same bytes again give 200 with the result itself, and the job says what was sent with them last."""
    job = send("Cash 1\n", metadata='{"n": 1}')
    result = desk.finish(job["id"])
    answer = client.post("/v1/jobs", files={"file": ("other.txt", b"Cash 1\n")}, data={"metadata": '{"n": 2}'})
    assert answer.status_code == 200
    assert answer.headers["x-crossfoot-cache"] == "hit"
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["content-location"] == f"/v1/results/{result}"
    assert hashlib.sha256(answer.content).hexdigest() == result
    seen = client.get(answer.headers["location"]).json()
    assert (seen["name"], seen["metadata"]) == ("other.txt", {"n": 2})


def test_what_failed_is_tried_again_when_it_is_sent_again(client: TestClient, desk: Desk, send: Send) -> None:
    """A document that failed is queued again by sending it again."""
    job = send("torn\n")
    desk.fail(job["id"])
    seen = client.get(f"/v1/jobs/{job['id']}").json()
    assert (seen["state"], seen["problem"]["code"], seen["problem"]["place"]) == ("failed", "E_CORRUPT", "page 1")
    again = send("torn\n")
    assert (again["id"], again["state"]) == (job["id"], "queued")


def test_one_idempotency_key_is_one_job(client: TestClient, desk: Desk) -> None:
    """The same key and body are the same job even after it failed; another body is refused."""
    headers = {"Idempotency-Key": "order-1"}

    def post(content: bytes, **fields: str) -> Any:
        return client.post("/v1/jobs", files={"file": ("a.txt", content)}, data=fields, headers=headers)

    first = post(b"one\n", metadata='{"a": 1}')
    assert first.status_code == 202
    desk.fail(first.json()["id"])
    again = post(b"one\n", metadata='{"a": 1}')
    assert again.status_code == 202
    assert (again.json()["id"], again.json()["state"]) == (first.json()["id"], "failed")
    problem(post(b"two\n", metadata='{"a": 1}'), 422, "E_IDEMPOTENCY")
    problem(post(b"one\n", metadata='{"a": 2}'), 422, "E_IDEMPOTENCY")
    assert len(client.get("/v1/jobs").json()["items"]) == 1
    assert not list(desk.settings.blobs.rglob(hashlib.sha256(b"two\n").hexdigest()))


def test_a_second_request_of_a_key_that_is_on_its_way_is_told_to_wait(desk: Desk) -> None:
    """While the first request of an idempotency key is read, a second one gets 409; the first is taken."""
    form = PART % b"file" + b"slow\r\n--x--\r\n"
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nIdempotency-Key: k\r\n"
    head += f"Content-Length: {len(form)}\r\n\r\n"
    with Served(desk.settings) as served, socket.create_connection(("127.0.0.1", served.port), 10) as first:
        first.sendall(head.encode() + form[:-12])
        time.sleep(0.3)
        headers = {"Idempotency-Key": "k", "Content-Type": FORM}
        second = httpx2.post(f"{served.url}/v1/jobs", content=form, headers=headers)
        assert problem(second, 409, "E_STATE")["retryable"]
        first.sendall(form[-12:])
        assert first.recv(100).startswith(b"HTTP/1.1 202")


def test_a_document_is_named_in_json(client: TestClient, desk: Desk, send: Send) -> None:
    """A document that was sent before is named by its hash; one that was not is not found."""
    job = send("Cash 5\n")
    desk.fail(job["id"])
    body = {"source": {"kind": "document", "sha256": job["document"]}, "metadata": {"x": 1}}
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202
    assert (answer.json()["id"], answer.json()["metadata"]) == (job["id"], {"x": 1})
    body = {"source": {"kind": "document", "sha256": "0" * 64}}
    problem(client.post("/v1/jobs", json=body), 404, "E_NOT_FOUND")


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "file:///etc/passwd", "https://[::1]/", "https://10.1.1.1/"]
)
def test_nothing_is_fetched_from_where_only_we_can_reach(client: TestClient, url: str) -> None:
    """A URL of a private address is refused."""
    problem(client.post("/v1/jobs", json={"source": {"kind": "http", "url": url}}), 422, "E_UNSAFE")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"source": {"kind": "http"}}, "body.source.http.url"),
        ({"source": {"kind": "ftp", "url": "x"}}, "body.source"),
        ({"source": {"kind": "document", "sha256": "0" * 64}, "profil": "x"}, "body.profil"),
        ({"source": {"kind": "document", "sha256": "0" * 64}, "options": {"passwort": "x"}}, "body.options.passwort"),
        ({"source": {"kind": "document", "sha256": "0" * 64}, "profile": "other"}, "body.profile"),
        ({"source": {"kind": "document", "sha256": "0" * 64}, "metadata": {"a": "\0"}}, "body.metadata"),
        ({"source": {"kind": "document", "sha256": "0" * 64}, "metadata": {"a": "x" * 20_000}}, "body.metadata"),
        ([], "body"),
    ],
)
def test_a_wish_that_is_not_understood_is_refused(client: TestClient, body: Any, place: str) -> None:
    """Unknown keys, unknown kinds and metadata that is too much are refused with their place."""
    assert problem(client.post("/v1/jobs", json=body), 422, "E_USAGE")["place"] == place


@pytest.mark.parametrize("field", ["options", "metadata", "callbacks"])
def test_fields_of_a_form_must_be_json(client: TestClient, field: str) -> None:
    """A field that is no JSON is named."""
    answer = client.post("/v1/jobs", files={"file": ("a", b"x")}, data={field: "{"})
    assert problem(answer, 422, "E_USAGE")["place"] == f"body.{field}"


def test_a_document_that_is_too_large_is_refused_and_leaves_nothing(client: TestClient, desk: Desk) -> None:
    """413 whether the length is said before or found out on the way."""
    problem(client.post("/v1/jobs", files={"file": ("a", bytes(LIMIT + 300_000))}), 413, "E_LIMIT.size")

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        for _ in range(20):
            yield bytes(100_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(client.post("/v1/jobs", content=endless(), headers=headers), 413, "E_LIMIT.size")
    assert client.get("/v1/jobs").json()["items"] == []
    assert not [path for path in desk.settings.blobs.rglob("*") if path.is_file()]


def test_a_full_disk_is_no_fault_of_the_caller(client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """507 with a time to come again, no job, and no word of where the disk is."""

    class Full(io.BytesIO):
        def write(self, _: Any, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    answer = client.post("/v1/jobs", files={"file": ("a.txt", b"Cash\n")})
    assert problem(answer, 507, "E_STORAGE")["retryable"]
    assert int(answer.headers["retry-after"]) > 0
    assert str(desk.settings.home) not in answer.text
    assert client.get("/v1/jobs").json()["items"] == []


def test_a_document_of_just_the_allowed_size_is_taken(client: TestClient) -> None:
    """The limit is for the document, not for the form around it."""
    answer = client.post(
        "/v1/jobs", files={"file": ("a" * 200, bytes(LIMIT))}, data={"metadata": json.dumps({"a": "b" * 9000})}
    )
    assert answer.status_code == 202
    assert client.get(f"/v1/documents/{answer.json()['document']}").json()["bytes"] == LIMIT


FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"x", "text/plain", 415, "E_MEDIA_TYPE"),
        (b"x", "", 415, "E_MEDIA_TYPE"),
        (b"x", "multipart/form-data", 400, "E_REQUEST"),
        (b"x", "multipart/form-data; boundary=" + "y" * 71, 400, "E_REQUEST"),
        (b"nonsense", FORM, 400, "E_REQUEST"),
        (b"--x--\r\n", FORM, 422, "E_USAGE"),
        (PART % b"file" + b"cut", FORM, 400, "E_REQUEST"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n", FORM, 400, "E_REQUEST"),
        (PART % b"a" + b"a" * 200_000, FORM, 413, "E_LIMIT.size"),
        (PART % b"file" + b"a\r\n--x--\r\n" + b"z" * 2_000_000, FORM, 413, "E_LIMIT.size"),
        (PART % b"metadata" + b'{"a":"\xff"}\r\n' + PART % b"file" + b"a\r\n--x--\r\n", FORM, 422, "E_USAGE"),
        (b"--x\r\n" + b"A: b\r\n" * 5000, FORM, 400, "E_REQUEST"),
        ((PART % b"p" + b"\r\n") * 40, FORM, 422, "E_USAGE"),
        ((PART % b"file" + b"\r\n") * 2, FORM, 422, "E_USAGE"),
        (b"{", "application/json", 422, "E_USAGE"),
        (b"[" * 100_000, "application/json", 422, "E_USAGE"),
        (b" " * 200_000, "application/json", 413, "E_LIMIT.size"),
        (b"\xff\xfe", "application/json; charset=utf-16", 422, "E_USAGE"),
    ],
)
def test_a_body_that_is_no_document_is_told_why(
    client: TestClient, content: bytes, content_type: str, status: int, code: str
) -> None:
    """Bodies that are no form, cut off, nested without end or all header are answered with one sentence."""
    problem(client.post("/v1/jobs", content=content, headers={"Content-Type": content_type}), status, code)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\docs\\a.pdf", "a.pdf"),
        ("a\x07b.txt", "a_b.txt"),
        ("100%25 a%2fb%22.txt", '100%25 a%2fb".txt'),
        ("../%0D%0Ax.txt", "__x.txt"),
        ("x" * 400, "x" * 255),
        ("", "document"),
    ],
)
def test_a_name_is_a_name_and_no_path(client: TestClient, sent: str, kept: str) -> None:
    """Of the name that is sent only its last part is kept, without control characters."""
    part = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{sent}"\r\n\r\nx\r\n--x--\r\n'
    answer = client.post("/v1/jobs", content=part.encode(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 202
    assert answer.json()["name"] == kept


def test_a_job_is_cancelled_once(client: TestClient, send: Send) -> None:
    """A waiting job is cancelled; one that has ended is not."""
    job = send("Cash 6\n")["id"]
    assert client.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    assert problem(client.delete(f"/v1/jobs/{job}"), 409, "E_STATE")["job"] == job


def test_only_what_has_failed_is_tried_again(client: TestClient, desk: Desk, send: Send) -> None:
    """A failed job is queued again with its attempts counted from 0; a queued one is not."""
    job = send("Cash 7\n")["id"]
    assert not problem(client.post(f"/v1/jobs/{job}/retry"), 409, "E_STATE")["retryable"]
    desk.fail(job)
    again = client.post(f"/v1/jobs/{job}/retry")
    assert again.status_code == 202
    assert (again.json()["state"], again.json()["attempt"], again.json()["problem"]) == ("queued", 0, None)


def test_a_lost_result_is_made_again(client: TestClient, desk: Desk, send: Send) -> None:
    """A job that is done is queued again where the store has lost what it made, and only there."""
    job = send("Cash 8\n")["id"]
    result = desk.blobs.path(desk.finish(job))
    assert "is done" in problem(client.post(f"/v1/jobs/{job}/retry"), 409, "E_STATE")["detail"]
    result.unlink()
    again = client.post(f"/v1/jobs/{job}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    desk.finish(job)
    assert result.exists()


def test_pages_go_on_where_the_last_one_ended(client: TestClient, desk: Desk, send: Send) -> None:
    """Each job is on one page, whatever comes in between; the Link header leads on."""
    sent = [send(f"Cash {number}\n")["id"] for number in range(7)]
    seen, page = [], client.get("/v1/jobs?limit=3")
    send("in between\n")
    while True:
        seen += [job["id"] for job in page.json()["items"]]
        if page.json()["next"] is None:
            break
        link = page.headers["link"]
        assert link.endswith('; rel="next"')
        page = client.get(link.partition(">")[0].removeprefix("<"))
    assert seen == sent[::-1]
    problem(client.get("/v1/jobs?cursor=nonsense"), 422, "E_USAGE")
    problem(client.get("/v1/jobs?page=2"), 422, "E_USAGE")


def test_jobs_are_found_by_state_verdict_and_document(client: TestClient, desk: Desk, send: Send) -> None:
    """Filters narrow the list, together."""
    first, second, third = (send(text)["id"] for text in ("CONFLICT\n", "fine\n", "waits\n"))
    desk.finish(first)
    desk.finish(second)

    def found(query: str) -> list[str]:
        return [job["id"] for job in client.get(f"/v1/jobs?{query}").json()["items"]]

    assert found("state=done") == [second, first]
    assert found("verdict=conflict") == [first]
    assert found("state=queued&verdict=conflict") == []
    document = client.get(f"/v1/jobs/{third}").json()["document"]
    assert found(f"document={document}") == [third]
    assert found("parent=job_1") == []


@pytest.mark.parametrize("path", ["job_0", "job_99999999999999999999", "4711", "job_1x", "job_-1", "%00"])
def test_ids_that_are_none_are_no_jobs(client: TestClient, path: str) -> None:
    """What is no job's id is refused, never looked up."""
    assert client.get(f"/v1/jobs/{path}").status_code in (404, 422)


def test_who_forces_a_later_engine_gets_its_job(
    client: TestClient, desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``force`` the answer is the new job, with what was sent; asked twice, it is the same; by default the old."""
    old = send("Cash 1\n")
    desk.finish(old["id"])
    monkeypatch.setattr(intake, "engine_name", lambda: "crossfoot 99")
    asked: dict[str, Any] = {"files": {"file": ("a.txt", b"Cash 1\n")}, "data": {"metadata": '{"n": 2}'}}
    new = client.post("/v1/jobs?force=true", **asked)
    assert new.status_code == 202
    assert new.json()["id"] != old["id"]
    assert new.json()["state"] == "queued"
    assert new.json()["metadata"] == {"n": 2}
    assert client.post("/v1/jobs?force=true", **asked).json()["id"] == new.json()["id"]
    assert client.post("/v1/jobs", **asked).headers["location"] == f"/v1/jobs/{old['id']}"


def test_forcing_what_this_version_has_done_is_a_hit(client: TestClient, desk: Desk, send: Send) -> None:
    """There is nothing to convert again: the answer says that it was there."""
    desk.finish(send("Cash 1\n")["id"])
    again = client.post("/v1/jobs?force=true", files={"file": ("a.txt", b"Cash 1\n")})
    assert (again.status_code, again.headers["x-crossfoot-cache"]) == (200, "hit")


def test_one_idempotency_key_is_one_request_however_its_json_is_written(client: TestClient) -> None:
    """Order and blanks of the metadata are no other request."""
    sent = [
        client.post("/v1/jobs", files={"file": ("a", b"x")}, data={"metadata": text}, headers={"Idempotency-Key": "k"})
        for text in ('{"a": 1, "b": 2}', '{"b":2,"a":1}')
    ]
    assert [answer.status_code for answer in sent] == [202, 202]


@pytest.mark.parametrize(
    "text", ["12345678901234567.123", "1e400", "1e-400", "0.1000000000000000055511151231257827", '1, "a": 2']
)
def test_metadata_that_would_not_come_back_is_refused(client: TestClient, text: str) -> None:
    """A number with too many digits, or a key that stands twice, is refused instead of altered."""
    metadata = f'{{"a": {text}}}'
    form = client.post("/v1/jobs", files={"file": ("a", b"x")}, data={"metadata": metadata})
    assert problem(form, 422, "E_USAGE")["place"] == "body.metadata"
    body = f'{{"source": {{"kind": "document", "sha256": "{"0" * 64}"}}, "metadata": {metadata}}}'
    problem(client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"}), 422, "E_USAGE")


def test_metadata_comes_back_everywhere(client: TestClient, desk: Desk, send: Send) -> None:
    """Job, document, versions and review all say what was said; the document each time that it came."""
    said = '{"n": 123456789012345678901234567890, "price": 1.10, "tiny": -2.5E-7}'
    job = send("Cash 1\n", name="one.txt", metadata='{"n": 1}')
    client.post("/v1/jobs", files={"file": ("two.txt", b"Cash 1\n")}, data={"metadata": said})
    desk.finish(job["id"])
    desk.db.execute("INSERT INTO reviews(job_id, figures, created_at) VALUES (1, 1, 1) ON CONFLICT DO NOTHING")
    expected = json.loads(said)
    document = f"/v1/documents/{job['document']}"
    assert client.get(f"/v1/jobs/{job['id']}").json()["metadata"] == expected
    assert client.get(f"{document}/results").json()["items"][0]["metadata"] == expected
    assert client.get("/v1/reviews/1").json()["metadata"] == expected
    came = client.get(document).json()["submissions"]
    assert [(each["name"], each["metadata"]) for each in came] == [("two.txt", expected), ("one.txt", {"n": 1})]
    assert "123456789012345678901234567890" in client.get(document).text
