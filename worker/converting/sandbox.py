"""One document, one child process that can be killed: the worker's side of ``worker.converting.zygote``."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from schemas.errors import ServiceError
from worker.confinement.appetite import LOOK_SECONDS, Appetite, find_bounds
from worker.confinement.confine import find_closed, find_missing, harmless, name_signal, ran_dry
from worker.confinement.deadlines import Deadline
from worker.confinement.outcomes import take_outcome
from worker.confinement.remains import UnusableError, read_end, read_left
from worker.converting.zygote import EXIT_MEMORY, KILL, PAGES
from worker.local.conversion import NOISE, PAGES_AT_ONCE
from worker.settings import Settings

log = logging.getLogger("crossfoot")

START_SECONDS: Final = 120.0
ANSWER_SECONDS: Final = 5.0
NOISE_BYTES: Final = 4000
PAGES_BYTES: Final = 20
# what the zygote says: "started", or "ended" and "peak"
Answer: TypeAlias = dict[str, int]
Verdict = Literal["ended", "crashed", "late", "memory", "size", "dropped"]


@dataclass(frozen=True, slots=True)
class Request:
    """One document for one child.

    Attributes:
        folder: an empty folder for everything the child writes. source: the bytes. name: as its owner calls it.
        memory: bytes. cpu: seconds of processor time. origin: JSON of its container, or "".
        pages_at_once: cores for it.
    """

    folder: str
    source: str
    name: str
    memory: int
    cpu: int
    max_bytes: int
    password: str | None = None
    origin: str = ""
    depth: int = 0
    pages_at_once: int = 1


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a child.

    Attributes:
        verdict: ``ended`` with an ``outcome`` (see ``worker.local.conversion``), or what happened instead: it
            ``crashed``, was killed because it was ``late``, took too much ``memory`` or room on the disk (``size``),
            or was ``dropped`` by our own wish.
        cause: half a sentence about a crash, a whole one about being late. noise: the end of what it printed.
    """

    verdict: Verdict
    outcome: dict[str, Any]
    cause: str
    noise: str


@dataclass(frozen=True, slots=True)
class _Course:
    """What is looked at while a document is under way."""

    folder: Path
    deadline: Deadline
    appetite: Appetite

    def find_excess(self) -> Verdict | None:
        """Of what it has taken too much: time, memory, room."""
        return "late" if self.deadline.is_over(_read_pages(self.folder)) else self.appetite.find_excess()


class Sandbox:
    """Converts documents one after the other; owned by one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zygote: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm(self) -> None:
        """Start the zygote, so that the first document need not wait for its imports."""
        if self._zygote is not None and self._zygote.poll() is None:
            return
        self.close()
        for measure in find_missing():
            log.warning("the sandbox is weaker here: %s", measure)
        closed = map(str, find_closed(self._settings.home, self._settings.store))
        command = [sys.executable, "-P", "-m", "worker.converting.zygote", self._settings.engine_module, *closed]
        environment = harmless(self._settings.environment())
        environment.pop(PAGES_AT_ONCE, None)  # each request says it
        self._zygote = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
            # it must outlive a killed worker for the moment it takes to kill the child's group
            start_new_session=True,
        )

    def close(self) -> None:
        """End the zygote, and with it a child that still runs."""
        if self._zygote is None:
            return
        zygote, self._zygote, self._buffer = self._zygote, None, b""
        for pipe in (zygote.stdin, zygote.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            zygote.wait(ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            zygote.kill()
            zygote.wait()

    def run(self, request: Request, keep: Callable[[], bool], every: float) -> Ended:
        """Convert one document.

        Args:
            request: what, where, and within which limits.
            keep: called every so many seconds; False kills the child (the lease is lost).
            every: seconds between two calls.

        Raises:
            ServiceError: no process can be started; the document has no part in that.
        """
        child = self._start(request)
        folder = Path(request.folder)
        deadline = Deadline(self._settings, child)
        bounds = find_bounds(request.memory, request.pages_at_once)
        appetite = Appetite(self._zygote.pid if self._zygote is not None else child, None, folder, bounds)
        verdict, answer = self._watch(_Course(folder, deadline, appetite), keep, every)
        if verdict is not None:
            answer = self._kill(child)
        if verdict == "late":
            return Ended("late", {}, deadline.error(_read_pages(folder)).detail, read_end(folder, NOISE, NOISE_BYTES))
        return _ended(request, verdict, answer)

    def _start(self, request: Request) -> int:
        """Have the zygote fork; the child's number."""
        for _ in range(2):
            self.warm()
            if self._zygote is not None and self._zygote.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._zygote.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
                    answer = self._read(time.monotonic() + START_SECONDS)
                    if answer is not None and "started" in answer:
                        return answer["started"]
            self.close()
        raise ServiceError("No process can be started that converts documents.")

    def _watch(self, course: _Course, keep: Callable[[], bool], every: float) -> tuple[Verdict | None, Answer]:
        """Wait for the child's end: (None, the answer about it), or why it must be killed (and no answer)."""
        kept = time.monotonic()
        while True:
            now = time.monotonic()
            if (excess := course.find_excess()) is not None:
                return excess, {}
            if now - kept >= every:
                if not keep():
                    return "dropped", {}
                kept = now
            answer = self._read(now + min(LOOK_SECONDS, every))
            if answer is not None:
                return None, answer
            if self._zygote is None:
                return None, {}

    def _read(self, until: float) -> Answer | None:
        """The zygote's next answer; None when there is none in time, or (and then it is closed) it is gone."""
        if self._zygote is None or self._zygote.stdout is None:
            return None
        source = self._zygote.stdout.fileno()
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([source], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return None
            data = os.read(source, 1 << 16)
            if not data:
                self.close()
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: Answer = json.loads(line)
        return answer

    def _kill(self, child: int) -> Answer:
        """Kill the child's group; a zygote that does not even answer to that goes with it."""
        if self._zygote is not None and self._zygote.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._zygote.stdin.write(KILL)
            answer = self._read(time.monotonic() + ANSWER_SECONDS)
            if answer is not None:
                return answer
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            self.close()
        return {}


def _ended(request: Request, verdict: Verdict | None, answer: Answer) -> Ended:
    """What came of a child, from the answer about it and from what it left in its folder."""
    folder = Path(request.folder)
    noise = read_end(folder, NOISE, NOISE_BYTES)
    status = answer.get("ended")
    if verdict is not None:
        return Ended(verdict, {}, "", noise)
    if status == EXIT_MEMORY or (status is not None and ran_dry(status, answer.get("peak", 0), request.memory)):
        return Ended("memory", {}, "", noise)
    if status == 0 and (outcome := take_outcome(folder)) is not None:
        return Ended("ended", outcome, "", noise)
    return Ended("crashed", {}, _cause(status), noise)


def _cause(status: int | None) -> str:
    """Half a sentence on an exit status: "its process was killed (SIGKILL)"."""
    if status is None:
        return "its process disappeared"
    if status < 0:
        return f"its process was killed ({name_signal(-status)})"
    return f"its process ended with status {status}" if status else "its process left no outcome that can be used"


def _read_pages(folder: Path) -> int | None:
    """How many pages the child has told of, if it has."""
    try:
        return max(0, int(read_left(folder, PAGES, PAGES_BYTES)))
    except (UnusableError, ValueError):
        return None
