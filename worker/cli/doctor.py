"""``crossfoot doctor``: what this machine has of what is needed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.settings import Settings

PROGRAM_MISSING = 7
STORAGE_UNUSABLE = 10
PATIENCE_SECONDS = 20
ENOUGH_BYTES = 1 << 30
PACKAGES = ("pydantic", "lxml", "beautifulsoup4", "pypdfium2", "camelot-py", "pytesseract", "numpy", "celery", "redis")
Level = Literal["ok", "note", "missing", "unusable"]


@dataclass(frozen=True, slots=True)
class Observation:
    """One line of the report; ``missing`` and ``unusable`` decide the exit status."""

    level: Level
    subject: str
    detail: str


def doctor(
    lang: Annotated[str, typer.Option("--lang", help="Languages that scans will be read in.")] = "eng",
) -> None:
    """Say which needed programs and folders are missing.

    Exit status 0: all there; 7: a program or language is missing; 9: a setting is wrong; 10: a folder cannot be used.
    """
    from worker import settings as configuration

    settings = configuration.load()
    seen = []
    for observation in observe(settings, lang):
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
        yield _redis(settings.redis_url)
    else:
        yield _program("redis-server", "--version", "redis-server", "`crossfoot up` cannot start (convert needs none)")
    yield from _sandbox()
    yield _home(settings.home)
    yield _space(settings.home)


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
    from worker import confine

    missing = confine.find_missing()
    for measure in missing:
        yield Observation("note", "sandbox", measure)
    if not missing:
        yield Observation("ok", "sandbox", "no network, no foreign files, processes or powers")


def _redis(url: str) -> Observation:
    """Whether the Redis of the settings answers. Its address may hold a password and is not shown."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            version = client.info("server")["redis_version"]
    except (RedisError, ValueError) as error:
        return Observation("unusable", "CROSSFOOT_REDIS_URL", f"does not answer: {type(error).__name__}")
    return Observation("ok", "CROSSFOOT_REDIS_URL", f"answers, version {version}")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _home(home: Path) -> Observation:
    """Whether files can be made, synced and renamed where the service keeps them."""
    import os
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
