"""The engine behind the sandbox, doing what its document says: a small stand-in for the readers and their failures.

The document is text; each line is a word and perhaps a number: ``sleep 0.5``, ``crash``, ``crash-once PATH``,
``hang``, ``eat 4000`` (megabytes), ``starve 300`` (takes so many megabytes and aborts), ``raise``, ``full`` (meets a
full disk), ``fail``, ``locked`` (asks for the password ``KEY``), ``pages 7``, ``review``, ``orphan PATH`` (starts a
program that outlives it and writes its number there), ``note PATH`` (adds a line there), ``status PATH`` (writes what
the kernel says of its process), ``socket``, ``connect`` (in a program that it starts), ``read PATH``, ``write PATH``,
``variables PATH`` (writes its environment there), ``signal PID`` (asks whether it may send one), ``escape PATH``
(starts a program in a session of its own), ``pages-at-once`` (says how many it may read).
A document that begins with ``container`` is one; its parts are what ``----`` lines separate.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.errors import CrossfootError, EncryptedError, UnreadableError
from schemas.filing import Engine, Filing, Identification, Source, to_json
from worker.confinement.outcomes import OUTCOME, RESULT
from worker.local.conversion import PAGES_AT_ONCE, Work

WARM: tuple[str, ...] = ()
# its deeds are noted outside its folder
WRITABLE = (tempfile.gettempdir(),)
KEY = "open"


def work(task: Work, folder: Path, tell_pages: Callable[[int], None]) -> None:
    """Do what the document says and leave files as ``worker.local.conversion.work`` does."""
    data = task.source.read_bytes()
    try:
        outcome = _convert(data, task, folder, tell_pages)
    except CrossfootError as error:
        outcome = {"state": "failed", "problem": error.problem(), "exit_status": error.exit_status}
    (folder / OUTCOME).write_text(json.dumps(outcome), encoding="ascii")


def _convert(data: bytes, task: Work, folder: Path, tell_pages: Callable[[int], None]) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    lines = data.decode().splitlines()
    if lines[:1] == ["container"]:
        return _container(data, sha256, folder)
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "pages":
            tell_pages(int(rest))
        elif word == "locked" and task.profile.password != KEY:
            raise EncryptedError("It asks for a password; give it with --password.")
        elif word in DEEDS:
            DEEDS[word](rest)
    parent = task.origin.parent if task.origin is not None else None
    filing = Filing(
        source=Source(sha256=sha256, bytes=len(data), kind="text", media_type="text/plain", parent=parent),
        engine=Engine(crossfoot="fake", profile="default"),
        outcome="complete",
        verdict="unproved",
        filing=Identification(registrant=lines[0] if lines else None),
        pages=(),
        tables=(),
        checks=(),
        findings=(),
    )
    (folder / RESULT).write_bytes(to_json(filing))
    facts: dict[str, Any] = {"verdict": "unproved", "outcome": "complete", "left_out": None, "route": "text"}
    facts |= dict.fromkeys(("tables", "figures", "proved", "repaired"), 0)
    if "pages-at-once" in lines:
        facts["route"] = f"{task.pages_at_once}, environment {os.environ.get(PAGES_AT_ONCE)}"
    return {"state": "converted", "sha256": sha256, **facts, "review": int("review" in lines)}


def _container(data: bytes, sha256: str, folder: Path) -> dict[str, Any]:
    bodies = data.split(b"container\n", 1)[1].split(b"----\n")
    parts = []
    for number, body in enumerate(bodies, start=1):
        (folder / f"part-{number}").write_bytes(body)
        origin = {"parent": sha256, "header": None}
        digest = hashlib.sha256(body).hexdigest()
        name = f"part{number}.txt"
        parts.append({"number": number, "name": name, "sha256": digest, "origin": origin})
    return {"state": "container", "sha256": sha256, "bytes": len(data), "parts": parts}


def _crash(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crash_once(path: str) -> None:
    if not Path(path).exists():
        Path(path).touch()
        _crash("")


def _eat(megabytes: str) -> None:
    bytearray(int(megabytes) * 1024 * 1024)


def _starve(megabytes: str) -> None:
    taken = bytearray(b"x") * (int(megabytes) * 1024 * 1024)
    os.kill(os.getpid(), signal.SIGABRT)
    del taken


def _raise(_: str) -> None:
    raise ZeroDivisionError("a fault")


def _full(_: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _fail(_: str) -> None:
    raise UnreadableError("It is damaged on purpose.", "line 1")


def _orphan(path: str) -> None:
    process = subprocess.Popen(["sleep", "60"])
    Path(path).write_text(str(process.pid), encoding="ascii")


def _note(path: str) -> None:
    with Path(path).open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")


def _socket(_: str) -> None:
    socket.socket(socket.AF_UNIX).close()
    socket.socket(socket.AF_INET).close()


def _connect(_: str) -> None:
    command = [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 9))"]
    said = subprocess.run(command, capture_output=True, check=False).stderr
    raise UnreadableError(said.decode().splitlines()[-1])


def _status(path: str) -> None:
    own = Path("/proc/self")
    Path(path).write_text((own / "status").read_text() + (own / "limits").read_text(), encoding="ascii")


def _escape(path: str) -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    Path(path).write_text(str(process.pid), encoding="ascii")


def _consume(_: object) -> None:
    """A value that nobody wants."""


def _variables(path: str) -> None:
    Path(path).write_bytes(Path("/proc/self/environ").read_bytes() + repr(dict(os.environ)).encode())


DEEDS: dict[str, Callable[[str], None]] = {
    "sleep": lambda rest: time.sleep(float(rest)),
    "hang": lambda _: time.sleep(3600),
    "crash": _crash,
    "crash-once": _crash_once,
    "eat": _eat,
    "starve": _starve,
    "raise": _raise,
    "full": _full,
    "fail": _fail,
    "orphan": _orphan,
    "note": _note,
    "status": _status,
    "socket": _socket,
    "connect": _connect,
    "read": lambda rest: _consume(Path(rest).read_bytes()),
    "write": lambda rest: _consume(Path(rest).write_bytes(b"x")),
    "signal": lambda rest: os.kill(int(rest), 0),
    "variables": _variables,
    "escape": _escape,
}
