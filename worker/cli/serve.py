"""``crossfoot serve``, ``keys`` and the roles that a container plays: thin over the modules of the service."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.service import Home, _existing, _settings

if TYPE_CHECKING:
    from worker.settings import Settings

keys = typer.Typer(help="API keys: make them, list them, revoke them.", no_args_is_help=True, rich_markup_mode=None)


class LogFormat(StrEnum):
    """How messages are written."""

    text = "text"
    json = "json"


class Scope(StrEnum):
    """What a key lets do."""

    submit = "submit"
    read = "read"
    review = "review"
    admin = "admin"


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; another than loopback needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8000,
    log_format: Annotated[
        LogFormat | None, typer.Option("--log-format", help="How messages are written (CROSSFOOT_LOG_FORMAT).")
    ] = None,
    home: Home = None,
) -> None:
    """Serve the HTTP API. Documents are taken whether workers and Redis run or not.

    It listens on 127.0.0.1, and needs no key there until one is made; on any other address it needs keys.
    """
    from worker.api import server

    settings = _settings(home)
    raise typer.Exit(server.run(settings, host, port, log_format.value if log_format else settings.log_format))


def inbox(home: Home = None) -> None:
    """Watch HOME/inbox and put results beside names; one of it for each home."""
    from worker import inbox as role

    settings = _settings(home)
    _make_folders(settings)
    role.serve(settings)


def sweeper(home: Home = None) -> None:
    """Send hints to the workers of CROSSFOOT_REDIS_URL, and take jobs from those who are silent."""
    from worker.processes import sweeper as role

    settings = _settings(home)
    _make_folders(settings)
    role.serve(settings)


def webhooks(home: Home = None) -> None:
    """Tell webhooks what became of jobs."""
    from worker.webhooks import dispatch as role

    role.serve(_settings(home))


def _make_folders(settings: Settings) -> None:
    from worker.processes.supervisor import make_folders

    make_folders(settings)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, for you to know it by.")],
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", help="What it lets do, several times; submit and read by default.")
    ] = None,
    home: Home = None,
) -> None:
    """Make a key and print it. It is shown once: only its hash is kept.

    A key sees what was sent with it, and nothing else; a key of the scope admin sees everything.
    """
    from schemas.errors import UsageError
    from worker.api import rows
    from worker.api.keys import LONGEST_NAME, read_scopes
    from worker.database import Database

    if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"A name has 1 to {LONGEST_NAME} printable characters.")
    scopes = read_scopes([word.value for word in scope or []])
    with Database.open(_settings(home)) as db:
        number, key = rows.create_key(db, name, scopes, time.time())
    typer.echo(f"crossfoot: key {number}, {' and '.join(scopes)}; it is not shown again", err=True)
    typer.echo(key)


@keys.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False, home: Home = None
) -> None:
    """List keys: number, name, scopes, when it was made, used last, revoked."""
    import dataclasses

    from worker.api import rows
    from worker.cli.progress import shown
    from worker.database import Database

    with Database.open(_existing(home)) as db:
        found = rows.list_keys(db)
    for key in found:
        words = (str(key.id), shown(key.name), key.scopes, *map(_day, (key.created_at, key.used_at, key.revoked_at)))
        typer.echo(json.dumps(dataclasses.asdict(key)) if as_json else "\t".join(words))
    if not found:
        typer.echo("crossfoot: no keys", err=True)


@keys.command("renew")
def renew_key(number: Annotated[int, typer.Argument(metavar="KEY")], home: Home = None) -> None:
    """Give a key a new secret and print it: the old one is void at once, what was sent stays its own."""
    from worker.api import rows
    from worker.cli.progress import shown
    from worker.database import Database

    with Database.open(_existing(home)) as db:
        typer.echo(rows.renew_key(db, number))
        for endpoint in rows.list_endpoints(db, number):  # who had the old key may have put one there
            typer.echo(f"crossfoot: still told of its jobs: {shown(endpoint['url'])}", err=True)


@keys.command("revoke")
def revoke_keys(number: Annotated[list[int], typer.Argument(metavar="KEY")], home: Home = None) -> None:
    """End keys, at once. What was sent with them stays; the API does not open again without one."""
    from worker.api import rows
    from worker.database import Database

    with Database.open(_existing(home)) as db:
        for key in number:
            rows.revoke_key(db, key, time.time())
            typer.echo(f"crossfoot: key {key} is revoked", err=True)


def _day(seconds: float | None) -> str:
    return "-" if seconds is None else time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(seconds))
