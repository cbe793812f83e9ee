"""``crossfoot doctor``: what this machine has of what is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import reach
from worker.cli.reach import Level, Observation
from worker.cli.service import Home, _settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.settings import Settings

PROGRAM_MISSING = 7
STORAGE_UNUSABLE = 10
PATIENCE_SECONDS = 20
ENOUGH_BYTES = 1 << 30
PACKAGES = ("pydantic", "lxml", "beautifulsoup4", "pypdfium2", "camelot-py", "pytesseract", "numpy", "celery", "redis")


class Role(StrEnum):
    """What a process of the service does."""

    api = "api"
    worker = "worker"
    inbox = "inbox"
    sweeper = "sweeper"
    webhooks = "webhooks"


def doctor(
    lang: Annotated[str, typer.Option("--lang", help="Languages that scans will be read in.")] = "eng",
    role: Annotated[
        Role | None, typer.Option("--role", help="Only what this role of the service needs: a health check.")
    ] = None,
    home: Home = None,
) -> None:
    """Say which needed programs, folders and services are missing.

    Exit status 0: all there; 7: a program or language is missing; 9: a setting is wrong; 10: a folder cannot be used,
    or database, store or Redis do not answer.
    """
    settings = _settings(home)
    seen = []
    for observation in observe(settings, lang) if role is None else observe_role(settings, role):
        seen.append(observation.level)
        typer.echo(f"{observation.level:<9}{observation.subject}: {observation.detail}")
    if "missing" in seen:
        raise typer.Exit(PROGRAM_MISSING)
    raise typer.Exit(STORAGE_UNUSABLE if "unusable" in seen else 0)


def observe(settings: Settings, lang: str) -> Iterator[Observation]:
    """Everything worth knowing, the programs first."""
    yield from _versions()
    yield _program("tesseract", "--version", "tesseract-ocr", "scans and images cannot be read")
    yield from _languages(lang)
    yield _program("pdftoppm", "-v", "poppler-utils", "scanned pages of PDFs cannot be read")
    yield _program("pdfinfo", "-v", "poppler-utils", "scanned pages of PDFs cannot be read")
    if settings.redis_url:
        yield reach.look_at_redis(settings.redis_url)
    else:
        yield _program("redis-server", "--version", "redis-server", "`crossfoot up` cannot start (convert needs none)")
    yield from _sandbox()
    yield _threads()
    yield _home(settings.home)
    yield _space(settings.home)
    yield from reach.look_at_privacy(settings)
    yield reach.look_at_rows(settings)
    yield reach.look_at_store(settings)


def observe_role(settings: Settings, role: Role) -> Iterator[Observation]:
    """What one role cannot work without, within seconds; for the others it does not matter."""
    rows = reach.look_at_rows(settings)
    yield rows
    if role in (Role.worker, Role.sweeper):
        yield reach.look_at_redis(settings.redis_url)
    if role in (Role.api, Role.worker, Role.inbox):
        yield reach.look_at_store(settings, writing=False)
    if role in (Role.api, Role.inbox):
        yield _home(settings.home)
    if rows.level != "unusable":
        yield from reach.look_at_work(settings, role)


def _versions() -> Iterator[Observation]:
    import platform
    from importlib import metadata

    from schemas import __version__

    yield Observation("ok", "crossfoot", f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in PACKAGES:
        try:
            yield Observation("ok", package, metadata.version(package))
        except metadata.PackageNotFoundError:
            yield Observation("missing", package, "this Python package is not installed")


def _ask(*command: str) -> str:
    """The first line a program says, whichever stream it uses; "" where it fails."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (said.stdout or said.stderr).strip()


def _program(name: str, option: str, package: str, consequence: str) -> Observation:
    """Whether a program is on the PATH and answers."""
    where = shutil.which(name)
    if where is None:
        return Observation("missing", name, f"not on the PATH: {consequence}; Debian package {package}")
    said = _ask(where, option)
    if not said:
        return Observation("missing", name, f"{where} does not answer: {consequence}")
    return Observation("ok", name, f"{said.splitlines()[0]} ({where})")


def _languages(lang: str) -> Iterator[Observation]:
    """Whether tesseract has the languages."""
    if shutil.which("tesseract") is None:
        return
    installed = _ask("tesseract", "--list-langs").splitlines()[1:]
    for language in lang.split("+"):
        if language in installed:
            yield Observation("ok", f"language {language}", "installed")
        else:
            package = f"tesseract-ocr-{language.replace('_', '-')}"
            yield Observation("missing", f"language {language}", f"not installed; Debian package {package}")


def _sandbox() -> Iterator[Observation]:
    """What keeps a converting process from everything else, and what this kernel does not have of it."""
    from worker.confinement import confine

    missing = confine.find_missing()
    for measure in missing:
        yield Observation("note", "sandbox", measure)
    if not missing:
        yield Observation("ok", "sandbox", "no network, no foreign files, processes or powers")


def _threads() -> Observation:
    """Whether programs that read are kept to one thread each; several at once are slower with more."""
    limit = os.environ.get("OMP_THREAD_LIMIT", "1")
    if limit == "1":
        return Observation("ok", "OMP_THREAD_LIMIT", "1, for whatever the service starts")
    return Observation("note", "OMP_THREAD_LIMIT", f"{limit}: several pages at once are read faster with 1")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _home(home: Path) -> Observation:
    """Whether files can be made, synced and renamed where the service keeps them."""
    import tempfile

    folder = _existing(home)
    try:
        with tempfile.TemporaryDirectory(prefix=".crossfoot-doctor-", dir=folder) as trial:
            file = Path(trial) / "a"
            with file.open("wb") as handle:
                handle.write(b"x")
                os.fsync(handle.fileno())
            file.rename(Path(trial) / "b")
    except OSError as error:
        return Observation("unusable", "home", f"{folder} cannot be written to: {error.strerror or error}")
    return Observation("ok", "home", f"{home} {'can be written to' if folder == home else 'can be made'}")


def _space(home: Path) -> Observation:
    free = shutil.disk_usage(_existing(home)).free
    level: Level = "ok" if free >= ENOUGH_BYTES else "note"
    return Observation(level, "disk", f"{free / (1 << 30):.1f} GiB free")
