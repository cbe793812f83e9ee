"""``crossfoot doctor``: what is missing is said, and decides the status."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.desk import Desk
from tests.worker.conftest import Said
from worker.cli import doctor
from worker.cli.reach import Observation
from worker.processes.liveness import STALL_SECONDS

Crossfoot = Callable[..., Said]


def test_doctor_misses_a_program(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A needed program that is not on the PATH is named with its Debian package, and the status is 7."""
    monkeypatch.setenv("PATH", str(tmp_path))
    said = crossfoot("doctor")
    assert said.status == 7
    lines = said.out.decode().splitlines()
    for program, package in (
        ("tesseract", "tesseract-ocr"),
        ("pdftoppm", "poppler-utils"),
        ("redis-server", "redis-server"),
    ):
        assert any(
            line.startswith(f"missing  {program}: ") and line.endswith(f"Debian package {package}") for line in lines
        )


def test_doctor_misses_a_language(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A language that tesseract does not have is missing, one that it has is not."""
    for name in ("tesseract", "pdftoppm", "pdfinfo", "redis-server"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text('#!/bin/sh\necho "List of languages or version"\necho eng\n', encoding="ascii")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert crossfoot("doctor").status == 0
    said = crossfoot("doctor", "--lang", "eng+chi_sim")
    assert said.status == 7
    assert b"missing  language chi_sim: not installed; Debian package tesseract-ocr-chi-sim" in said.out


def test_doctor_cannot_write(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home that lies below a file cannot be used, which is status 10 where nothing is missing."""
    (tmp_path / "file").write_text("", encoding="ascii")
    monkeypatch.setenv("CROSSFOOT_HOME", str(tmp_path / "file" / "home"))
    install(monkeypatch)
    said = crossfoot("doctor")
    assert said.status == 10
    assert b"unusable home" in said.out


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program there is, so that something else decides."""
    monkeypatch.setattr(doctor, "_program", lambda name, *_: Observation("ok", name, "there"))
    monkeypatch.setattr(doctor, "_languages", lambda _: iter(()))


def test_doctor_asks_database_and_store(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer and a bucket that is not there are said within seconds, without the password."""
    install(monkeypatch)
    monkeypatch.setenv("CROSSFOOT_DATABASE_URL", "postgresql://me:geheim@127.0.0.1:1/rows")
    monkeypatch.setenv("CROSSFOOT_STORE", "s3://nobucket")
    for name, value in (("ENDPOINT_URL", "http://127.0.0.1:1"), ("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(f"AWS_{name}", value)
    begun = time.monotonic()
    said = crossfoot("doctor")
    assert time.monotonic() - begun < 15
    assert said.status == 10
    assert b"unusable CROSSFOOT_DATABASE_URL: " in said.out
    assert b"unusable CROSSFOOT_STORE: " in said.out
    assert b"geheim" not in said.out


def test_doctor_tries_the_store_and_leaves_nothing(
    crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A home that works is ok, and as it was before; one that others may enter gets a note."""
    install(monkeypatch)
    desk = Desk(tmp_path / "home")
    desk.close()
    said = crossfoot("doctor", "--home", str(tmp_path / "home"))
    assert said.status == 0
    assert b"ok       rows: answer" in said.out
    assert b"ok       store: takes documents and gives them back" in said.out
    assert b"others may" not in said.out
    assert list(desk.blobs.list()) == []
    (tmp_path / "home").chmod(0o755)
    (tmp_path / "home" / "logs").chmod(0o755)
    said = crossfoot("doctor", "--home", str(tmp_path / "home"))
    assert said.status == 0
    assert said.out.count(b"note     home: others may") == 2


def test_doctor_makes_no_rows(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who asks what is there changes nothing: neither a home nor its rows are made."""
    install(monkeypatch)
    assert crossfoot("doctor", "--home", "nowhere").status == 0
    assert not (tmp_path / "nowhere").exists()


def test_each_role_has_a_health_check(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A role is well as long as what it needs answers and its work is done: seen from the rows."""
    desk = Desk(tmp_path / "home")
    for role in ("api", "inbox", "webhooks"):
        assert crossfoot("doctor", "--role", role, "--home", str(tmp_path / "home")).status == 0
    said = crossfoot("doctor", "--role", "worker", "--home", str(tmp_path / "home"))
    assert (said.status, b"CROSSFOOT_REDIS_URL: names no Redis" in said.out) == (10, True)
    monkeypatch.setattr("worker.cli.reach.look_at_redis", lambda _: Observation("ok", "redis", "there"))
    job = desk.db.insert(
        "INSERT INTO jobs(profile, engine, urgency, kind, state, created_at, hinted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ("default", "x", "normal", "text", "queued", time.time() - 2 * STALL_SECONDS, 1.0),
    )
    assert crossfoot("doctor", "--role", "worker", "--home", str(tmp_path / "home")).status == 10
    assert crossfoot("doctor", "--role", "sweeper", "--home", str(tmp_path / "home")).status == 0
    desk.claim(job)
    assert crossfoot("doctor", "--role", "worker", "--home", str(tmp_path / "home")).status == 0
    desk.db.execute("UPDATE jobs SET lease_until = 1")
    assert crossfoot("doctor", "--role", "sweeper", "--home", str(tmp_path / "home")).status == 10
    desk.close()
