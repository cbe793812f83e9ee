"""What the child process does with one document: read, look for parts, convert, leave files in its folder.

The child says what came of it in ``outcome.json``; a folder without one is a child that crashed.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import CrossfootError, LimitError, StorageError, UnsafeError
from worker.confinement.outcomes import OUTCOME, RESULT
from worker.confinement.remains import part_file
from worker.local.inputs import read_input

if TYPE_CHECKING:
    from extractors.containers import Container
    from extractors.page import Origin, Profile
    from extractors.source import Source
    from schemas.filing import Filing

NOISE = "noise.log"
PAGES_AT_ONCE = "CROSSFOOT_PAGES_AT_ONCE"  # what extractors.ocr.crew asks for; the result is the same
MAX_DEPTH = 4
COLLECT_EVERY = 50_000  # objects: Python's usual 700 take a sixth of the time of a document of 100,000 figures
BYTES_A_PAGE = 50_000  # of HTML or text, about what one printed page takes with its markup


@dataclass(frozen=True, slots=True)
class Work:
    """One document for one child.

    Attributes:
        source: the file to read, no link. name: as its owner calls it.
        depth: containers around it. origin: the container it came out of, or None.
        refused: a sentence why it is not to be opened, or "". pages_at_once: cores that no other document takes.
    """

    source: Path
    name: str
    profile: Profile
    witnesses: tuple[Filing, ...] = ()
    origin: Origin | None = None
    depth: int = 0
    refused: str = ""
    pages_at_once: int = 1


def work(task: Work, folder: Path, tell_pages: Callable[[int], None]) -> None:
    """Convert one document; result, parts and outcome go to ``folder``.

    ``tell_pages`` is told how many pages there are, which moves the deadline.

    Anything but an error of the tree is left to crash the process: that is what the process is for.
    """
    gc.set_threshold(COLLECT_EVERY)
    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)  # what tesseract and poppler leave behind goes with the folder
    os.environ.setdefault(PAGES_AT_ONCE, str(task.pages_at_once))
    begun = time.monotonic()
    try:
        outcome = _convert(task, folder, tell_pages)
    except CrossfootError as error:
        outcome = _failure(error)
    except MemoryError:
        outcome = _failure(LimitError("memory", "Reading it takes more memory than is allowed."))
    except RecursionError:
        outcome = _failure(LimitError("depth", "It is nested more deeply than can be read."))
    except OSError as error:
        outcome = _failure(StorageError(f"Reading or writing failed: {error.strerror or error}."))
    outcome["seconds"] = round(time.monotonic() - begun, 3)
    (folder / OUTCOME).write_text(json.dumps(outcome), encoding="ascii")


def _failure(error: CrossfootError) -> dict[str, Any]:
    return {"state": "failed", "problem": error.problem(), "exit_status": error.exit_status}


def _convert(task: Work, folder: Path, tell_pages: Callable[[int], None]) -> dict[str, Any]:
    """Read and convert, or take a container apart."""
    from extractors.containers import open_container
    from extractors.convert import convert
    from extractors.page import Origin
    from extractors.source import Source
    from schemas.filing import to_json

    if task.refused:
        raise UnsafeError(task.refused)
    source = Source(read_input(task.source, task.profile.max_bytes))  # nobody else holds the bytes: see Source
    container = open_container(source.data, task.name, task.profile.password)
    if container is not None:
        if task.depth >= MAX_DEPTH:
            raise LimitError("depth", f"More than {MAX_DEPTH} containers lie inside one another.")
        return _take_apart(source, container, folder)
    tell_pages(_count_pages(source.data, task.profile))
    filing = convert(source, task.witnesses, task.profile, task.origin or Origin())
    (folder / RESULT).write_bytes(to_json(filing))
    return {"state": "converted", "sha256": filing.source.sha256, **summary(filing)}


def _count_pages(data: bytes, profile: Profile) -> int:
    """How many pages there are to read: what the deadline is measured by.

    Raises:
        UnreadableError: as ``convert`` would.
    """
    from extractors.sniff import sniff

    kind = sniff(data)
    if kind == "pdf":
        from extractors.raster import open_pdf

        with open_pdf(data, profile) as pdf:
            count = pdf.page_count
    elif kind == "image":
        from extractors.ocr.image import count_frames, open_image

        with open_image(data, profile) as image:
            count = count_frames(image, profile)
    else:
        return len(data) // BYTES_A_PAGE
    first, last = profile.first_page or 1, profile.last_page or count
    return max(1, min(last, count) - first + 1)


def _take_apart(source: Source, container: Container, folder: Path) -> dict[str, Any]:
    """The parts as files, and what the parent must know to convert each; what the container holds besides."""
    listed = []
    for part in container.parts:
        (folder / part_file(part.number)).write_bytes(part.data)
        header = part.origin.header.model_dump(mode="json") if part.origin.header else None
        digest = hashlib.sha256(part.data).hexdigest()
        origin = {"parent": part.origin.parent, "header": header}
        listed.append({"number": part.number, "name": part.name, "sha256": digest, "origin": origin})
    return {
        "state": "container",
        "sha256": source.sha256,
        "bytes": source.size,
        "parts": listed,
        "skipped": [{"name": skipped.name, "reason": skipped.reason} for skipped in container.skipped],
        "left_out": container.left_out,
        "locked": container.locked,
    }


def origin_of(recorded: dict[str, Any]) -> Origin:
    """The origin of a part, as ``_take_apart`` wrote it down."""
    from extractors.page import Origin
    from schemas.filing import Identification

    header = recorded["header"]
    return Origin(recorded["parent"], Identification.model_validate(header) if header is not None else None)


def summary(filing: Filing) -> dict[str, Any]:
    """What is told about a result without opening it: how it was read, what was proved, what was left out."""
    figures = [figure for table in filing.tables for figure in table.figures]
    left_out = [finding.message for finding in filing.findings if finding.severity == "error"]
    routes = sorted({page.route for page in filing.pages})
    return {
        "verdict": filing.verdict,
        "outcome": filing.outcome,
        "left_out": left_out[0] if left_out else None,
        "route": "+".join(routes) or filing.source.kind,
        "tables": len(filing.tables),
        "figures": len(figures),
        "proved": sum(figure.status == "proved" for figure in figures),
        "repaired": sum(figure.status == "repaired" for figure in figures),
        "conflict": sum(figure.status == "conflict" for figure in figures),
        "review": sum(figure.needs_review for figure in figures),
        "checks": dict(sorted(Counter(f"{check.kind} {check.verdict}" for check in filing.checks).items())),
    }
