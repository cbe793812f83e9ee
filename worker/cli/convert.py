"""``crossfoot convert``."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import UsageError

if TYPE_CHECKING:
    from extractors.page import Profile
    from worker.settings import Settings

PAGES = re.compile(r"(?P<first>\d+)?(?P<to>-)?(?P<last>\d+)?")
LANGUAGES = re.compile(r"[A-Za-z][A-Za-z0-9_/]*(\+[A-Za-z][A-Za-z0-9_/]*)*")


class FailOn(StrEnum):
    """What in a result may count as failure."""

    review = "review"
    conflict = "conflict"
    partial = "partial"


def convert(  # noqa: PLR0913 - the options of the command contract
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Documents, folders of documents, or - for standard input.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="Folder for OUT/<name>.json; without it one result goes to standard output.",
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Documents at the same time; one per core by default.")
    ] = None,
    no_repair: Annotated[
        bool, typer.Option("--no-repair", help="Leave every figure as read; checks are still evaluated.")
    ] = False,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            "--witness",
            metavar="OTHER",
            help="Document or result of the same company that may prove or repair. Repeatable.",
        ),
    ] = None,
    password: Annotated[str | None, typer.Option("--password", metavar="P", help="Opens encrypted documents.")] = None,
    pages: Annotated[
        str | None, typer.Option("--pages", metavar="3-7", help="Only these pages: 3-7, 3, 3- or -7.")
    ] = None,
    lang: Annotated[
        str, typer.Option("--lang", metavar="eng", help="Languages of scans, as Tesseract names them: eng+deu.")
    ] = "eng",
    fail_on: Annotated[
        list[FailOn] | None,
        typer.Option(
            "--fail-on", help="End with status 5 if a result needs review, holds a conflict or is partial. Repeatable."
        ),
    ] = None,
) -> None:
    """Convert documents to JSON, without any service.

    No Redis, no database, no network. With -o every document gives OUT/<name>.json, a folder keeps its paths, a
    container (EDGAR submission, ZIP) gives a folder with an index.json, and what cannot be converted gives
    OUT/<name>.error.json and stops nothing else. What is no document is skipped in folders. Results go to standard
    output or OUT, everything else to standard error.
    """
    import signal
    import sys

    from worker import settings as configuration
    from worker.cli.progress import reporter
    from worker.local.run import Options
    from worker.local.session import Request, convert_inputs

    settings = configuration.load()
    profile = make_profile(settings, pages=pages, lang=lang, password=password, repair=not no_repair)
    options = Options(
        jobs=jobs or settings.concurrency,
        fail_on=frozenset(occasion.value for occasion in fail_on or ()),
        debug="--debug" in sys.argv,
    )
    request = Request(inputs, out, profile, options, witness or ())
    # as Ctrl-C does it, with the children ended and the temporary files gone
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with reporter() as report:
        status = convert_inputs(request, settings, report)
    raise typer.Exit(status)


def make_profile(settings: Settings, *, pages: str | None, lang: str, password: str | None, repair: bool) -> Profile:
    """The profile that the options describe.

    Raises:
        UsageError: a stretch of pages or a language that is none.
    """
    from extractors.page import Profile

    if not LANGUAGES.fullmatch(lang):
        raise UsageError(f"--lang {lang!r} is no language; write eng, or several as eng+deu.")
    first, last = read_pages(pages)
    return Profile(
        repair=repair,
        first_page=first,
        last_page=last,
        password=password,
        languages=lang,
        max_bytes=settings.max_bytes,
    )


def read_pages(text: str | None) -> tuple[int | None, int | None]:
    """``3-7`` -> (3, 7); ``3`` -> (3, 3); ``3-`` -> (3, None); ``-7`` -> (None, 7).

    Raises:
        UsageError: anything else, and a stretch that holds no page.
    """
    if text is None:
        return None, None
    match = PAGES.fullmatch(text.strip())
    first = int(match["first"]) if match and match["first"] else None
    last = int(match["last"]) if match and match["last"] else None
    if match is None or (first is None and last is None):
        raise UsageError(f"--pages {text!r} is no stretch of pages; write 3-7, 3, 3- or -7.")
    if not match["to"]:
        last = first
    if first == 0 or last == 0 or (first and last and last < first):
        raise UsageError(f"--pages {text!r} holds no page; pages are counted from 1.")
    return first, last
