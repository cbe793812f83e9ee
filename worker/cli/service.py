"""``crossfoot up``, ``worker`` and ``jobs``: thin over the modules of the service."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.jobs.jobs import Job
    from worker.settings import Settings

SOME_FAILED = 6

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Folder that holds inbox, results and job rows (CROSSFOOT_HOME)."),
]

jobs = typer.Typer(help="Look at jobs, run them again, cancel them.", no_args_is_help=True, rich_markup_mode=None)


class State(StrEnum):
    """The states of a job."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    quarantined = "quarantined"
    cancelled = "cancelled"


def _settings(home: Path | None) -> Settings:
    """The settings of the environment, with another home where the command line names one."""
    import dataclasses

    from worker import settings as configuration

    settings = configuration.load()
    return settings if home is None else dataclasses.replace(settings, home=home.expanduser().absolute())


def _existing(home: Path | None) -> Settings:
    """The same of a home that is there: who looks after jobs under a mistyped name must be told, not given a new home.

    Raises:
        UsageError: there is none.
    """
    from schemas.errors import UsageError

    settings = _settings(home)
    if not settings.database_url and not settings.database.exists():
        raise UsageError(f"There is no home at {settings.home}: it holds no jobs.sqlite.")
    return settings


def up(home: Home = None) -> None:
    """Run everything: inbox, workers, a Redis of its own.

    Ctrl-C stops it. A document dropped into HOME/inbox gives HOME/results/<path>/<name>.json and moves to HOME/done;
    one that cannot be converted moves to HOME/failed with an error JSON; HOME/review links the results that a person
    should look at.
    """
    from worker.processes import supervisor

    raise typer.Exit(supervisor.run(_settings(home)))


def worker(
    queues: Annotated[
        str,
        typer.Option(
            "--queues", "-Q", metavar="Q1,Q2", help="Queues to serve, backfill.ocr for example; all by default."
        ),
    ] = "",
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-c", min=1, help="Documents at the same time.")
    ] = None,
    home: Home = None,
) -> None:
    """Run one worker for the Redis of CROSSFOOT_REDIS_URL."""
    from worker.processes import app

    raise typer.Exit(app.run(_settings(home), queues, concurrency))


@jobs.command("list", hidden=True)
@jobs.command("ls")
def list_jobs(
    state: Annotated[State | None, typer.Option("--state", help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest first.")] = 50,
    before: Annotated[
        int | None, typer.Option("--before", metavar="JOB", help="Only jobs older than this one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with everything known.")] = False,
    home: Home = None,
) -> None:
    """List jobs: number, state, attempts, document, and what went wrong."""
    import dataclasses

    from worker.jobs.jobs import Jobs

    with Jobs.open(_existing(home)) as rows:
        found = rows.list(state.value if state else None, limit, before)
    for job in found:
        typer.echo(json.dumps(dataclasses.asdict(job)) if as_json else _line(job))
    if not found:
        typer.echo("crossfoot: no jobs", err=True)


@jobs.command("show")
def show_job(job: Annotated[int, typer.Argument(metavar="JOB")], home: Home = None) -> None:
    """Print everything known about a job, as JSON: its results of earlier and later engines too."""
    import dataclasses

    from worker.jobs.jobs import Jobs

    with Jobs.open(_existing(home)) as rows:
        known = dataclasses.asdict(rows.show(job)) | {"versions": rows.versions(job)}
    typer.echo(json.dumps(known, indent=2))


@jobs.command("retry")
def retry_jobs(
    job: Annotated[list[int] | None, typer.Argument(metavar="JOB")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that have failed or were given up.")] = False,
    batch: Annotated[
        str, typer.Option("--batch", metavar="SOURCE", help="With --failed: only of this source's back-fill.")
    ] = "",
    code: Annotated[str, typer.Option("--code", metavar="E_CODE", help="With --failed: only with this error.")] = "",
    home: Home = None,
) -> None:
    """Queue failed, quarantined or cancelled jobs again, their attempts counted from nought.

    A job that is done is queued where the store has lost or damaged its result.
    """
    from worker.backfill import batch_name
    from worker.blobs import open_blobs
    from worker.jobs.jobs import Jobs

    if bool(job) == failed or ((batch or code) and not failed):
        raise typer.BadParameter("Name the jobs, or --failed (with --batch and --code, if you like).")
    settings = _existing(home)
    with Jobs.open(settings) as rows:
        if failed:
            queued = rows.retry_failed(batch_name(batch) if batch else "", code.upper())
            typer.echo(f"crossfoot: {queued} jobs queued", err=True)
        for number in job or ():
            typer.echo(_line(rows.retry(number, open_blobs(settings))))


@jobs.command("cancel")
def cancel_jobs(job: Annotated[list[int], typer.Argument(metavar="JOB")], home: Home = None) -> None:
    """Cancel jobs that wait or run."""
    from worker.jobs.jobs import Jobs

    with Jobs.open(_existing(home)) as rows:
        for number in job:
            typer.echo(_line(rows.cancel(number)))


@jobs.command("redo")
def redo_jobs(
    job: Annotated[list[int] | None, typer.Argument(metavar="JOB")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that only earlier engines have done.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="With --all: and what they could not convert.")] = False,
    home: Home = None,
) -> None:
    """Convert again, with the engine of today, what an earlier one has done.

    The earlier result stays a version, and stands until the new one is there.
    """
    from worker.jobs.jobs import Jobs

    if bool(job) == everything:
        raise typer.BadParameter("Name the jobs, or --all.")
    if failed and not everything:
        raise typer.BadParameter("--failed goes with --all; jobs by their numbers: crossfoot jobs retry.")
    with Jobs.open(_existing(home)) as rows:
        if everything:
            queued = rows.redo_all() + (rows.retry_failed("", "", earlier=True) if failed else 0)
            typer.echo(f"crossfoot: {queued} jobs queued", err=True)
        for made in rows.redo(job) if job else ():
            typer.echo(_line(made))


@jobs.command("purge")
def purge_jobs(
    days: Annotated[
        float | None,
        typer.Option("--older-than", metavar="DAYS", min=0, help="Ended so long ago (CROSSFOOT_RETENTION_DAYS)."),
    ] = None,
    home: Home = None,
) -> None:
    """Remove jobs that ended long ago, with their documents and results; folders of yours are left alone."""
    from worker.jobs.jobs import Jobs

    settings = _existing(home)
    if days is None and not settings.retention_days:
        raise typer.BadParameter("Say how old: --older-than DAYS, or CROSSFOOT_RETENTION_DAYS.")
    with Jobs.open(settings) as rows:
        gone = rows.purge(settings, settings.retention_days if days is None else days)
    typer.echo(f"crossfoot: {gone.jobs} jobs, {gone.files} files, {gone.size:,} bytes removed", err=True)


def _line(job: Job) -> str:
    """One job in one line, its columns a tab apart."""
    from worker.cli.progress import shown

    name = shown(job.paths[0]) if job.paths else "-"
    detail = f"{job.problem['detail']} [{job.problem['code']}]" if job.problem else ""
    return "\t".join((str(job.id), job.state, str(job.attempt), name, shown(detail))).rstrip()
