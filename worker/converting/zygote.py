"""A small warm process that forks one child for each document: ``python -m worker.converting.zygote``.

Why not a fresh interpreter for each document: importing the readers costs about a second, forking a process that
has imported them a few milliseconds. Why not a fork of the Celery worker: its processes hold connections and
threads that a fork would share. So each worker process owns one of these, started on first use, over two pipes:

    worker → zygote   one line of JSON, a request; later, if need be, the line ``kill``
    zygote → worker   {"started": pid} and {"ended": status, "peak": bytes of memory}
                      (a negative status is the signal that killed the child)

The child leads a process group of its own, and the group is killed at the end whatever the end is: no tesseract
outlives its document. When the worker dies, the pipe closes: the group is killed and the zygote ends. When the
zygote dies, the kernel kills the child.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import select
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from extractors.page import DEFAULT
from schemas.errors import CrossfootError, StorageError
from worker.confinement.confine import Limits, adopt_orphans, confine, prepare
from worker.confinement.outcomes import OUTCOME
from worker.local.conversion import NOISE, Work, origin_of
from worker.local.warm import warm_up

PAGES = "pages"
EXIT_MEMORY = 77
# imported before the first fork: what is slow to import (an engine may name others)
WARM = (
    "extractors.convert",
    "extractors.containers",
    "extractors.html",
    "extractors.pdf",
    "extractors.ocr",
    "extractors.text",
)
KILL = b"kill\n"
# what a write says where there is no room, or the disk is failing
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def main() -> None:
    """Serve requests until the pipe closes."""
    commands, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what a library prints while it is imported is no answer
    engine = importlib.import_module(sys.argv[1])
    warm_up(getattr(engine, "WARM", WARM))
    parent = os.getpid()
    adopt_orphans()
    prepare(_closed())
    while line := _read_line(commands):
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.close(commands)
            os.close(answers)
            _convert(engine, request, parent)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # the child does the same; whoever is first
        _answer(answers, {"started": pid})
        status, peak = _wait(pid, commands)
        _answer(answers, {"ended": status, "peak": peak})


def _closed() -> tuple[Path, ...]:
    """The folders that no child is to see, as the worker has named them."""
    return tuple(map(Path, sys.argv[2:]))


def _read_line(source: int) -> bytes:
    """One line, or nothing at the end; a late ``kill`` for a child that had ended by itself is passed over."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(source, 1 << 16)
        if not byte:
            return b""
        line += byte
        line = line.removeprefix(KILL)
    return line


def _answer(target: int, message: dict[str, int]) -> None:
    """Write a line; a worker that is gone is noticed at the other pipe."""
    with contextlib.suppress(BrokenPipeError):
        os.write(target, json.dumps(message).encode() + b"\n")


def _wait(pid: int, commands: int) -> tuple[int, int]:
    """Wait for the child, killing its group on the word of the worker or when there is no worker any more.

    Its exit status, and the most memory in bytes that it, or a program it started, had in use.
    """
    handle = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([handle, commands], [], [])
        if handle not in ready:
            os.read(commands, 1 << 16)
    finally:
        os.close(handle)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # before it is waited for: until then its number is its own
    _, status, used = os.wait4(pid, 0)
    _end_orphans()
    return os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024


def _end_orphans() -> None:
    """End what has left its group and lives on: this process forks for one document at a time and has no others."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(OSError, ChildProcessError):
        while pids := listed.read_text(encoding="ascii").split():
            for pid in pids:
                os.kill(int(pid), signal.SIGKILL)
                os.waitpid(int(pid), 0)


def _convert(engine: Any, request: dict[str, Any], parent: int) -> NoReturn:
    """The child: confined, with a folder of its own, ended without running what its parent has registered."""
    status = 0
    try:
        folder = Path(request["folder"])
        os.setpgid(0, 0)
        writable = [folder, *map(Path, getattr(engine, "WRITABLE", ()))]
        confine(
            Limits(request["memory"], request["cpu"], closed=_closed()), parent, writable, [Path(request["source"])]
        )
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        noise = os.open(folder / NOISE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(noise, 1)
        os.dup2(noise, 2)
        os.chdir(folder)
        engine.work(_task(request), folder, lambda pages: _tell(folder, pages))
    except MemoryError:
        status = EXIT_MEMORY
    except Exception as error:  # noqa: BLE001 - the boundary of the job: a fault of ours is an answer too
        status = _tell_failure(folder, _name(error))
    finally:
        os._exit(status)


def _task(request: dict[str, Any]) -> Any:
    """The request as the engine wants it."""
    profile = replace(DEFAULT, password=request["password"], max_bytes=request["max_bytes"])
    origin = origin_of(json.loads(request["origin"])) if request["origin"] else None
    return Work(
        Path(request["source"]),
        request["name"],
        profile,
        origin=origin,
        depth=request["depth"],
        pages_at_once=request["pages_at_once"],
    )


def _tell(folder: Path, pages: int) -> None:
    """Say how many pages the document has, which moves its deadline."""
    temporary = folder / f"{PAGES}.tmp"
    temporary.write_text(str(pages), encoding="ascii")
    temporary.replace(folder / PAGES)


def _name(error: Exception) -> CrossfootError:
    """What a conversion that could not even say what came of it has met: a disk without room, or a fault of ours."""
    if isinstance(error, OSError) and error.errno in DISK:
        return StorageError(f"Writing failed: {error.strerror}.")
    return CrossfootError(f"A fault of the program: {type(error).__name__}: {error}"[:500])


def _tell_failure(folder: Path, error: CrossfootError) -> int:
    """Write down what went wrong as the outcome; the exit status. Where even that fails, there is no outcome."""
    traceback.print_exc()
    with contextlib.suppress(OSError):
        (folder / OUTCOME).write_text(json.dumps({"state": "failed", "problem": error.problem()}), encoding="ascii")
    return 0


if __name__ == "__main__":
    main()
