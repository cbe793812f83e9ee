"""``crossfoot convert`` from its words to its exit status."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import StorageError, UnreadableError, UsageError
from worker.confinement.confine import adopt_orphans
from worker.confinement.remains import discard_folder
from worker.local.conversion import Work
from worker.local.inputs import STDIN, Input, find_inputs, hash_input, open_input, read_input
from worker.local.naming import name_results
from worker.local.output import Folder, Memory, print_result
from worker.local.run import Options, Reporter, Run, Task
from worker.local.warm import limit_threads, warm

if TYPE_CHECKING:
    from extractors.page import Profile
    from schemas.filing import Filing
    from worker.settings import Settings

SKIPPED_IN_FOLDERS = ("E_TYPE",)


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for: documents, witnesses, where results go (None: standard output), and how."""

    words: Sequence[str]
    out: Path | None
    profile: Profile
    options: Options
    witnesses: Sequence[str] = ()


def convert_inputs(request: Request, settings: Settings, report: Reporter) -> int:
    """Convert what is asked for; the exit status.

    Raises:
        UsageError: several results and no folder for them. StorageError: the output folder cannot be used.
        UnreadableError: a witness cannot be read.
    """
    limit_threads()
    adopt_orphans()
    single = request.out is None
    if single and (len(request.words) != 1 or Path(request.words[0]).is_dir()):
        raise UsageError("Several documents give several results: name a folder for them with -o.")
    out = Memory() if request.out is None else Folder(request.out)
    with _scratch() as scratch:
        stdin = scratch / STDIN
        if STDIN in (*request.words, *request.witnesses):
            _spool_stdin(stdin, request.profile.max_bytes)
        witnesses = _read_witnesses(request, settings, report, scratch, stdin)
        inputs, skipped = find_inputs(request.words, request.out, stdin)
        for item in skipped:
            report.say(f"{item.label}: skipped: {item.reason}")
        limit = request.profile.max_bytes
        named = name_results(inputs, lambda i: hash_input(i.path, limit))
        warm(named)
        options = replace(request.options, single=single)
        run = Run(options, settings, report, out, scratch)
        tally = run.convert([_task(item, request.profile, witnesses) for item in named])
        if isinstance(out, Memory):
            for result in out.results:
                print_result(result)
        elif not tally.failures and not tally.converted and not tally.containers:
            report.say("nothing was converted: no document was found")
    return tally.exit_status()


def _task(item: Input, profile: Profile, witnesses: tuple[Filing, ...]) -> Task:
    work = Work(item.path, item.name.name, profile, witnesses, refused=item.refused)
    return Task(work, item.label, item.name, SKIPPED_IN_FOLDERS if item.walked else ())


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that is gone afterwards, whatever happens."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="crossfoot-"))
    except OSError as error:
        raise StorageError(f"There is no room for temporary files: {error.strerror or error}.") from None
    try:
        yield folder
    finally:
        discard_folder(folder)


def _spool_stdin(target: Path, max_bytes: int) -> None:
    """Standard input as a file; one byte more than is allowed is enough to see that it is too long."""
    left = max_bytes + 1
    with target.open("wb") as file:
        while left > 0 and (block := sys.stdin.buffer.read(min(left, 1024 * 1024))):
            file.write(block)
            left -= len(block)


def _read_witnesses(
    request: Request, settings: Settings, report: Reporter, scratch: Path, stdin: Path
) -> tuple[Filing, ...]:
    """The witnesses as results: read where they are results, converted where they are documents."""
    if not request.witnesses:
        return ()
    from pydantic import ValidationError

    from schemas.filing import from_json

    filings: list[Filing] = []
    documents: list[Input] = []
    for item in find_inputs(request.witnesses, None, stdin)[0]:
        data = read_input(item.path, request.profile.max_bytes, follow=True) if _looks_like_result(item) else b""
        try:
            filings.append(from_json(data))
        except ValidationError as error:
            if data:
                reason = error.errors(include_url=False)[0]["msg"]
                raise UnreadableError(f"The witness {item.label} is no result of crossfoot: {reason}.") from None
            documents.append(item)
    memory = Memory()
    run = Run(request.options, settings, report, memory, scratch)
    if run.convert([_task(item, request.profile, ()) for item in documents]).failures:
        raise UnreadableError("A witness cannot be read; nothing was converted.")
    filings += [from_json(result) for result in memory.results]
    return tuple(sorted(filings, key=lambda filing: filing.source.sha256))


def _looks_like_result(item: Input) -> bool:
    """True for a file that begins like a result: no document that is read begins with a brace."""
    with os.fdopen(open_input(item.path, follow=True), "rb") as file:
        return file.read(64).lstrip().startswith(b"{")
