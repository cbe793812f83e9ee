"""Environment → one frozen Settings. The only module that reads the process's environment.

Every setting is a variable ``CROSSFOOT_<NAME>``; a value that cannot be used, and a name that is none, is refused
(a misspelt limit that is silently ignored would be a limit that is not there).
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib.metadata
import math
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError

PREFIX = "CROSSFOOT_"
MEGABYTE = 1024 * 1024
DEFAULT_HOME = Path("crossfoot-data")
# so that a document over its deadline is always told so, and never killed by the kernel before
CPU_MARGIN_SECONDS = 60


def _bounded(default: float, low: float, high: float) -> Any:
    """A number with its bounds, both included."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about when, where and how often; nothing about what a figure means. Times are in seconds.

    Attributes:
        home: the folder that holds everything (made absolute when read).
        redis_url: empty lets ``crossfoot up`` start a Redis of its own.
        database_url: ``postgresql://…`` for several machines; empty is a SQLite file in the home.
        store: ``file:///folder`` or ``s3://bucket/prefix`` for documents and results; empty is ``home/blobs``.
        site: a name for this home where several share one database: its folders are filled by its own processes.
        lease_seconds: how long a worker may be silent before its document is given to another.
        deadline_seconds, deadline_page_seconds, deadline_max_seconds: how long one document may take.
        deadline_stretch: up to how many times that where the machine has too few processors; 1 is the plain clock.
        attempts: how often a document may take its process down.
        sweep_seconds: between two sweeps; rehint_seconds: age at which an unanswered hint is sent again.
        hint_window: outstanding hints per queue: the back-pressure.
        watch_stability: how long a file must lie unchanged in the inbox; watch_polling: between two looks.
        memory_mb, ocr_memory_mb: memory of the converting process, and of each program it starts.
        max_bytes: the largest document that is taken.
        concurrency: documents converted at the same time.
        pages_at_once: pages of a scan read at the same time; 0 is two where the documents under way leave cores free.
        busy_seconds: how long to wait for the database.
        retention_days: how long a job that has ended is kept, with its document and results, and how long bytes that
            were found damaged in the store; 0 is for ever.
        quota_mb: what documents and results may take in the store; reserve_mb: what is left free on its disk.
        webhook_networks: private networks that webhooks and fetched documents may reach, ``10.1.0.0/16,::1/128``.
        log_format: ``json`` has the roles of the service write one JSON object a line.
        stop_seconds: how long ``crossfoot up`` lets its processes end by themselves.
        engine_module: whose ``work`` converts a document in its child; another one is for tests only.
        instance, worker: names given by the supervisor, for the owner of a lease.
    """

    home: Path = DEFAULT_HOME
    redis_url: str = field(default="", repr=False, metadata={"schemes": ("redis", "rediss")})
    database_url: str = field(default="", repr=False)
    store: str = ""
    site: str = ""
    lease_seconds: float = _bounded(30.0, 0.5, 3600.0)
    deadline_seconds: float = _bounded(60.0, 0.1, 86400.0)
    deadline_page_seconds: float = _bounded(5.0, 0.0, 3600.0)
    deadline_max_seconds: float = _bounded(900.0, 0.1, 86400.0)
    deadline_stretch: float = _bounded(3.0, 1.0, 100.0)
    attempts: int = _bounded(3, 1, 100)
    sweep_seconds: float = _bounded(5.0, 0.05, 3600.0)
    rehint_seconds: float = _bounded(30.0, 0.1, 3600.0)
    hint_window: int = _bounded(200, 1, 10000)
    watch_stability: float = _bounded(5.0, 0.05, 3600.0)
    watch_polling: float = _bounded(1.0, 0.02, 3600.0)
    memory_mb: int = _bounded(1024, 64, 1048576)
    ocr_memory_mb: int = _bounded(1536, 64, 1048576)
    max_bytes: int = _bounded(200 * MEGABYTE, 1, 1 << 40)
    concurrency: int = _bounded(os.cpu_count() or 1, 1, 256)
    pages_at_once: int = _bounded(0, 0, 2)
    busy_seconds: float = _bounded(20.0, 10.0, 600.0)
    retention_days: float = _bounded(0.0, 0.0, 36500.0)
    quota_mb: int = _bounded(0, 0, 1 << 40)
    reserve_mb: int = _bounded(256, 0, 1 << 30)
    webhook_networks: str = ""
    log_format: str = field(default="text", metadata={"choices": ("text", "json")})
    stop_seconds: float = _bounded(5.0, 0.1, 600.0)
    engine_module: str = "worker.local.conversion"
    instance: str = ""
    worker: str = ""

    @property
    def inbox(self) -> Path:
        """Drop documents here."""
        return self.home / "inbox"

    @property
    def work(self) -> Path:
        """Documents taken out of the inbox whose conversion has not ended."""
        return self.home / "work"

    @property
    def blobs(self) -> Path:
        """Content-addressed files."""
        return self.home / "blobs"

    @property
    def results(self) -> Path:
        """One JSON per document, under the path it came with."""
        return self.home / "results"

    @property
    def done(self) -> Path:
        """Documents that were converted."""
        return self.home / "done"

    @property
    def failed(self) -> Path:
        """Documents that were not, each with its error JSON."""
        return self.home / "failed"

    @property
    def review(self) -> Path:
        """Links to the results with figures that a person should look at."""
        return self.home / "review"

    @property
    def redis(self) -> Path:
        """The folder of the Redis that ``crossfoot up`` starts."""
        return self.home / "redis"

    @property
    def scratch(self) -> Path:
        """Temporary folders of conversions; nothing in it outlives its conversion."""
        return self.home / "scratch"

    @property
    def logs(self) -> Path:
        """What the processes of ``crossfoot up`` say."""
        return self.home / "logs"

    @property
    def database(self) -> Path:
        """The job rows: the truth."""
        return self.home / "jobs.sqlite"

    @property
    def cache(self) -> Path:
        """Documents and results on their way from an object store."""
        return self.home / "cache"

    @property
    def lock(self) -> Path:
        """Held by the one ``crossfoot up`` of this home."""
        return self.home / "up.lock"

    def find_pages_at_once(self, running: int) -> int:
        """Pages of a document to read at the same time while so many documents, it included, are converted."""
        return self.pages_at_once or (2 if 2 * running <= len(os.sched_getaffinity(0)) else 1)

    def deadline(self, pages: int | None) -> float:
        """Seconds for a document of so many pages (None: not known, counted as one); see ``confinement.deadlines``."""
        return min(self.deadline_max_seconds, self.deadline_seconds + self.deadline_page_seconds * max(1, pages or 1))

    def cpu_seconds(self, pages_at_once: int) -> int:
        """Processor time of a converting process, and of each program it starts: more than any deadline leaves it."""
        return int(self.deadline_max_seconds * self.deadline_stretch) * pages_at_once + CPU_MARGIN_SECONDS

    def memory_bytes(self, kind: str) -> int:
        """Memory in bytes for a document of a queue's kind."""
        return (self.ocr_memory_mb if kind == "ocr" else self.memory_mb) * MEGABYTE

    def folders(self) -> tuple[Path, ...]:
        """Every folder the service needs."""
        kept = (self.inbox, self.work, self.blobs, self.results, self.done, self.failed, self.review)
        return (*kept, self.redis, self.scratch, self.logs)

    def variables(self) -> dict[str, str]:
        """The settings as ``CROSSFOOT_*`` variables: ``load(s.variables()) == s``."""
        return {PREFIX + f.name.upper(): str(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment for a process of the service: this one's, these settings, one thread for each program.

        Tesseract and the linear algebra libraries start a thread per core otherwise, which makes several of them
        at once slower than one after the other.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        threads = {k: kept.get(k, "1") for k in ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        return kept | threads | self.variables() | dict(extra or {})


def engine_name() -> str:
    """The program and its version, as job rows name what converts."""
    return f"crossfoot {importlib.metadata.version('crossfoot')}"


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings (from ``os.environ`` unless another mapping is given).

    Raises:
        ConfigurationError: a value that cannot be used, or a ``CROSSFOOT_`` variable that is no setting.
    """
    variables = os.environ if environment is None else environment
    fields = {PREFIX + f.name.upper(): f for f in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    for name in sorted(k for k in variables if k.startswith(PREFIX)):
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ConfigurationError(f"{name} is not a setting{hint}.", name)
        values[fields[name].name] = _read(name, variables[name], fields[name])
    values["home"] = Path(values.get("home", DEFAULT_HOME)).expanduser().absolute()
    settings = Settings(**values)
    if settings.deadline_max_seconds < settings.deadline_seconds:
        name = f"{PREFIX}DEADLINE_MAX_SECONDS"
        raise ConfigurationError(f"{name} must not be less than {PREFIX}DEADLINE_SECONDS.", name)
    return settings


def _read(name: str, text: str, definition: dataclasses.Field[Any]) -> Path | str | int | float:
    """One value of the type and within the bounds of its setting."""
    if definition.name == "home":
        if not text.strip() or "\0" in text:
            raise ConfigurationError(f"{name} must name a folder.", name)
        return Path(text)
    if "low" not in definition.metadata:
        return _read_text(name, text.strip(), definition.metadata)
    low, high = definition.metadata["low"], definition.metadata["high"]
    try:
        number = int(text) if definition.type == "int" else float(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a number, not {text!r}.", name) from None
    if not math.isfinite(number) or not low <= number <= high:
        raise ConfigurationError(f"{name} must lie between {low} and {high}, not {text!r}.", name)
    return number


def _read_text(name: str, text: str, rules: Mapping[str, Any]) -> str:
    """A word that is one of the choices, or an address of one of the schemes, where there are such; it may be empty.

    An address may hold a password, so it is not shown.
    """
    choices, schemes = rules.get("choices"), rules.get("schemes")
    if choices and text not in choices:
        raise ConfigurationError(f"{name} must be {' or '.join(choices)}, not {text!r}.", name)
    if schemes and text and not _is_address(text, schemes):
        raise ConfigurationError(f"{name} must be {schemes[0]}://host:port/number, with {' or '.join(schemes)}.", name)
    return text


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = urllib.parse.urlsplit(text)
        return url.scheme in schemes and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        return False
