"""Documents handed in while processes are killed under them: is anything lost, doubled, or stuck?

    python benchmarks/chaos.py --documents 2000 --database postgresql

A real ``crossfoot up`` with a Redis of its own, real Celery workers, real children; only the readers are a stand-in
(``tests.fakes.scripted``), so that a document takes milliseconds. Faults come by the progress of the documents, in an
order that the seed decides: kill -9 of converting children, of worker groups, of the processes around them, of Redis
and of PostgreSQL, FLUSHALL, workers stopped past their lease and let go on, and a full disk, under whatever is being
taken in and committed at that moment (the home is a file system of its own, in memory, where we may mount one). One
document in a hundred is poison. What has become of them is judged from outside (``benchmarks.history``).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.history import Handed, Log, Verdict, judge
from tests.fakes.postgres import Postgres
from tests.fakes.running import FAST, Up

SETTINGS = replace(
    FAST, deadline_seconds=6.0, deadline_page_seconds=0.0, deadline_max_seconds=6.0, memory_mb=512, reserve_mb=0
)
MOST_EXTRA = 0.05
# poison: what it does, one after the other
POISON = ("crash", "hang", "eat 4000")
POISON_EVERY = 100
# the same bytes under a second name
TWIN_EVERY = 20
# how often in ten thousand documents: at least; a few more, since some find nothing to hurt until it is too late
FAULTS = {"child": 150, "group": 50, "redis": 10, "around": 10, "stop": 4}
MORE = 1.1
POSTGRES_FAULTS = 15
FULL_FAULTS = 4
# the home's own file system, and how long it is full
DISK_MB = 768
LARGEST_PIECE, SMALLEST_PIECE = 1 << 24, 1 << 12
FULL_SECONDS = 6.0
BALLAST = "ballast"
FAULT_WORDS = "ault of the program"
FULL_WORDS = ("No space left", "disk is full", "nearly full")
# so far the client is ahead of the workers: documents come in for as long as there are faults
AHEAD = 100
FED_AT_ONCE = 20
TICK_SECONDS = 0.01
# a fault that finds nothing to hurt waits so long for it
HURT_SECONDS = 5.0
# a document that was hurt so often already is spared: it would be given up as if it were poison
SPARED = 2
AWAY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it. ``seconds``: no new documents after that time; ``settle``: how long the end is waited for."""

    documents: int
    seed: int = 1
    seconds: float = 7200.0
    settle: float = 120.0


class Chaos:
    """One run: feeds, hurts, waits, and is judged.

    ``server`` holds the rows where it is given. ``own_disk``: the home is a file system that may be filled up.
    """

    def __init__(self, plan: Plan, folder: Path, server: Postgres | None = None, *, own_disk: bool = False) -> None:
        self.plan = plan
        self.own_disk = own_disk
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.log = Log(folder / "history.jsonl")
        self.server = server
        self.url = server.make_database() if server is not None else ""
        self.up = Up(folder / "home", replace(SETTINGS, database_url=self.url))
        self.random = random.Random(plan.seed)
        self.fed = 0
        self.seconds = 0.0
        self.done: Counter[str] = Counter()
        self.faults = self._choose_faults()
        self._later: list[tuple[float, Callable[[], object]]] = []
        # how often who has met the full disk, by their logs
        self.met: Counter[str] = Counter()
        # lines of the logs about exceptions that nobody has thought of; their documents were tried again
        self.own_faults: list[str] = []
        self._is_full = False
        self._documents = self._make_documents()
        self._more = True

    def _choose_faults(self) -> list[str]:
        """Which faults come, in which order."""
        faults = FAULTS | ({"postgres": POSTGRES_FAULTS} if self.server is not None else {})
        faults |= {"full": FULL_FAULTS} if self.own_disk else {}
        counts = {name: max(1, round(MORE * times * self.plan.documents / 10_000)) for name, times in faults.items()}
        chosen = [name for name, times in counts.items() for _ in range(times)]
        chosen.append("flushall")
        self.random.shuffle(chosen)
        return chosen

    def run(self) -> Verdict:
        """Hand everything in, hurt the service meanwhile, wait for the end of it all, stop it, judge."""
        begun = time.monotonic()
        with self.up:
            until = begun + self.plan.seconds
            while self._more or (self.faults and self._started() < self.fed):
                self._more = self._more and time.monotonic() < until
                if self._more and not self._is_full and self.fed - self._started() < AHEAD:
                    self._reveal(self._write())
                if self.faults and self._is_due():
                    self._hurt(self.faults.pop())
                self._mend()
                time.sleep(TICK_SECONDS)
            self._settle()
            self.seconds = time.monotonic() - begun
        for log in sorted((self.up.home / "logs").glob("*.log")):
            text = log.read_text(encoding="utf-8", errors="replace")
            self.met[log.stem] += sum(text.count(words) for words in FULL_WORDS)
            self.own_faults += [line for line in text.splitlines() if FAULT_WORDS in line]
        return judge(self.log, self.up.home, self.notes, self.url)

    def _is_due(self) -> bool:
        """Whether the next fault comes now: they are spread over the documents."""
        happened = sum(self.done.values())
        return self._started() > (happened + 0.5) / (happened + len(self.faults)) * self.plan.documents

    def _started(self) -> int:
        """How many documents have been begun, seen from outside."""
        return _count(self.notes)

    def _make_documents(self) -> Iterator[tuple[str, list[Handed]]]:
        """One document after the other: its text, and each name it comes under."""
        for number in range(self.plan.documents):
            planted = POISON[number // POISON_EVERY % len(POISON)] if number % POISON_EVERY == POISON_EVERY - 1 else ""
            deed = planted or f"sleep {self.random.choice((0, 0, 0.02, 0.1))}"
            text = f"{number}\nnote {self.notes / str(number)}\n{deed}\n"
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            names = [f"{number}.txt", *([f"{number}-twin.txt"] if number % TWIN_EVERY == 0 else [])]
            yield text, [Handed(name, sha256, str(number), planted) for name in names]

    def _write(self) -> list[str]:
        """Write some more into the inbox, still hidden; their names."""
        written = []
        for text, names in islice(self._documents, FED_AT_ONCE):
            for handed in names:
                self.log.add(handed)
                (self.up.settings.inbox / f".{handed.name}").write_text(text)
                written.append(handed.name)
            self.fed += 1
        self._more = self.fed < self.plan.documents
        return written

    def _reveal(self, names: list[str]) -> None:
        """Hand in what has been written."""
        for name in names:
            (self.up.settings.inbox / f".{name}").rename(self.up.settings.inbox / name)

    def _settle(self) -> None:
        """Wait until all is answered, or for so long that what is not will never be."""
        until = time.monotonic() + self.plan.settle
        home = self.up.home
        open_names = [handed.name for handed in self.log.read()]
        while time.monotonic() < until and (open_names or self._later or _count(home / "work")):
            self._mend()
            results, failed = _names(home / "results"), _names(home / "failed")
            open_names = [n for n in open_names if f"{n}.json" not in results and f"{n}.error.json" not in failed]
            time.sleep(0.2)
        for _, mend in self._later:
            mend()

    def _mend(self) -> None:
        """What was to come back by now comes back."""
        if self._is_full:
            _fill(self.up.home)
        due = [mend for when, mend in self._later if when <= time.monotonic()]
        self._later = [(when, mend) for when, mend in self._later if when > time.monotonic()]
        for mend in due:
            mend()

    def _hurt(self, fault: str) -> None:
        """One fault; where there is nothing to hurt, it comes another time."""
        until = time.monotonic() + HURT_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(ProcessLookupError, redis.RedisError, IndexError):
                if getattr(self, f"_hurt_{fault}")():
                    self.done[fault] += 1
                    return
            self._mend()
            time.sleep(TICK_SECONDS / 2)
        self.faults.insert(self.random.randrange(len(self.faults) + 1), fault)

    def _hurt_child(self) -> bool:
        """Kill -9 of a child in the middle of a good document."""
        latest = sorted(os.scandir(self.notes), key=lambda entry: entry.stat().st_mtime_ns)[-4:]
        self.random.shuffle(latest)
        for entry in latest:
            tries = Path(entry.path).read_text().split()
            if not self._is_poison(int(entry.name)) and 0 < len(tries) < SPARED and _is_alive(int(tries[-1])):
                os.kill(int(tries[-1]), signal.SIGKILL)
                return True
        return False

    @staticmethod
    def _is_poison(number: int) -> bool:
        return number % POISON_EVERY == POISON_EVERY - 1

    def _worker(self) -> int:
        return self.up.pid(self.random.choice(("worker main", "worker main", "worker front")))

    def _hurt_group(self) -> bool:
        """Kill -9 of a worker and all of its pool."""
        os.killpg(self._worker(), signal.SIGKILL)
        return True

    def _hurt_around(self) -> bool:
        """Kill -9 of what takes documents in, sweeps, or tells."""
        os.killpg(self.up.pid(self.random.choice(("inbox", "sweeper", "webhooks"))), signal.SIGKILL)
        return True

    def _hurt_stop(self) -> bool:
        """A worker that is stopped until its leases are another's, and then goes on."""
        group = self._worker()
        os.killpg(group, signal.SIGSTOP)
        until = time.monotonic() + SETTINGS.lease_seconds + 3 * SETTINGS.sweep_seconds
        self._later.append((until, lambda: _go_on(group)))
        return True

    def _hurt_full(self) -> bool:
        """The disk is full, for a while, whatever is freed meanwhile; some documents come just then."""
        if self._is_full:
            return False
        written = self._write()
        self._is_full = True
        _fill(self.up.home)
        self._reveal(written)
        self._later.append((time.monotonic() + FULL_SECONDS, self._empty))
        return True

    def _empty(self) -> None:
        """There is room again."""
        self._is_full = False
        (self.up.home / BALLAST).unlink()

    def _hurt_redis(self) -> bool:
        os.kill(self.up.pid("redis"), signal.SIGKILL)
        return True

    def _hurt_flushall(self) -> bool:
        """Everything that Redis holds is gone."""
        text = (self.up.settings.redis / "redis.conf").read_text()
        said = dict(line.split(" ", 1) for line in text.splitlines())
        with redis.Redis(port=int(said["port"]), password=said["requirepass"]) as client:
            client.flushall()
        return True

    def _hurt_postgres(self) -> bool:
        """Kill -9 of the server; it comes back."""
        server = self.server
        if server is None or server.process is None:
            return False
        server.kill()
        self._later.append((time.monotonic() + AWAY_SECONDS, server.start))
        return True


def _names(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def _count(folder: Path) -> int:
    return len(_names(folder))


def _fill(home: Path) -> None:
    """Leave nothing of a file system: by large pieces, then by small ones, since others write meanwhile."""
    with (home / BALLAST).open("ab") as file:
        size = LARGEST_PIECE
        while size >= SMALLEST_PIECE:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
            except OSError:
                size //= 8


@contextlib.contextmanager
def own_disk(home: Path) -> Iterator[bool]:
    """A file system of the home's own, in memory; False where none may be mounted."""
    home.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "crossfoot-chaos", str(home)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(home)], check=True)


def _go_on(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGCONT)


def _is_alive(pid: int) -> bool:
    """Whether a process lives (one that is dead and not yet buried does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def show(chaos: Chaos, verdict: Verdict) -> bool:
    """Print what was done and found; whether it is as demanded."""
    faults = verdict.faults()
    print(f"documents    {chaos.fed} ({verdict.planted} poison) in {chaos.seconds:.0f} s")
    short = {name: times for name, times in FAULTS.items() if chaos.done[name] < times * chaos.fed // 10_000}
    print("faults       " + ", ".join(f"{times} {name}" for name, times in sorted(chaos.done.items())))
    if chaos.own_disk:
        print("full disk    met by " + ", ".join(f"{log} {times} times" for log, times in sorted((+chaos.met).items())))
    for line in chaos.own_faults:
        print(f"exception    {line}")
    for name in ("lost", "divergent", "stuck", "refused", "passed", "broken"):
        found = faults.get(name, [])
        print(f"{name:12} {len(found)}" + "".join(f"\n             {line}" for line in found[:10]))
    print(f"extra        {verdict.executions - verdict.documents} of {verdict.documents} ({verdict.extra:.1%})")
    if short:
        print(f"MISSED       fewer faults than {short}")
    return not faults and verdict.extra <= MOST_EXTRA and not short


def main() -> int:
    """Run it on the databases that were asked for; 1 where something is not as demanded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=7200.0, help="hand nothing in after that")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--keep", action="store_true", help="leave the folder there to be looked at")
    asked = parser.parse_args()
    plan = Plan(asked.documents, asked.seed, asked.seconds)
    good = True
    for database in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        print(f"{database}" + (f"     {folder}" if asked.keep else ""), flush=True)
        with (
            own_disk(folder / "home") as is_own,
            Postgres() if database == "postgresql" else contextlib.nullcontext() as server,
        ):
            chaos = Chaos(plan, folder, server, own_disk=is_own)
            good = show(chaos, chaos.run()) and good
            if asked.keep and is_own:
                shutil.copytree(folder / "home", folder / "kept", symlinks=True)
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
