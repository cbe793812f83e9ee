"""Messages out of the outbox: signed, tried again, given up, and none left out."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.fakes.desk import Desk
from worker.api import rows, submitting
from worker.api.models import Callback
from worker.jobs import deliveries, leases
from worker.jobs.deliveries import Arrival
from worker.jobs.leases import Part
from worker.naming import part_name
from worker.webhooks import dispatch, signing
from worker.webhooks.dispatch import AT_ONCE, AT_ONCE_EACH, AT_ONCE_KEY, LADDER, LEASE_SECONDS, Dispatcher, Due
from worker.webhooks.sending import Message, Sent


@dataclass
class Receiver:
    """Somebody who is told: what came, and what is answered."""

    status: int = 204
    delay: float = 0.0
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receive() -> Iterator[Callable[[], Receiver]]:
    """Makes receivers on this machine."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def make() -> Receiver:
        receiver = Receiver()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
                time.sleep(receiver.delay)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
        receiver.url = f"http://127.0.0.1:{servers[-1].server_address[1]}/hook"
        return receiver

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A home that may tell this machine, on either database."""
    made = Desk(tmp_path / "home", database_url=database_url, webhook_networks="127.0.0.0/8")
    yield made
    made.close()


def take(desk: Desk, text: bytes, key: int = 0, **more: Any) -> int:
    """A document is sent; its job."""
    kept = desk.blobs.put_bytes(text)
    new = submitting.Submission(
        key_id=key,
        sha256=kept.sha256,
        size=kept.size,
        kind="text",
        urgency="normal",
        profile="default",
        engine="crossfoot 0",
        name="a.txt",
        **{"metadata": {"dms_id": "4711"}, **more},
    )
    return submitting.submit(desk.db, new, time.time()).job_id


def listen(desk: Desk, url: str, *events: str, key: int = 0) -> tuple[int, str]:
    """An address is to be told; its number and secret."""
    secret = signing.make_secret()
    return rows.add_endpoint(desk.db, key, url, secret, events, time.time()), secret


def run(desk: Desk, now: float | None = None) -> None:
    """Send what is due at a moment, and write down what came of it."""
    dispatcher = Dispatcher(desk.settings, desk.db)
    dispatcher.tick(now or time.time())
    dispatcher.close()


def outbox(desk: Desk) -> list[dict[str, Any]]:
    """The rows."""
    return [dict(row) for row in desk.db.rows("SELECT * FROM outbox ORDER BY id")]


def test_a_job_that_ends_is_told_with_its_metadata(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """The message verifies with the reference implementation, echoes the metadata, and is told once."""
    receiver = receive()
    _, secret = listen(desk, receiver.url)
    job = take(desk, b"Cash secret-word\n")
    result = desk.finish(job)
    run(desk)
    run(desk)
    assert len(receiver.came) == 1
    headers, body = receiver.came[0]
    assert Webhook(secret).verify(body, headers) == json.loads(body)
    message = json.loads(body)
    assert message["type"] == "job.completed"
    assert message["data"]["metadata"] == {"dms_id": "4711"}
    assert (message["data"]["job"], message["data"]["result"]) == (f"job_{job}", result)
    assert message["data"]["links"] == {"job": f"/v1/jobs/job_{job}", "result": f"/v1/results/{result}"}
    assert message["data"]["summary"]["figures"] == 1
    assert b"secret-word" not in body
    assert outbox(desk)[0]["status"] == 204


def test_a_failure_is_told_with_its_problem(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """A failed job is told as one, with code and place."""
    receiver = receive()
    listen(desk, receiver.url, "job.failed")
    desk.fail(take(desk, b"torn\n"))
    desk.finish(take(desk, b"fine\n"))
    run(desk)
    told = [json.loads(body) for _, body in receiver.came]
    assert [message["type"] for message in told] == ["job.failed"]
    assert told[0]["data"]["problem"]["code"] == "E_CORRUPT"
    assert told[0]["data"]["result"] is None


def told(receiver: Receiver) -> list[tuple[str, Any]]:
    """What came: event and metadata."""
    data = [json.loads(body) for _, body in receiver.came]
    return sorted((each["type"], each["data"]["metadata"].get("n")) for each in data)


def settle(desk: Desk) -> None:
    """Send until nothing is due."""
    while any(row["ended_at"] is None for row in outbox(desk)):
        run(desk)


def test_the_same_bytes_sent_three_times_are_told_three_times(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """Each callback is told once, with its own metadata; a webhook of each submission; the same again adds nothing."""
    one, two, three, hook = (receive() for _ in range(4))
    listen(desk, hook.url)

    def send(number: int, receiver: Receiver) -> int:
        return take(desk, b"same\n", metadata={"n": number}, callbacks=(Callback(url=receiver.url),))

    jobs = {send(1, one), send(2, two), send(2, two)}
    desk.finish(jobs.copy().pop())
    settle(desk)
    jobs |= {send(3, three), send(1, one)}
    settle(desk)
    assert len(jobs) == 1
    assert (told(one), told(two)) == ([("job.completed", 1)], [("job.completed", 2)])
    assert told(three) == [("job.deduplicated", 3)]
    assert told(hook) == [("job.completed", 1), ("job.completed", 2), ("job.deduplicated", 1), ("job.deduplicated", 3)]


def test_a_file_that_is_dropped_again_is_told(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """The same bytes in the inbox under another name, with other metadata, are told once their job is done."""
    hook = receive()
    listen(desk, hook.url)
    kept = desk.blobs.put_bytes(b"same\n")
    for number in (1, 2, 3):
        values = (kept.sha256, kept.size, "text", "normal", "e 1", f"w{number}")
        job = deliveries.arrive(desk.db, Arrival(f"{number}.txt", *values, metadata=f'{{"n": {number}}}'), 0.0)
        if number == 2:
            desk.finish(job)
    settle(desk)
    assert told(hook) == [("job.completed", 1), ("job.completed", 2), ("job.deduplicated", 3)]
    names = sorted(json.loads(body)["data"]["name"] for _, body in hook.came)
    assert names == ["1.txt", "2.txt", "3.txt"]


def test_a_callback_without_metadata_is_told_of_none(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """What was said with another request for the same bytes is not told to who has said nothing."""
    silent = receive()
    take(desk, b"same\n", metadata={}, callbacks=(Callback(url=silent.url),))
    desk.finish(take(desk, b"same\n", metadata={"n": 2}))
    run(desk)
    assert told(silent) == [("job.completed", None)]


def test_the_webhook_of_a_time_without_keys_hears_of_no_key_s_jobs(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """It is told of what comes in by the machine's own doors; an admin key's is told of everything."""
    before, boss = receive(), receive()
    listen(desk, before.url)
    desk.key("one")
    desk.key("boss", "admin")
    listen(desk, boss.url, key=2)
    for key in (0, 1):
        desk.finish(take(desk, b"%d\n" % key, key, metadata={"n": key}))
    settle(desk)
    assert told(before) == [("job.completed", 0)]
    assert told(boss) == [("job.completed", 0), ("job.completed", 1)]
    rows.revoke_key(desk.db, 2, time.time())
    desk.finish(take(desk, b"later\n"))
    assert not [row for row in outbox(desk) if row["endpoint_id"] == 2 and row["job_id"] == 3]


def test_a_part_is_told_as_one(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """What is told of a container's part says which one it is, of which job; the whole says that it is none."""
    receiver = receive()
    listen(desk, receiver.url)
    job = take(desk, b"box\n", metadata={"n": 1})
    held = desk.claim(job)
    part = desk.blobs.put_bytes(b"part\n")
    result = desk.blobs.put_bytes(b"{}")
    parts = (Part(3, "exhibit.txt", part.sha256, part.size, "text", ""),)
    assert (
        leases.finish_container(desk.db, held, (result.sha256, result.size), leases.Opened(parts), time.time())
        == "done"
    )
    child = desk.db.rows("SELECT id FROM jobs WHERE parent = ?", (job,))[0]["id"]
    desk.finish(child)
    settle(desk)
    data = {each["job"]: each for each in (json.loads(body)["data"] for _, body in receiver.came)}
    names = ("parent", "part", "name", "metadata")
    assert [data[f"job_{job}"][name] for name in names] == [None, None, "a.txt", {"n": 1}]
    name = part_name(3, "exhibit.txt")
    assert [data[f"job_{child}"][name] for name in names] == [f"job_{job}", 3, f"a.txt/{name}", {"n": 1}]


def test_each_key_is_told_of_its_own_jobs(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """An address of one key hears nothing of another key's jobs; a callback hears of its job only."""
    desk.key("one")
    desk.key("two")
    one, two, callback = receive(), receive(), receive()
    listen(desk, one.url, key=1)
    listen(desk, two.url, key=2)
    first = take(desk, b"first\n", 1, callbacks=(Callback(url=callback.url),))
    second = take(desk, b"second\n", 1)
    for job in (first, second):
        desk.finish(job)
    run(desk)
    assert (len(one.came), len(two.came), len(callback.came)) == (2, 0, 1)
    headers, body = callback.came[0]
    assert json.loads(body)["data"]["job"] == f"job_{first}"
    assert "webhook-signature" not in headers


def test_what_fails_is_tried_again_up_the_ladder_under_the_same_id(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """Each failure puts the next try off by the next step; the id stays; after the last step it is given up."""
    receiver = receive()
    receiver.status = 503
    _, secret = listen(desk, receiver.url)
    desk.finish(take(desk, b"Cash\n"))
    now = time.time()
    for step in LADDER:
        run(desk, now)
        row = outbox(desk)[0]
        assert row["ended_at"] is None
        assert row["error"] == "Status 503."
        assert 0.75 * step < row["next_at"] - time.time() < 1.25 * step
        run(desk)  # not due
        now = row["next_at"] + 1
    run(desk, now)
    row = outbox(desk)[0]
    assert row["ended_at"] is not None
    assert (row["tries"], row["status"], row["error"]) == (len(LADDER) + 1, 503, "Status 503.")
    assert len(receiver.came) == len(LADDER) + 1
    assert {headers["webhook-id"] for headers, _ in receiver.came} == {f"msg_{row['id']}"}
    assert len({body for _, body in receiver.came}) == 1
    Webhook(secret).verify(receiver.came[-1][1], receiver.came[-1][0])


def test_who_says_gone_is_told_nothing_more(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """410 disables the address, and ends what was on its way to it."""
    receiver = receive()
    receiver.status = 410
    listen(desk, receiver.url)
    for number in range(4):
        desk.finish(take(desk, b"Cash %d\n" % number))
    run(desk)
    assert len(receiver.came) <= AT_ONCE_EACH
    assert all(row["ended_at"] for row in outbox(desk))
    assert rows.list_endpoints(desk.db, 0)[0]["disabled_at"] is not None
    desk.finish(take(desk, b"later\n"))
    assert len(outbox(desk)) == 4


def test_an_address_that_does_not_answer_holds_nobody_up(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """While one address is slow and has a hundred messages before it, another is told at once."""
    slow, quick = receive(), receive()
    slow.delay = 3.0
    listen(desk, slow.url)
    for number in range(30):
        desk.finish(take(desk, b"Cash %d\n" % number))
    listen(desk, quick.url, "job.failed")
    desk.fail(take(desk, b"torn\n"))
    dispatcher = Dispatcher(desk.settings, desk.db)
    begun = time.monotonic()
    while not quick.came:
        dispatcher.tick(time.time())
        assert time.monotonic() - begun < 2.0
        time.sleep(0.02)
    assert len(slow.came) <= AT_ONCE_EACH
    desk.db.execute("UPDATE outbox SET ended_at = 1 WHERE tries = 0")
    dispatcher.close()


def test_a_private_address_is_never_asked(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """Without leave of the settings this machine is not told; the row says why and is tried again."""
    receiver = receive()
    listen(desk, receiver.url)
    desk.finish(take(desk, b"Cash\n"))
    closed = Desk(desk.settings.home, database_url=desk.settings.database_url)
    run(closed)
    closed.close()
    assert receiver.came == []
    row = outbox(desk)[0]
    assert row["error"] == "The host is not on the open internet."
    assert row["ended_at"] is None


def test_a_dispatcher_that_dies_leaves_its_messages_to_the_next(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """What was claimed and never settled is due again after the lease, and only then."""
    receiver = receive()
    listen(desk, receiver.url)
    desk.finish(take(desk, b"Cash\n"))
    now = time.time()
    assert len(dispatch.claim(desk.db, {}, 10, now)) == 1
    assert dispatch.claim(desk.db, {}, 10, now + LEASE_SECONDS - 1) == []
    again = dispatch.claim(desk.db, {}, 10, now + LEASE_SECONDS + 1)
    assert [due.tries for due in again] == [2]


def test_two_dispatchers_share_the_work(desk: Desk, receive: Callable[[], Receiver]) -> None:
    """No message is claimed by both."""
    for _ in range(5):
        listen(desk, receive().url)
    desk.finish(take(desk, b"Cash\n"))
    now = time.time()
    one, two = dispatch.claim(desk.db, {}, 3, now), dispatch.claim(desk.db, {}, 3, now)
    assert len(one) == 3
    assert len({due.id for due in one + two}) == 5


def test_one_key_with_many_addresses_leaves_room_for_others(desk: Desk) -> None:
    """However many addresses a key names, slow ones perhaps, others' messages go out beside its own."""
    for key in (1, 2):
        for _ in range(12 if key == 1 else 1):
            rows.add_endpoint(desk.db, key, "http://127.0.0.1:9/", signing.make_secret(), ["job.completed"], 1.0)
    job = take(desk, b"Cash\n")
    for key in (1, 2):
        for row in rows.list_endpoints(desk.db, key):
            values = (job, row["id"], "job.completed", _facts(), 1.0)
            desk.db.execute(
                "INSERT INTO outbox(job_id, endpoint_id, event, payload, created_at) VALUES (?, ?, ?, ?, ?)", values
            )
    other = rows.list_endpoints(desk.db, 2)[0]["id"]
    first = dispatch.claim(desk.db, {}, AT_ONCE, time.time())
    assert len(first) == AT_ONCE_KEY + 1
    assert other in {due.endpoint for due in first}
    busy = {due.endpoint: 1 for due in first}
    assert dispatch.claim(desk.db, busy, AT_ONCE, time.time()) == []


def _facts() -> str:
    names = ("id", "result_sha256", "sha256", "problem", "state", "summary", "metadata")
    return json.dumps(dict.fromkeys(names))


def test_a_secret_that_was_changed_signs_until_its_time_is_over(desk: Desk) -> None:
    """After a change both secrets sign, later only the new one."""
    number, old = listen(desk, "http://127.0.0.1:9/")
    new, now = signing.make_secret(), time.time()
    assert rows.change_secret(desk.db, 0, number, new, now + 100)
    for text in (b"a\n", b"b\n"):
        desk.finish(take(desk, text))
    first = dispatch.claim(desk.db, {}, 1, time.time())[0]
    second = dispatch.claim(desk.db, {}, 1, now + 200)[0]
    assert first.message.secrets == (new, old)
    assert second.message.secrets == (new,)
    headers = signing.sign("m", int(now), b"{}", first.message.secrets)
    for secret in (old, new):
        Webhook(secret).verify(b"{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.make_secret()).verify(b"{}", headers)


def test_settling_an_ended_message_changes_nothing(desk: Desk) -> None:
    """A late answer does not open again what another has ended."""
    listen(desk, "http://127.0.0.1:9/")
    desk.finish(take(desk, b"Cash\n"))
    due = dispatch.claim(desk.db, {}, 1, time.time())[0]
    assert dispatch.settle(desk.db, due, Sent(200, None), 5.0) == "delivered"
    late = Due(due.id, due.endpoint, 1, Message("m", "u", (), b""))
    dispatch.settle(desk.db, late, Sent(500, "Status 500."), 6.0)
    row = outbox(desk)[0]
    assert (row["ended_at"], row["error"]) == (5.0, None)
