"""``crossfoot config``: the settings in effect, and where each comes from."""

from __future__ import annotations

import json
import urllib.parse
from typing import Annotated

import typer

from worker.cli.service import Home, _settings

HIDDEN = "***"

config = typer.Typer(help="Look at the settings in effect.", no_args_is_help=True, rich_markup_mode=None)


@config.callback()
def options() -> None:
    """Look at the settings in effect."""


@config.command("show")
def show(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line: name, value, origin.")] = False,
) -> None:
    """Print every setting: its variable, its value and its origin (command line, environment, default), a tab apart.

    Passwords in addresses are not shown.
    """
    import dataclasses
    import os

    from worker.cli.progress import shown
    from worker.settings import PREFIX

    settings = _settings(home)
    secret = {PREFIX + field.name.upper() for field in dataclasses.fields(settings) if not field.repr}
    for name, value in settings.variables().items():
        origin = "environment" if name in os.environ else "default"
        if home is not None and name == f"{PREFIX}HOME":
            origin = "command line"
        told = mask(value) if name in secret else value
        line = {"name": name, "value": told, "origin": origin}
        typer.echo(json.dumps(line) if as_json else "\t".join((name, shown(told), origin)))


def mask(address: str) -> str:
    """An address without its password, and without what a query or odd spelling may hold of one."""
    try:
        url = urllib.parse.urlsplit(address)
        host = url.netloc.rpartition("@")[2]
    except ValueError:
        return HIDDEN
    if address and not (url.scheme and host):
        return HIDDEN
    user = "" if url.username is None else url.username
    who = f"{user}:{HIDDEN}@" if url.password is not None else f"{user}@" if user else ""
    return url._replace(netloc=who + host, query=HIDDEN if url.query else "", fragment="").geturl()
