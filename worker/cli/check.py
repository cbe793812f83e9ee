"""``crossfoot check`` and ``crossfoot schema``: what anyone can do with a result, with nothing but ``schemas``."""

from __future__ import annotations

from typing import Annotated

import typer

from schemas.errors import UnreadableError

MAX_BYTES = 1 << 30


def check(
    results: Annotated[
        list[str], typer.Argument(metavar="RESULT", help="Results of convert, or - for standard input.")
    ],
) -> None:
    """Evaluate the checks of results again, from the JSON alone.

    Each result is held against the schema, each check is computed from the figures as they stand, and the statuses
    that lean on checks are held against them. A check that the result itself calls broken is no discrepancy. Exit
    status 0: all results bear themselves out; 3: a discrepancy, or a file that is no result.
    """
    sound = [_check_one(word) for word in results]
    raise typer.Exit(0 if all(sound) else 3)


def _check_one(word: str) -> bool:
    """Print what there is to say about one result; True where it bears itself out."""
    from collections import Counter

    from pydantic import ValidationError

    from schemas.filing import from_json
    from schemas.recheck import recheck
    from worker.cli.progress import shown

    label = shown("standard input" if word == "-" else word)
    try:
        filing = from_json(_read(word))
    except UnreadableError as error:
        typer.echo(f"crossfoot: {label}: {error.detail}", err=True)
        return False
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        typer.echo(f"crossfoot: {label}: no result of version 1: {place or 'the file'}: {first['msg']}", err=True)
        return False
    discrepancies = recheck(filing)
    for found in discrepancies:
        typer.echo(f"{label}: {found.subject} {found.message}")
    verdicts = Counter(item.verdict for item in filing.checks)
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ("exact", "rounding", "broken"))
    state = "confirmed" if not discrepancies else f"{len(discrepancies)} discrepancies"
    typer.echo(f"{label}: {state}: {len(filing.checks)} checks ({counts}), verdict {filing.verdict}")
    return not discrepancies


def _read(word: str) -> bytes:
    """The bytes of a file, or of standard input."""
    import sys
    from pathlib import Path

    from worker.local.inputs import read_input

    if word == "-":
        return sys.stdin.buffer.read(MAX_BYTES)
    return read_input(Path(word), MAX_BYTES, follow=True)


def schema() -> None:
    """Print the JSON Schema (2020-12) of a result."""
    from schemas.filing import schema_text

    typer.echo(schema_text(), nl=False)
