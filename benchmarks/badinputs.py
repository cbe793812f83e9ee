"""A folder of hostile and broken documents through every door, each held against what is expected of it.

    python MAKE.py DIR && python benchmarks/badinputs.py DIR --doors cli inbox api

``DIR/MANIFEST.json`` lists ``{"name", "expect"}``: ``ok``, ``ok_partial`` (converted, and the result says what was left
out or warns of it), or the code of an error (``E_LIMIT`` stands for all limits). Printed is what differs, what took
more than its deadline and 2 s or more memory than is allowed, what was fetched, what has appeared outside, and workers
that died. All of it runs in a network of its own, in which the addresses that the documents name are this machine and
somebody listens: without a service, a single packet is one too many.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.fakes.running import Up, wait_for
from worker.blobs import open_blobs
from worker.database import Database
from worker.jobs import deliveries
from worker.local.conversion import BYTES_A_PAGE
from worker.naming import clean
from worker.settings import Settings

# the seconds a page are those of the program as it is
SETTINGS = Settings(
    deadline_seconds=20.0,
    deadline_max_seconds=300.0,
    deadline_stretch=1.0,  # whatever else this machine does
    watch_stability=0.3,
    watch_polling=0.2,
    sweep_seconds=1.0,
)
MARGIN_SECONDS = 2.0
MEMORY_SHARE = 1.1
LOOK_SECONDS = 0.1
# where documents point to: what fetches is seen
LISTENERS = (("127.0.0.1", 9), ("127.0.0.1", 80), ("169.254.169.254", 9), ("169.254.169.254", 80))
ALL_SECONDS = 2400.0
# no answer for so long, and there will be none
QUIET_SECONDS = 2 * SETTINGS.deadline_max_seconds
# and nothing is under way: empty files are waited for longest
IDLE_SECONDS = 20.0
ERROR = ".error.json"
MEGABYTE = 1 << 20
CROSSFOOT = (sys.executable, "-P", "-c", "import sys; from worker.cli import main; sys.exit(main())")
# what the inbox passes over by its name, and what is no file: it stays where it is
UNTOUCHED = "untouched"
INSIDE = "CROSSFOOT_BENCHMARK_NETWORK"
# converted whole, but for what the result warns of
WARNED = "ok, with warnings"


@dataclass(frozen=True, slots=True)
class Case:
    """A document and what is expected of it."""

    name: str
    expect: str
    path: Path
    relative: Path


@dataclass(slots=True)
class Answer:
    """What came of it: a code as in the manifest, a sentence, pages, seconds, and the most bytes a process took."""

    code: str = "none"
    detail: str = ""
    pages: int = 0
    seconds: float = 0.0
    memory: int = 0

    def allowed(self) -> float:
        """The deadline it had: what its error says, or what its pages give."""
        said = re.search(r"longer than the (\d+) s allowed", self.detail)
        return float(said[1]) if said else SETTINGS.deadline(self.pages)


def read_cases(folder: Path) -> list[Case]:
    """The cases of a folder, whose names may be written with escapes for bytes that are no text."""
    listed = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    named = [(c, Path(_decoded(c["name"]))) for c in listed]
    return [Case(c["name"], c["expect"], folder / relative, relative) for c, relative in named]


def _decoded(name: str) -> str:
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), name.encode())
    return os.fsdecode(raw)


def read_answer(content: bytes) -> Answer:
    """What a result, an index or an error file says."""
    said = json.loads(content)
    if "code" in said:
        return Answer(str(said["code"]), str(said["detail"]))
    code = "ok" if said["outcome"] == "complete" else "ok_partial"
    if code == "ok" and any(finding["severity"] == "warning" for finding in said.get("findings", ())):
        code = WARNED
    pages = len(said.get("pages", ())) or int(said.get("source", {}).get("bytes", 0)) // BYTES_A_PAGE
    return Answer(code, str(said.get("left_out") or ""), pages)


def is_as_expected(expect: str, code: str) -> bool:
    """Whether a code is the one expected, or a kind of it; a whole result with a warning may pass for either."""
    return code == expect or code.startswith(f"{expect}.") or (code == WARNED and expect in ("ok", "ok_partial"))


class Listener:
    """Counts who connects, or sends a datagram, to the addresses that documents point to."""

    def __init__(self) -> None:
        self.fetched = 0
        for address in LISTENERS:
            try:
                stream = socket.create_server(address)
                datagrams = socket.socket(type=socket.SOCK_DGRAM)
                datagrams.bind(address)
            except OSError as error:
                print(f"what is fetched from {address[0]}:{address[1]} cannot be seen: {error.strerror}")
                continue
            threading.Thread(target=self._listen, args=(stream, socket.socket.accept), daemon=True).start()
            threading.Thread(target=self._listen, args=(datagrams, lambda s: s.recv(1)), daemon=True).start()

    def _listen(self, server: socket.socket, receive: Callable[[socket.socket], object]) -> None:
        while True:
            receive(server)
            self.fetched += 1


def packets() -> int:
    """Packets that were ever sent in this network."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return sum(int(line.partition(":")[2].split()[9]) for line in lines)


class Peak(threading.Thread):
    """Looks at what the processes of a service take, until it is told to stop; ``most`` bytes that one has taken."""

    def __init__(self, up: Up) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self.over = threading.Event()
        self._up = up

    def run(self) -> None:
        """Look again and again: the system keeps the peak of each process as long as it lives."""
        while not self.over.wait(LOOK_SECONDS):
            for process in self._up.pids():
                with contextlib.suppress(OSError):
                    said = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace")
                    peak = re.search(r"VmHWM:\s+(\d+) kB", said)
                    self.most = max(self.most, int(peak[1]) * 1024 if peak else 0)


def through_cli(cases: list[Case], scratch: Path) -> Iterator[tuple[Case, Answer]]:
    """Each by itself: ``crossfoot convert CASE -o OUT``; what it takes to start is no part of its time."""
    plain = scratch / "plain.txt"
    plain.write_text("Revenue 1,234\n")
    start = min(_convert(plain, scratch / f"plain-{i}").seconds for i in range(3))
    before = packets()
    for number, case in enumerate(cases):
        answer = _convert(case.path, scratch / f"out-{number}")
        answer.seconds -= start
        yield case, answer
    if INSIDE in os.environ:  # in a network of others there are packets of others
        yield Case("(packets)", "0", scratch, Path()), Answer(str(packets() - before))


def _convert(path: Path, out: Path) -> Answer:
    """``crossfoot convert PATH -o OUT``."""
    environment = SETTINGS.environment() | {"TMPDIR": str(out.parent)}
    environment.pop("CROSSFOOT_HOME", None)
    command = [*CROSSFOOT, "convert", str(path), "-o", str(out)]
    begun = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    err = process.stderr.read().decode(errors="replace") if process.stderr is not None else ""
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    seconds = time.monotonic() - begun
    files = sorted(out.rglob("*.json"), key=lambda p: (p.name != "index.json", len(p.parts))) if out.exists() else []
    answer = read_answer(files[0].read_bytes()) if files else Answer("none", err[-200:])
    answer.seconds, answer.memory = seconds, used.ru_maxrss * 1024
    return answer


def through_inbox(cases: list[Case], scratch: Path) -> Iterator[tuple[Case, Answer]]:
    """All at once, dropped into the inbox of a service; what its name or kind keeps there is ``untouched``."""
    with Up(scratch / "home", SETTINGS) as up, _looked_at(up) as peak:
        for case in cases:
            _copy(case.path, up.settings.inbox / case.relative)
        yield from _watch(up, cases)
        yield from _end(up, peak)


def through_api(cases: list[Case], scratch: Path) -> Iterator[tuple[Case, Answer]]:
    """All that are files, uploaded one after the other to the API of a service."""
    with Up(scratch / "home", SETTINGS) as up, _api(up) as port, _looked_at(up) as peak:
        sent = []
        for case in cases:
            if case.relative.parent.name == "fs":
                continue  # what a file system does with names and links is no matter of an upload
            status, said = _post(port, case)
            if status < HTTPStatus.BAD_REQUEST:
                sent.append(case)
            else:
                yield case, Answer(str(said.get("code")), str(said.get("detail")))
        (up.settings.work / "uploads").mkdir()  # nothing lies there while uploads are converted: wait for all
        yield from _watch(up, sent)
        yield from _end(up, peak)


@contextlib.contextmanager
def _looked_at(up: Up) -> Iterator[Peak]:
    peak = Peak(up)
    peak.start()
    try:
        yield peak
    finally:
        peak.over.set()
        peak.join()


def _end(up: Up, peak: Peak) -> Iterator[tuple[Case, Answer]]:
    """Workers that died, and what the largest process took, as a case of their own."""
    deaths = re.findall(r"^.*(worker \w+: ended with status.*)$", up.log(), re.MULTILINE)
    yield Case("(workers)", "ok", up.home, Path()), Answer("; ".join(deaths) or "ok", memory=peak.most)


@contextlib.contextmanager
def _api(up: Up) -> Iterator[int]:
    """``crossfoot serve`` beside a service; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (up.home / "logs" / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [*CROSSFOOT, "serve", "--port", str(port)], env=up.settings.environment(), stdout=log, stderr=log
        )
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0 or None)
        yield port
    finally:
        process.terminate()
        process.wait()


def _post(port: int, case: Case) -> tuple[int, dict[str, Any]]:
    """Upload a file; status and body of the answer."""
    name = case.relative.name.encode(errors="replace")
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        body = head + case.path.read_bytes() + b"\r\n--cut--\r\n"
        connection.request("POST", "/v1/jobs", body, {"Content-Type": "multipart/form-data; boundary=cut"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")


def _watch(up: Up, cases: list[Case]) -> Iterator[tuple[Case, Answer]]:
    """Wait until each has its answer; those that never get one are where they were, or gone."""
    begun = moved = time.monotonic()
    waiting = {clean(case.relative.as_posix()): case for case in cases}
    by_file = {case.relative.name: key for key, case in waiting.items()}
    while waiting and time.monotonic() - begun < ALL_SECONDS:
        # looked at before the answers are: what leaves between the two has its answer
        patience = QUIET_SECONDS if any(up.settings.work.iterdir()) else IDLE_SECONDS
        for path, answer in _answers(up).items():
            case = waiting.pop(path, None) or waiting.pop(by_file.get(path, ""), None)
            if case is not None:
                moved = time.monotonic()
                yield case, answer
        if time.monotonic() - moved > patience:
            break
        time.sleep(1.0)
    for case in waiting.values():
        left = os.path.lexists(up.settings.inbox / case.relative)
        yield case, Answer(UNTOUCHED if left else "none")


def _answers(up: Up) -> dict[str, Answer]:
    """What is known by now, by the names that documents came with."""
    found = {}
    failed = up.settings.failed
    for error in failed.rglob(f"*{ERROR}"):
        found[error.relative_to(failed).as_posix().removesuffix(ERROR)] = read_answer(error.read_bytes())
    with Database.open(up.settings) as db:
        rows = db.rows(
            "SELECT d.path, j.state, j.error_code, j.problem, j.summary, j.finished_at - j.claimed_at AS seconds,"
            " d.id, j.result_sha256, d.delivered_at FROM deliveries d JOIN jobs j ON j.id = d.job_id"
            " WHERE d.parent IS NULL AND j.state NOT IN ('queued', 'running')"
        )
    for row in rows:
        summary = json.loads(row["summary"] or "{}")
        answer = Answer(row["error_code"] or "", json.loads(row["problem"] or "{}").get("detail", ""))
        if summary.get("container"):
            whole = _whole(up, row["id"], row["result_sha256"])
            if whole is None:
                continue
            answer = whole
        elif row["state"] == "done":
            answer = read_answer(open_blobs(up.settings).read(row["result_sha256"]))
        answer.seconds = float(row["seconds"] or 0)
        found[row["path"]] = answer
    return found


def _whole(up: Up, delivery: int, result: str) -> Answer | None:
    """A container's answer, out of its own and those of its parts; None while one of them has none."""
    with Database.open(up.settings) as db:
        parts = deliveries.find_parts(db, delivery)
    if any(part["state"] in ("queued", "running") for part in parts):
        return None
    index = json.loads(open_blobs(up.settings).read(result))
    outcomes = [json.loads(part["summary"] or "{}").get("outcome", "complete") for part in parts]
    failed = [
        p for p in parts if p["state"] != "done" and json.loads(p["problem"])["code"] not in ("E_TYPE", "E_EMPTY")
    ]
    partial = index["outcome"] == "partial" or "partial" in outcomes or failed
    return Answer("ok_partial" if partial else "ok", str(index["left_out"] or ""))


def _copy(source: Path, target: Path) -> None:
    """Drop it as it is: links as links, pipes as pipes, holes as holes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--sparse=always", "--", str(source), str(target)], check=True)


DOORS: dict[str, Callable[[list[Case], Path], Iterator[tuple[Case, Answer]]]] = {
    "cli": through_cli,
    "inbox": through_inbox,
    "api": through_api,
}


def judge(case: Case, answer: Answer) -> list[str]:
    """What is wrong with an answer."""
    wrong = []
    kept_out = answer.code == UNTOUCHED and case.expect in ("E_UNSAFE", "E_EMPTY")
    if not kept_out and not is_as_expected(case.expect, answer.code):
        wrong.append(f"{case.expect} expected, {answer.code}: {answer.detail}"[:200])
    if answer.seconds > answer.allowed() + MARGIN_SECONDS:
        wrong.append(f"{answer.seconds:.1f} s of {answer.allowed():.0f}")
    if answer.memory > MEMORY_SHARE * SETTINGS.ocr_memory_mb * MEGABYTE:
        wrong.append(f"{answer.memory // MEGABYTE} MB")
    if "\n" in answer.detail.strip() and answer.code != "none":
        wrong.append("more than one line is said")
    return wrong


def strays(folder: Path) -> set[str]:
    """Files that documents try to make, wherever they could."""
    places = (Path("/tmp"), Path.cwd(), Path.home(), folder)  # noqa: S108 - looked at only
    return {str(path) for place in places for path in place.iterdir() if re.search("pwned|evil", path.name)}


def run(door: str, cases: list[Case], listener: Listener) -> bool:
    """All cases through a door; whether all is as it should be."""
    scratch = Path(tempfile.mkdtemp(prefix=f"bad-{door}-"))
    before = strays(scratch)
    answers = []
    for case, answer in DOORS[door](cases, scratch):
        answers.append((case, answer))
        for what in judge(case, answer):
            print(f"  {ascii(case.name)[:44]:44} {what}", flush=True)
    wrong = sum(bool(judge(case, answer)) for case, answer in answers)
    outside = strays(scratch) - before
    count = sum(not case.name.startswith("(") for case, _ in answers)
    print(f"{door}: {count} documents, {wrong} not as expected, {listener.fetched} fetched, {len(outside)} outside")
    _, last = max(answers, key=lambda a: a[1].seconds - a[1].allowed())
    memory = max(answer.memory for _, answer in answers) // MEGABYTE
    warned = sum(case.expect == "ok" and answer.code == WARNED for case, answer in answers)
    print(f"  latest {last.seconds - last.allowed():+.1f} s, largest {memory} MB, {warned} of the whole have warnings")
    shutil.rmtree(scratch, ignore_errors=True)
    return not wrong and not listener.fetched and not outside


def in_network_of_its_own() -> int | None:
    """Run all of it again in a network made for it: its status; None there, and where that is not allowed."""
    if INSIDE in os.environ:
        for command in ("link set lo up", "address add 169.254.169.254/32 dev lo"):
            subprocess.run(["ip", *command.split()], check=True)
        return None
    if subprocess.run(["unshare", "--net", "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        print("a network of its own is not allowed here (root may): only what reaches this machine is seen")
        return None
    again = ["unshare", "--net", sys.executable, *sys.argv]
    return subprocess.run(again, env=os.environ | {INSIDE: "yes"}, check=False).returncode


def main() -> int:
    """Every door that was asked for; 1 where something is not as expected."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--doors", nargs="+", choices=tuple(DOORS), default=list(DOORS))
    parser.add_argument("--only", default="", help="names that hold this")
    asked = parser.parse_args()
    if (status := in_network_of_its_own()) is not None:
        return status
    cases = [case for case in read_cases(asked.folder.absolute()) if asked.only in case.name]
    listener = Listener()
    answers = [run(door, cases, listener) for door in asked.doors]
    return 0 if all(answers) else 1


if __name__ == "__main__":
    sys.exit(main())
