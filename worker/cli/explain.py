"""``crossfoot explain``: the proof of a figure as an accountant would write it, from the result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.filing import Filing

MAX_BYTES = 1 << 30


def explain(
    result: Annotated[str, typer.Argument(metavar="RESULT", help="A result of convert, or - for standard input.")],
    figure: Annotated[str, typer.Argument(metavar="FIGURE", help="The id of a figure, t3.r7.c0 for example.")],
) -> None:
    """Say how a figure is proved, why it was repaired, or why there is no proof.

    Printed are the figure with its place, then each check it takes part in as an accountant would write it (addends
    with labels and places, total, residual); for a repaired figure and for one in conflict the rivals, with what each
    of them would do to the checks. Nothing but RESULT is read.

    Exit status 0: explained, proved or not; 2: RESULT holds no such figure; 3: RESULT cannot be read or is no result.
    """
    from worker.cli.progress import shown
    from worker.explanation import explain_figure

    for line in explain_figure(read_filing(result), figure):
        typer.echo(shown(line))


def read_filing(word: str) -> Filing:
    """The result in a file, or on standard input for ``-``.

    Raises:
        UnreadableError: it cannot be opened, or is no result of version 1.
    """
    import sys
    from pathlib import Path

    from pydantic import ValidationError

    from schemas.errors import UnreadableError
    from schemas.filing import from_json
    from worker.local.inputs import read_input

    data = sys.stdin.buffer.read(MAX_BYTES) if word == "-" else read_input(Path(word), MAX_BYTES, follow=True)
    try:
        return from_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        label = "standard input" if word == "-" else word
        raise UnreadableError(f"{label} is no result of version 1: {place}: {first['msg']}") from error
