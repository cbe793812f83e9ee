"""An engine whose documents say themselves what becomes of them: the first word is an order.

``install`` puts it in place of the real one, for this process and all it forks. As a program it is
``crossfoot`` with this engine: ``python tests/fakes/engine.py convert …``.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])

from extractors.containers import Container, Part, Skipped
from extractors.page import DEFAULT, Origin, Profile
from extractors.source import Source as Bytes
from schemas.errors import EncryptedError, UnreadableError, UnsupportedError
from schemas.filing import Column, Engine, Figure, Filing, Finding, Identification, Row, Source, Table
from worker.confinement.confine import Limits, confine

# a test may have the child write elsewhere what it calls temporary
SHARED = Path("/tmp")  # noqa: S108
PASSWORD = "geheim"  # noqa: S105 - opens documents that are made up in tests
NOWHERE = Origin()


def convert(
    data: bytes | Bytes, witnesses: Sequence[Filing] = (), profile: Profile = DEFAULT, origin: Origin = NOWHERE
) -> Filing:
    """Do what the document says; a document that says nothing else becomes a filing with one figure."""
    data = data if isinstance(data, bytes) else data.data
    order = data.split()[0].decode() if data.split() else ""
    if order in DEEDS:
        DEEDS[order](data)
    if order == "ENCRYPTED" and profile.password != PASSWORD:
        raise EncryptedError("It asks for a password.")
    return Filing(
        source=Source(
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            kind="text",
            media_type="text/plain",
            parent=origin.parent,
            witnesses=tuple(witness.source.sha256 for witness in witnesses),
        ),
        engine=Engine(crossfoot="0", profile=profile.name),
        outcome="partial" if order == "PARTIAL" else "complete",
        verdict="conflict" if order == "CONFLICT" else "unproved",
        filing=origin.header or Identification(registrant=" ".join(map(str, (profile.first_page, profile.last_page)))),
        pages=(),
        tables=(_table(order, profile),),
        checks=(),
        findings=(Finding(code="left_out", severity="error", message="Half of it is missing."),)
        if order == "PARTIAL"
        else (),
    )


def _table(order: str, profile: Profile) -> Table:
    figure = Figure(
        id="t0.r0.c0",
        row=0,
        column=0,
        raw="1",
        value="1",
        nil=False,
        decimals=0,
        scale=1,
        unit="USD",
        period=None,
        status="unchecked",
        grade=None,
        confidence=0.5 if order == "REVIEW" else 1.0,
        needs_review=order == "REVIEW",
        checks=(),
        repair=None,
        place=None,
    )
    return Table(
        id="t0",
        kind="other",
        title=profile.languages,
        headnote=None if profile.repair else "as read",
        currency="USD",
        scale=1,
        pages=(),
        stub_heads=(),
        columns=(Column(index=0, kind="value", heads=()),),
        rows=(Row(index=0, label="Cash", path=(), level=0),),
        figures=(figure,),
        texts=(),
    )


def open_container(data: bytes, name: str, password: str | None = None) -> Container | None:
    """``PARTS`` and a line ``name|content`` for each part, ``name?reason`` for what is no document."""
    lines = [line.replace("\\n", "\n") for line in data.decode().splitlines()]
    if not lines or lines[0] != "PARTS":
        return None
    origin = Origin(hashlib.sha256(data).hexdigest(), Identification(form="10-Q"))
    parts = [line.partition("|") for line in lines[1:] if "|" in line]
    skipped = [line.partition("?") for line in lines[1:] if "|" not in line]
    return Container(
        tuple(Part(n, part, text.encode(), origin) for n, (part, _, text) in enumerate(parts, 1)),
        tuple(Skipped(member, reason) for member, _, reason in skipped),
    )


def _corrupt(_: bytes) -> None:
    raise UnreadableError("Its first page is torn.")


def _unsupported(_: bytes) -> None:
    raise UnsupportedError("It is a holiday photograph.")


def _fault(_: bytes) -> None:
    raise ValueError("nobody thought of that")


def _out_of_memory(_: bytes) -> None:
    raise MemoryError


def _talk(_: bytes) -> None:
    os.write(1, b"a library talks\n")
    os.write(2, b"a library complains\n")


def _starve(_: bytes) -> None:
    """Take half of what is allowed, long enough to be seen, and end as libraries in C++ do that get no more."""
    taken = mmap.mmap(-1, 800 << 20)
    time.sleep(0.5)
    taken.close()
    os.abort()


def _hang(data: bytes) -> None:
    """Start a program, write its number to the file that the document names, and never come back."""
    program = subprocess.Popen(["sleep", "600"])
    Path(data.split()[1].decode()).write_text(str(program.pid), encoding="ascii")
    time.sleep(600)


DEEDS: dict[str, Callable[[bytes], None]] = {
    "CORRUPT": _corrupt,
    "TYPE": _unsupported,
    "FAULT": _fault,
    "MEMORY": _out_of_memory,
    "NOISE": _talk,
    "HANG": _hang,
    "SLOW": lambda _: time.sleep(0.3),
    "SEGV": lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    "STARVE": _starve,
    "ABORT": lambda _: os.abort(),
    "EXIT": lambda _: os._exit(9),
}


def install(put: Callable[[str, ModuleType], None]) -> None:
    """Stand in for the modules of the real engine; ``put`` stores a module under its name."""
    conversion, containers = ModuleType("extractors.convert"), ModuleType("extractors.containers")
    conversion.__dict__["convert"] = convert
    containers.__dict__.update(open_container=open_container)
    put("extractors.convert", conversion)
    put("extractors.containers", containers)


def confine_loosely(limits: Limits, parent: int, writable: Sequence[Path], readable: Sequence[Path] = ()) -> None:
    """As the real one, but what becomes of processes may be noted in the folder for temporary files."""
    confine(limits, parent, [*writable, SHARED], readable)


if __name__ == "__main__":
    install(sys.modules.__setitem__)
    from worker.cli import main
    from worker.local import children

    children.__dict__["confine"] = confine_loosely

    sys.exit(main())
