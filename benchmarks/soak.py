"""A service under steady load with bad documents among the good: do memory and open files stay flat, is nothing left?

    python benchmarks/soak.py --minutes 10

Documents come through the inbox and the HTTP API in turn; one in twenty crashes its process, hangs, eats memory, is
damaged, or leaves a program behind. Every ten seconds the memory (PSS) and the open files of each service process,
with the processes it has started, are noted. Memory of the last third of the time is held against that of the first,
the warm-up left out; the most files of the last third against the most of the second. A pool process is replaced after
500 documents; its successor inherits a few pipes more, until the third: from then on they are as many, seen over
eighteen replacements. Nobody is killed: what grows must show. The readers are a stand-in
(``tests.fakes.scripted``), so that as many documents as possible pass through everything around them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.no_redis import CROSSFOOT, is_ready, post_text
from tests.fakes.running import FAST, Up, wait_for
from worker.database import Database

SETTINGS: Final = replace(
    FAST, deadline_seconds=3.0, deadline_page_seconds=0.0, deadline_max_seconds=3.0, memory_mb=512
)
SERVICES: Final = ("redis", "worker main", "worker front", "inbox", "sweeper", "webhooks")
# what a bad document does, and how its job must end
FAULTS: Final = {
    "crash": "quarantined",
    "hang": "failed",
    "eat 4000": "failed",
    "fail": "failed",
    "raise": "quarantined",
    "locked": "failed",
    "orphan": "done",
}
FAULT_EVERY: Final = 20
# where it writes its number
ORPHAN: Final = "orphan"
SAMPLE_SECONDS: Final = 10.0
# of the time, at the beginning: libraries are loaded, caches filled
WARM_UP: Final = 0.2
MOST_GROWTH: Final = 1.10
MOST_MEGABYTES: Final = 5.0
MOST_FILES: Final = 2
# pipes that a second and a third pool process inherit
MOST_INHERITED: Final = 1.10
SETTLE_SECONDS: Final = 120.0


@dataclass(slots=True)
class Samples:
    """What one service was seen to hold: megabytes and open files, over time."""

    megabytes: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def ends(self) -> tuple[float, float, int, int]:
        """Medians of megabytes, in the first third after the warm-up and in the last; most files, second and last."""
        warm = int(len(self.megabytes) * WARM_UP)
        third = max(1, (len(self.megabytes) - warm) // 3)
        early, late = self.megabytes[warm : warm + third], self.megabytes[-third:]
        before, after = self.files[-2 * third : -third] or self.files, self.files[-third:]
        return statistics.median(early), statistics.median(late), max(before), max(after)

    def is_flat(self) -> bool:
        """Whether it holds no more at the end than before."""
        early, late, few, many = self.ends()
        return late <= early * MOST_GROWTH + MOST_MEGABYTES and many <= few * MOST_INHERITED + MOST_FILES


def look(groups: dict[str, int], samples: dict[str, Samples]) -> None:
    """Note what each service holds: the processes of its group, converting children left out."""
    held = {name: [0.0, 0.0] for name in groups}
    by_group = {group: name for name, group in groups.items()}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name = by_group.get(os.getpgid(int(entry.name)))
            if name is None:
                continue
            rollup = (entry / "smaps_rollup").read_text()
            kilobytes = int(rollup.partition("\nPss:")[2].split(None, 1)[0])
            files = sum(1 for _ in (entry / "fd").iterdir())
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        held[name][0] += kilobytes / 1024
        held[name][1] += files
    for name, (megabytes, opened) in held.items():
        samples[name].megabytes.append(megabytes)
        samples[name].files.append(int(opened))


def documents(folder: Path) -> Iterator[tuple[str, str]]:
    """One document after the other, with the state that its job must reach."""
    bad = itertools.cycle(FAULTS)
    for number in itertools.count():
        # through one door and the other in turn
        is_bad = number % FAULT_EVERY == FAULT_EVERY - 1 - number // FAULT_EVERY % 2
        deed = next(bad) if is_bad else "sleep 0.02"
        line = f"orphan {folder / ORPHAN}" if deed == "orphan" else deed
        yield f"{number}\n{line}\n", FAULTS.get(deed, "done")


class Soak:
    """One run on a home of its own."""

    def __init__(self, folder: Path, rate: float) -> None:
        self.folder = folder
        self.rate = rate
        self.up = Up(folder / "home", SETTINGS)
        self.port = 18_000 + int(time.time()) % 10_000
        self.expected: Counter[str] = Counter()
        self.samples: dict[str, Samples] = {name: Samples() for name in (*SERVICES, "api")}
        self._refused: Counter[int] = Counter()

    def run(self, seconds: float) -> bool:
        """Feed and look for so long, wait for the end; whether all is as demanded."""
        with self.up, (self.folder / "serve.log").open("wb") as log:
            api = subprocess.Popen(
                [*CROSSFOOT, "serve", "--port", str(self.port)],
                env=self.up.settings.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            wait_for(lambda: is_ready(self.port) or None)
            groups = {name: self.up.pid(name) for name in SERVICES} | {"api": api.pid}
            self._feed(seconds, groups)
            states = self._settle()
            same = groups == {name: self.up.pid(name) for name in SERVICES} | {"api": api.pid}
            api.terminate()
            api.wait(20)
        return self._show(states, same=same)

    def _feed(self, seconds: float, groups: dict[str, int]) -> None:
        begun = time.monotonic()
        next_look = begun
        for number, (text, state) in enumerate(documents(Path(tempfile.gettempdir()))):
            now = time.monotonic()
            if now - begun > seconds:
                break
            if now >= next_look:
                look(groups, self.samples)
                next_look = now + min(SAMPLE_SECONDS, seconds / 40)
            if number % 2:
                status = post_text(self.port, f"{number}.txt", text)
                self._refused[status] += status != 202
                self.expected[state] += status == 202
            else:
                self.up.drop(f".{number}", text)
                (self.up.settings.inbox / f".{number}").rename(self.up.settings.inbox / f"{number}.txt")
                self.expected[state] += 1
            time.sleep(max(0.0, begun + (number + 1) / self.rate - time.monotonic()))

    def _settle(self) -> Counter[str]:
        """Wait until every job has ended; how many ended how."""
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            with Database.open(self.up.settings) as db:
                rows = db.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
                open_names = db.row("SELECT 1 FROM deliveries WHERE delivered_at IS NULL LIMIT 1")
            states = Counter({row["state"]: row["n"] for row in rows})
            if (states == +self.expected and open_names is None) or time.monotonic() > until:
                return states
            time.sleep(0.5)

    def _show(self, states: Counter[str], *, same: bool) -> bool:
        """Print what was found; whether it is as demanded."""
        print(f"documents {sum(self.expected.values()):,}, {self.rate:g} a second; jobs {dict(states)}")
        good = states == +self.expected and not +self._refused
        if not good:
            print(f"  MISSED: expected {dict(+self.expected)}, refused {dict(+self._refused)}")
        if not same:
            print("  MISSED: a service was started again")
        for name, samples in self.samples.items():
            early, late, few, many = samples.ends()
            flat = samples.is_flat()
            said = f"{early:7.1f} -> {late:7.1f} MB  {few:4} -> {many:4} files at most"
            print(f"  {name:14} {said}{'' if flat else '  MISSED'}")
            good = good and flat
        (self.folder / "samples.json").write_text(json.dumps({n: asdict(s) for n, s in self.samples.items()}))
        home = self.up.home
        rooms = [home / name for name in ("scratch", "work", "inbox", "uploads")] + [Path(tempfile.gettempdir())]
        left = [str(path) for room in rooms if room.is_dir() for path in room.iterdir() if path.name != ORPHAN]
        print(f"  left behind: {len(left)}" + "".join(f"\n    {path}  MISSED" for path in left[:10]))
        return good and same and not left


def main() -> int:
    """Measure; 1 where it is not as demanded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=8.0, help="documents a second")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    (folder / "tmp").mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "tmp")
    print(f"{asked.minutes:g} minutes, load {Path('/proc/loadavg').read_text().split()[0]}", flush=True)
    good = Soak(folder, asked.rate).run(asked.minutes * 60)
    if good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"  {folder} is left to be looked at")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
