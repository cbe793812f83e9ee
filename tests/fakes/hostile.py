"""The engine behind the sandbox, taken over: its document is a program, run in the child where a reader would run.

The program finds ``folder``, ``source`` and ``tell_pages``, and what it needs to say an outcome: ``say(**fields)``.
``attempt(deed)`` gives the name of the error that a deed meets, or "done"; ``report(value)`` has it told as a failure.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.errors import UnreadableError
from worker.confinement.outcomes import OUTCOME, RESULT
from worker.local.conversion import Work

WARM: tuple[str, ...] = ()


def work(task: Work, folder: Path, tell_pages: Callable[[int], None]) -> None:
    """Run the document."""
    data = task.source.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    libc = ctypes.CDLL(None, use_errno=True)

    def say(**fields: Any) -> None:
        facts: dict[str, Any] = {"verdict": "unproved", "outcome": "complete", "left_out": None, "route": "text"}
        facts |= dict.fromkeys(("tables", "figures", "proved", "repaired", "review"), 0)
        said = {"state": "converted", "sha256": sha256, **facts} if "state" not in fields else {}
        (folder / OUTCOME).write_text(json.dumps({**said, **fields}), encoding="ascii")

    def report(value: object) -> None:
        problem = UnreadableError(json.dumps(value)).problem()
        say(state="failed", problem=problem, exit_status=3)

    def call(number: int, *arguments: int) -> str:
        if libc.syscall(number, *arguments) >= 0:
            return "done"
        return type(OSError(ctypes.get_errno(), "")).__name__

    (folder / RESULT).write_bytes(b"{}")
    names = {"folder": folder, "source": task.source, "tell_pages": tell_pages, "sha256": sha256}
    deeds = {"say": say, "report": report, "attempt": attempt, "call": call, "os": os, "Path": Path}
    exec(data, {**names, **deeds})  # noqa: S102 - that is what a parser does that was taken over


def attempt(deed: Callable[[], object]) -> str:
    """What comes of a deed."""
    try:
        deed()
    except Exception as error:  # noqa: BLE001 - whatever it meets is the answer
        return type(error).__name__
    return "done"
