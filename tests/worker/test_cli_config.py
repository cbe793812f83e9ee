"""``crossfoot config show``: what is in effect, and why."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.worker.conftest import Said
from worker.cli.config import mask
from worker.settings import Settings

Crossfoot = Callable[..., Said]


def test_every_setting_has_its_origin(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Command line, environment or default; each variable is one that could be set so."""
    monkeypatch.setenv("CROSSFOOT_ATTEMPTS", "7")
    monkeypatch.setenv("CROSSFOOT_DATABASE_URL", "postgresql://me:geheim@host/rows?password=geheim")
    said = crossfoot("config", "show", "--home", "h")
    assert said.status == 0
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in said.out.decode().splitlines()}
    assert lines.keys() == Settings().variables().keys()
    assert lines["CROSSFOOT_ATTEMPTS"] == ["7", "environment"]
    assert lines["CROSSFOOT_LEASE_SECONDS"] == ["30.0", "default"]
    assert lines["CROSSFOOT_HOME"][1] == "command line"
    assert b"geheim" not in said.out
    (attempts,) = (
        json.loads(line)
        for line in crossfoot("config", "show", "--json").out.splitlines()
        if b"CROSSFOOT_ATTEMPTS" in line
    )
    assert attempts == {"name": "CROSSFOOT_ATTEMPTS", "value": "7", "origin": "environment"}


def test_a_setting_that_cannot_be_used_is_said(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the service would refuse is refused here too, with the status of bad configuration."""
    monkeypatch.setenv("CROSSFOOT_LOG_FORMAT", "jsn")
    said = crossfoot("config", "show")
    assert (said.status, said.out) == (9, b"")
    assert "must be text or json, not 'jsn'" in said.err


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", ""),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        ("redis://host/0", "redis://host/0"),
        ("postgresql://me@host/rows", "postgresql://me@host/rows"),
        ("postgresql://me:a@b:secret@host/rows?x=secret", "postgresql://me:***@host/rows?***"),
        ("secret", "***"),
        ("sqlite:////data/rows", "***"),
        ("http://[secret", "***"),
    ],
)
def test_addresses_are_told_without_their_passwords(address: str, told: str) -> None:
    """A password, and whatever may be one, is left out."""
    assert mask(address) == told
