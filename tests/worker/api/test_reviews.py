"""Reviews and corrections over HTTP: who may, what comes of it, who is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from schemas.filing import Filing, from_json
from schemas.recheck import recheck
from tests.fakes.desk import Desk
from tests.worker.api.test_results import filing
from worker.jobs import leases, reviews

Send = Callable[..., dict[str, Any]]


def doubted(text: bytes = b"Cash\n") -> Filing:
    """A result of which one figure needs review, and a check that does not hold."""
    return filing(text)


@pytest.fixture
def result(desk: Desk, send: Send) -> str:
    """Such a result, of job_1."""
    return desk.finish(send("Cash\n")["id"], doubted())


SAID = [{"figure": "t0.r1.c0", "value": "-1", "reason": "blot"}]


def test_a_correction_is_a_new_version(client: TestClient, desk: Desk, result: str) -> None:
    """The answer names it; its check is evaluated anew; the one before stays; the job has the new one."""
    answer = client.post(f"/v1/results/{result}/corrections?person=ann", json=SAID)
    assert answer.status_code == 201, answer.text
    corrected = answer.json()
    new = corrected["result"]
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/v1/results/{new}", f'"{new}"')
    assert (corrected["job"], corrected["corrected"], corrected["summary"]["review"]) == ("job_1", result, 0)
    again = from_json(client.get(f"/v1/results/{new}").content)
    assert [d for d in recheck(again) if d.subject in ("k0", "t0.r1.c0")] == []
    assert again.tables[0].figures[1].status == "confirmed"
    assert client.get(f"/v1/results/{result}").status_code == 200
    job = client.get("/v1/jobs/job_1").json()
    assert (job["result"], job["summary"]["figures"]) == (new, 5)
    versions = client.get(f"/v1/documents/{job['document']}/results").json()["items"]
    assert [version["id"] for version in versions] == [new, result]
    (said,) = client.get(f"/v1/results/{new}/corrections").json()["items"]
    assert (said["person"], said["correction"]["reason"], said["carried"]) == ("ann", "blot", False)


def test_only_the_version_that_stands_is_corrected(client: TestClient, result: str) -> None:
    """412 for a version that has been corrected since, and for an If-Match that names another."""
    address = f"/v1/results/{result}/corrections"
    assert client.post(address, json=SAID, headers={"If-Match": '"x"'}).status_code == 412
    assert client.post(address, json=[{"x": 1}], headers={"If-Match": '"x"'}).status_code == 422
    assert client.post(address, json=SAID, headers={"If-Match": f'"{result}"'}).status_code == 201
    late = client.post(address, json=[{"figure": "t0.r1.c0", "value": "5"}])
    assert (late.status_code, late.json()["code"]) == (412, "E_PRECONDITION")


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ([], "at least 1"),
        ([{"figure": "t0.r1.c0"}], "exactly one"),
        ([{"figure": "t0.r1.c0", "value": "1,000"}], "pattern"),
        ([{"figure": "nowhere", "value": "1"}], "no figure"),
        ([{"figure": "t0.r1.c0", "value": "1", "colour": "red"}], "Extra"),
    ],
)
def test_what_cannot_be_applied_changes_nothing(client: TestClient, result: str, said: Any, about: str) -> None:
    """422 with the reason, and the result stands."""
    answer = client.post(f"/v1/results/{result}/corrections", json=said)
    assert answer.status_code == 422
    assert about in answer.json()["detail"]
    assert client.get("/v1/jobs/job_1").json()["result"] == result


PLACES = [{"page": 1, "bbox": [1.0, 2, 3.5, 4.0]}, {"line": 1, "start": 2, "end": 3}, {"table": 0, "row": 1, "cell": 2}]


@pytest.mark.parametrize("place", PLACES)
def test_each_kind_of_place_can_be_said(client: TestClient, result: str, place: dict[str, Any]) -> None:
    """Where a figure is printed, as the result itself would say it; it is told again as it was said."""
    said = [{"figure": "t0.r1.c0", "place": place}]
    answer = client.post(f"/v1/results/{result}/corrections", json=said)
    assert answer.status_code == 201, answer.text
    new = answer.json()["result"]
    figures = client.get(f"/v1/results/{new}/figures").json()["items"]
    assert [figure["place"] for figure in figures if figure["id"] == "t0.r1.c0"] == [place]
    (told,) = client.get(f"/v1/results/{new}/corrections").json()["items"]
    assert told["correction"]["place"] == place


BAD = [
    '{"figure": "t0.r1.c0", "place": {"page": 1, "bbox": [1, 2, 3, NaN]}}',
    '{"figure": "t0.r1.c0", "place": {"page": 1, "bbox": [1, 2, 3, 1e999]}}',
    '{"figure": "t0.r1.c0", "place": {"page": 1, "bbox": [1, 2, 3]}}',
    '{"figure": "t0.r1.c0", "place": {"page": 1, "bbox": ["1", 2, 3, 4]}}',
    '{"figure": "t0.r1.c0", "relation": {"terms": [{"figure": "t0.r0.c0", "weight": "\u0661"}]}}',
    '{"figure": "t0.r1.c0", "relation": {"terms": [{"figure": "t0.r0.c0"}], "factor": "\u0661"}}',
]


@pytest.mark.parametrize("said", BAD)
def test_what_is_no_place_and_no_number_is_refused(client: TestClient, result: str, said: str) -> None:
    """Coordinates that no page has, and digits that no amount is made of: 422, never an error of ours."""
    answer = client.post(
        f"/v1/results/{result}/corrections", content=f"[{said}]", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text


def test_who_may_not_review_or_see_it_corrects_nothing(client: TestClient, desk: Desk, send: Send) -> None:
    """Another key's result is not there; a key without the scope is told so."""
    mine, other = desk.key("mine", "submit", "read"), desk.key("other", "review", "read")
    job = send("Cash\n", key=mine)
    result = desk.finish(job["id"], doubted())

    def post(key: str, address: str, content: Any) -> int:
        return client.post(address, json=content, headers={"Authorization": f"Bearer {key}"}).status_code

    assert post(mine, f"/v1/results/{result}/corrections", SAID) == 403
    assert post(other, f"/v1/results/{result}/corrections", SAID) == 404
    assert post(other, "/v1/reviews/1/claim", {"person": "x"}) == 404
    seen = client.get("/v1/reviews", headers={"Authorization": f"Bearer {other}"}).json()
    assert seen["items"] == []
    assert client.get(f"/v1/results/{result}/corrections", headers={"Authorization": f"Bearer {other}"}).is_client_error


def test_where_several_jobs_have_a_result_one_is_named(client: TestClient, desk: Desk, send: Send) -> None:
    """The same bytes of two keys are two jobs with one result: a correction is of one of them only."""
    keys = [desk.key(name, "submit", "read") for name in ("a", "b")]
    for key in keys:
        result = desk.finish(send("Cash\n", key=key)["id"], doubted())
    admin = {"Authorization": f"Bearer {desk.key('all', 'admin')}"}
    address = f"/v1/results/{result}/corrections"
    assert client.post(address, json=SAID, headers=admin).status_code == 409
    assert client.post(f"{address}?job=job_9", json=SAID, headers=admin).status_code == 404
    corrected = client.post(f"{address}?job=job_2", json=SAID, headers=admin).json()
    assert corrected["job"] == "job_2"
    hers = {"Authorization": f"Bearer {keys[0]}"}
    assert client.get("/v1/jobs/job_1", headers=hers).json()["result"] == result
    assert client.get(f"/v1/results/{corrected['result']}", headers=hers).status_code == 404
    assert client.get(address, headers=hers).json()["items"] == []


def test_a_container_has_nothing_to_correct(client: TestClient, desk: Desk, send: Send) -> None:
    """Its parts have."""
    held = desk.claim(send("PARTS\n")["id"])
    index = desk.blobs.put_bytes(b'{"container": {}, "parts": []}\n')
    leases.finish_container(desk.db, held, (index.sha256, index.size), leases.Opened(()), 1.0)
    assert client.post(f"/v1/results/{index.sha256}/corrections", json=SAID).status_code == 409


def test_a_review_is_claimed_and_resolved(client: TestClient, result: str) -> None:
    """From the queue to its end: what is said is applied, the rest is confirmed, and it is done once."""
    (waiting,) = client.get("/v1/reviews?state=pending").json()["items"]
    assert (waiting["figures"], waiting["result"], waiting["person"]) == (1, result, None)
    figures = client.get(waiting["links"]["figures"]).json()
    assert [figure["id"] for figure in figures["items"]] == ["t0.r1.c0"]
    address = waiting["links"]["self"]
    claimed = client.post(f"{address}/claim", json={"person": "ann", "seconds": 60}).json()
    assert (claimed["state"], claimed["person"]) == ("claimed", "ann")
    assert claimed["claimed_until"] is not None
    assert client.post(f"{address}/claim", json={"person": "bob"}).status_code == 409
    assert client.post(f"{address}/resolve", json={"person": "bob", "accept": True}).status_code == 409
    assert client.post(f"{address}/release", json={"person": "ann"}).json()["state"] == "pending"
    said = {"person": "bob", "corrections": [{"figure": "t0.r2.c0", "value": "4"}], "accept": True, "note": "read it"}
    resolved = client.post(f"{address}/resolve", json=said)
    assert resolved.status_code == 200, resolved.text
    view = resolved.json()
    assert (view["state"], view["figures"], view["person"], view["note"]) == ("resolved", 0, "bob", "read it")
    confirmed = client.get(f"/v1/results/{view['result']}/figures?status=confirmed").json()
    assert [(f["id"], f["value"]) for f in confirmed["items"]] == [("t0.r1.c0", "1"), ("t0.r2.c0", "4")]
    assert client.post(f"{address}/resolve", json={"person": "bob"}).status_code == 409


def test_a_review_that_leaves_figures_is_resolved_with_its_note(client: TestClient, result: str) -> None:
    """Who has looked and is not sure says so; with or without corrections the note is kept."""
    address = "/v1/reviews/1"
    said = {"person": "ann", "corrections": [{"figure": "t0.r0.c0", "value": "5"}], "note": "the rest is illegible"}
    view = client.post(f"{address}/resolve", json=said).json()
    assert (view["state"], view["note"]) == ("resolved", "the rest is illegible")
    assert view["figures"] > 0


@pytest.mark.parametrize("corrections", [[], [{"figure": "t0.r1.c0", "value": "-1"}]])
def test_who_comes_too_late_resolves_nothing(
    client: TestClient, desk: Desk, result: str, monkeypatch: pytest.MonkeyPatch, corrections: list[Any]
) -> None:
    """Another claims the review after it was looked at: 409, and neither is anything corrected."""

    def overtaken(*_: object) -> bool:
        monkeypatch.undo()
        return reviews.claim(desk.db, 1, "bob", 9e9, 0.0)

    monkeypatch.setattr(reviews, "is_free", overtaken)
    said = {"person": "ann", "corrections": corrections, "note": "mine"}
    assert client.post("/v1/reviews/1/resolve", json=said).status_code == 409
    (review,) = client.get("/v1/reviews").json()["items"]
    assert (review["state"], review["person"], review["note"], review["result"]) == ("claimed", "bob", None, result)


def test_reviews_come_in_pages(client: TestClient, desk: Desk, send: Send) -> None:
    """The oldest first, each once."""
    for text in ("a\n", "b\n", "c\n"):
        desk.finish(send(text)["id"], doubted(text.encode()))
    page = client.get("/v1/reviews?limit=2")
    rest = client.get(page.links["next"]["url"]).json()
    assert [item["job"] for item in (*page.json()["items"], *rest["items"])] == ["job_1", "job_2", "job_3"]
    assert rest["next"] is None


def test_who_listens_is_told(client: TestClient, desk: Desk, send: Send) -> None:
    """A review is asked for, a result superseded, a review resolved: messages in this order, with the new result."""
    events = ["review.requested", "result.superseded", "review.resolved"]
    client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/", "events": events})
    result = desk.finish(send("Cash\n")["id"], doubted())
    new = client.post(f"/v1/results/{result}/corrections", json=SAID).json()["result"]
    told = desk.db.rows("SELECT event, payload FROM outbox ORDER BY id")
    assert [row["event"] for row in told] == events
    assert [json.loads(row["payload"])["result_sha256"] for row in told] == [result, new, new]
