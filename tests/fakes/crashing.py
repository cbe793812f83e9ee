"""Crashes at every step: a function runs in a process of its own, which is killed at the step of a number.

A step is whatever outlives the process: a statement that writes, a name made, changed or removed in the home. The
child is killed just before it, which is just after the step before. They are seen from outside, by an audit hook of
the interpreter and an event of SQLAlchemy: the code under test has no crash points in it and pays for none.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event

FILES: Final = {
    "os.rename": "rename",
    "os.link": "link",
    "os.remove": "remove",
    "os.mkdir": "mkdir",
    "os.rmdir": "rmdir",
}
# the acts too: a child that had to import them would take three times as long
PRELOADED: Final = ["tests.worker.test_crashes", "tests.worker.test_crashes_api", "sqlite3", "psycopg"]
Act = Callable[..., None]


def run(act: Act, home: Path, *rest: Any, crash_at: int = 0) -> list[str]:
    """Run ``act(home, *rest)`` in a child, killed at the step of this number (0: not at all); the steps it has taken.

    Raises:
        AssertionError: the child ended otherwise than it should.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    log = home.with_name(f"{home.name}.steps")
    log.write_bytes(b"")
    child = context.Process(target=_watched, args=(act, home, rest, crash_at, log))
    child.start()
    child.join()
    taken = log.read_text(encoding="utf-8").splitlines()
    expected = -signal.SIGKILL if crash_at else 0
    assert child.exitcode == expected, f"it ended with {child.exitcode} after {taken[-3:]}"
    child.close()
    return taken


def _watched(act: Act, home: Path, rest: tuple[Any, ...], crash_at: int, log: Path) -> None:
    """What the child does."""
    handle = os.open(log, os.O_WRONLY | os.O_APPEND)
    taken = 0

    def step(name: str) -> None:
        nonlocal taken
        taken += 1
        os.write(handle, name.encode() + b"\n")
        if taken == crash_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(name: str, values: tuple[Any, ...]) -> None:
        if name in FILES:
            path = os.fsdecode(values[1] if name in ("os.rename", "os.link") else values[0])
            if path.startswith(f"{home}/"):
                step(f"{FILES[name]} {_general(path[len(str(home)) + 1 :])}")

    def execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("SELECT", "PRAGMA", "WITH", "ROLLBACK")):
            step(" ".join(statement.split()[:4]))

    sys.addaudithook(audit)
    event.listen(Engine, "before_cursor_execute", execute)
    act(home, *rest)


def _general(path: str) -> str:
    """A path without what is random in it."""
    return re.sub(r"[0-9a-f]{16,}", "…", path)
