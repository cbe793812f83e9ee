"""``crossfoot keys`` and ``serve`` on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.conftest import Said
from worker.api import rows
from worker.database import Database
from worker.settings import DEFAULT_HOME, load

Crossfoot = Callable[..., Said]


def test_a_key_is_printed_once_and_listed_without_its_secret(crossfoot: Crossfoot) -> None:
    """Stdout is the key alone; the list shows number, name, scopes and times."""
    made = crossfoot("keys", "create", "accounts", "--scope", "read", "--scope", "submit")
    assert made.status == 0
    key = made.out.decode().strip()
    assert re.fullmatch(r"cf_[A-Za-z0-9_-]{43}", key)
    assert key not in made.err
    listed = crossfoot("keys", "list")
    assert key[3:] not in listed.out.decode()
    assert listed.out.decode().split("\t")[:3] == ["1", "accounts", "submit read"]
    as_json = json.loads(crossfoot("keys", "list", "--json").out)
    assert (as_json["id"], as_json["revoked_at"], as_json["used_at"]) == (1, None, None)


def test_a_key_is_renewed_and_revoked(crossfoot: Crossfoot) -> None:
    """A new secret is printed; a revoked key cannot be renewed, nor one that there is not."""
    first = crossfoot("keys", "create", "accounts").out
    with Database.open(load({"CROSSFOOT_HOME": str(Path.cwd() / DEFAULT_HOME)})) as db:
        rows.add_endpoint(db, 1, "https://else.example.com/", "whsec_x", ["job.completed"], 1.0)
    second = crossfoot("keys", "renew", "1")
    assert second.status == 0
    assert "still told of its jobs: https://else.example.com/" in second.err
    assert second.out != first
    assert crossfoot("keys", "revoke", "1").status == 0
    assert "no key 1" in crossfoot("keys", "renew", "1").err
    assert crossfoot("keys", "revoke", "7").status == 2
    assert "T" in crossfoot("keys", "list").out.decode().rsplit("\t", 1)[1]


@pytest.mark.parametrize("words", [("",), ("a\nb",), ("x" * 101,), ("me", "--scope", "root")])
def test_what_is_no_name_or_scope_is_refused(crossfoot: Crossfoot, words: tuple[str, ...]) -> None:
    """Usage errors, status 2, and no key is made."""
    assert crossfoot("keys", "create", *words).status == 2
    assert crossfoot("keys", "list").out == b""


def test_without_a_key_only_loopback_is_served(crossfoot: Crossfoot) -> None:
    """Another address is refused with status 9 and the command that helps."""
    said = crossfoot("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - refused is what is tested
    assert said.status == 9
    assert "crossfoot keys create" in said.err


def test_help_loads_neither_the_web_nor_the_rows(tmp_path: Path) -> None:
    """``--help`` of the program and of serve starts without FastAPI, uvicorn, SQLAlchemy or Celery."""
    heavy = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "celery", "prometheus_client", "redis")
    for words in (["--help"], ["serve", "--help"], ["keys", "--help"], ["webhooks", "--help"]):
        program = (
            f"import sys; sys.argv = ['crossfoot', *{words!r}]\nfrom worker.cli import main\n"
            f"try:\n    main()\nexcept SystemExit:\n    pass\n"
            f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
        )
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path,
                             env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin"})  # fmt: skip
        assert ran.stderr.strip() == "[]", words


def test_keys_lie_where_the_settings_say(crossfoot: Crossfoot, tmp_path: Path) -> None:
    """--home names another home, made where there is none."""
    crossfoot("keys", "create", "me", "--home", tmp_path / "other")
    with Database.open(load({"CROSSFOOT_HOME": str(tmp_path / "other")})) as db:
        assert len(db.rows("SELECT 1 FROM keys")) == 1
