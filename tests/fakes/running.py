"""A real ``crossfoot up`` on a home of its own, in a process of its own, converting with ``tests.fakes.scripted``."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from worker.jobs.jobs import Job, Jobs
from worker.settings import Settings

T = TypeVar("T")
FAST = Settings(
    lease_seconds=3.0,
    deadline_seconds=20.0,
    deadline_max_seconds=20.0,
    sweep_seconds=0.5,
    rehint_seconds=3.0,
    watch_stability=0.2,
    watch_polling=0.05,
    stop_seconds=3.0,
    concurrency=2,
    engine_module="tests.fakes.scripted",
)


def wait_for(what: Callable[[], T | None], seconds: float = 25.0) -> T:
    """What a question is answered with as soon as the answer is something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"not within {seconds} s")


class Up:
    """``crossfoot up`` on ``home``: ``with Up(home) as up: up.drop("a.txt", "…")``."""

    def __init__(self, home: Path, settings: Settings = FAST) -> None:
        self.settings = replace(settings, home=home)
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.said = home.with_name(home.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.said.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "worker.processes.supervisor"],
                env=self.settings.environment(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        wait_for(lambda: "sweeper: started" in self.log())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def log(self) -> str:
        """What it has said."""
        return self.said.read_text() if self.said.exists() else ""

    def pid(self, service: str) -> int:
        """The number of a service's process, the latest."""
        return int(re.findall(rf"{service}: started \(process (\d+)\)", self.log())[-1])

    def pids(self) -> set[int]:
        """Every living process that belongs to this home, whoever started it."""
        mark = f"CROSSFOOT_HOME={self.home}".encode()
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.add(int(process.name))
            except OSError:
                continue
        return found

    def drop(self, path: str, text: str) -> None:
        """Put a document into the inbox, as a person would."""
        target = self.settings.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def file(self, path: str, seconds: float = 25.0) -> Path:
        """A file of the home, as soon as it is there."""
        return wait_for(lambda: found if (found := self.home / path).exists() else None, seconds)

    def json(self, path: str) -> Any:
        """The content of a JSON file of the home, as soon as it is there."""
        return json.loads(self.file(path).read_bytes())

    def job(self, path: str) -> Job | None:
        """The job of the document that came with this name."""
        with Jobs.open(self.settings) as jobs:
            return next((job for job in jobs.list(limit=10_000) if path in job.paths), None)

    def ended(self, path: str, seconds: float = 25.0) -> Job:
        """The same when it has ended."""

        def ask() -> Job | None:
            job = self.job(path)
            return job if job is not None and job.state not in ("queued", "running") else None

        return wait_for(ask, seconds)
