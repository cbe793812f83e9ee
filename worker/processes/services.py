"""A process that is to run, started again whenever it ends: what ``crossfoot up`` is made of."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.confinement.confine import die_with_parent

log = logging.getLogger("crossfoot")

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 30.0
# who has lived so long starts again at once
LONG_LIVED_SECONDS: Final = 10.0
LOG_BYTES: Final = 10 * 1024 * 1024


@dataclass(slots=True)
class Service:
    """One process, in a group of its own so that everything it started can be ended with it.

    Attributes:
        name: for messages and the log file. command: its arguments, the program first.
        failures: how often in a row it ended soon after its start.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log_file: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    failures: int = 0

    def start(self) -> None:
        """Start it; its output goes to its log file."""
        self.rotate()
        with os.fdopen(
            os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab"
        ) as out:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                start_new_session=True,  # Ctrl-C is for the supervisor, who ends the others in their order
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has one thread
            )
        self.started = time.monotonic()
        log.info("%s: started (process %d)", self.name, self.process.pid)

    def rotate(self) -> None:
        """Begin a log file that has become long anew, the one before kept as ``.1``.

        It is copied and emptied, since its process holds it open and writes on at its end, wherever that is.
        """
        if not self.log_file.exists() or self.log_file.stat().st_size <= LOG_BYTES:
            return
        older = self.log_file.with_name(f"{self.log_file.name}.1")
        try:
            older.unlink(missing_ok=True)
            older.touch(mode=0o600)
            shutil.copyfile(self.log_file, older)
        except OSError as error:  # where the disk is full, what it says is what the disk is full of
            log.warning("%s: its log cannot be kept: %s", self.name, error.strerror or error)
        os.truncate(self.log_file, 0)

    def lives(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def has_ended(self, now: float) -> bool:
        """Notice that it has ended: what it left behind is killed, and its next start is set, later each time."""
        if self.process is None or self.process.poll() is None:
            return False
        status = self.process.returncode
        self.kill()
        self.process = None
        self.failures = 0 if now - self.started > LONG_LIVED_SECONDS else self.failures + 1
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** max(0, self.failures - 1))
        self.next_start = now + delay
        log.warning("%s: ended with status %d, starts again in %.1f s", self.name, status, delay)
        return True

    def is_due(self, now: float) -> bool:
        """Whether it should run and does not."""
        return self.process is None and now >= self.next_start

    def ask_to_end(self) -> None:
        """Send it SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> bool:
        """Whether it has ended by then (monotonic seconds)."""
        if self.process is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        return self.process.poll() is not None

    def kill(self) -> None:
        """Kill it and everything in its group."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
