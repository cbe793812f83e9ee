"""The command line. Nothing slow is imported before a command needs it: ``--help`` only loads typer."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import typer

from schemas import __version__
from schemas.errors import CrossfootError, StorageError
from worker.cli import backfill, check, config, convert, doctor, explain, serve, service
from worker.cli.progress import shown

DEBUG_OPTION = "--debug"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# no rich help and no shell completion: each would cost more time than everything else together
app = typer.Typer(
    name="crossfoot",
    help="Turn filings (HTML, PDF, scans, text) into one fixed JSON "
    "in which the document's own arithmetic proves the figures.",
    epilog="Exit status: 0 ok, 1 internal error, 2 usage, 3 unreadable, unsupported or unsafe input, 4 encrypted, "
    "5 converted but --fail-on hit, 6 some of several failed, 7 a program is missing, 8 a limit was reached, "
    "9 bad configuration, 10 storage or service unreachable, 130 Ctrl-C.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crossfoot {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    _debug: Annotated[bool, typer.Option(DEBUG_OPTION, help="Show tracebacks, and what libraries say.")] = False,
) -> None:
    """Options that stand before the command."""


app.command()(convert.convert)
app.command()(check.check)
app.command()(explain.explain)
app.command()(check.schema)
app.command()(doctor.doctor)
app.command()(service.up)
app.command()(service.worker)
app.command()(backfill.backfill)
app.command()(serve.serve)
app.command()(serve.inbox)
app.command()(serve.sweeper)
app.command()(serve.webhooks)
app.add_typer(config.config, name="config")
app.add_typer(service.jobs, name="jobs")
app.add_typer(serve.keys, name="keys")


def main() -> int:
    """Run the command line; the exit status. One of the two places that catch everything."""
    debug = DEBUG_OPTION in sys.argv[1:]
    try:
        app()
    except CrossfootError as error:
        where = f" ({error.place})" if error.place else ""
        typer.echo(f"crossfoot: {shown(error.detail + where)}", err=True)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the boundary: a fault of the program becomes one line and status 1
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            # what is left of the output would be tried again at the end, and fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            typer.echo(f"crossfoot: what was asked for cannot be written: {error.strerror}", err=True)
            return StorageError.exit_status
        typer.echo(f"crossfoot: internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("crossfoot: `crossfoot --debug …` with the same words shows where it happened", err=True)
        return 1
    return 0
