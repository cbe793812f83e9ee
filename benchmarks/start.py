"""How long the command line takes to start: ``crossfoot --help`` against ``python -c "import typer"``.

The demand: no more than twice as long. Both are measured in turn, so that a busy machine slows both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

HELP = (sys.executable, "-c", "import sys; from worker.cli import main; sys.argv = ['crossfoot', '--help']; main()")
TYPER = (sys.executable, "-c", "import typer")
DEMAND = 2.0


def seconds(command: tuple[str, ...]) -> float:
    """Wall clock of one whole process."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def measure(times: int) -> tuple[float, float]:
    """Median seconds of ``--help`` and of importing typer, taken in turn."""
    pairs = [(seconds(HELP), seconds(TYPER)) for _ in range(times)]
    shown, imported = zip(*pairs, strict=True)
    return statistics.median(shown), statistics.median(imported)


def main() -> int:
    """Print the figures; 1 where the demand is missed."""
    measure(1)  # the first run reads files that are not yet in memory
    shown, imported = measure(21)
    print(f"crossfoot --help {shown * 1000:6.1f} ms")
    print(f"import typer     {imported * 1000:6.1f} ms")
    print(f"ratio            {shown / imported:6.2f}  (demand: at most {DEMAND})")
    return 0 if shown <= DEMAND * imported else 1


if __name__ == "__main__":
    sys.exit(main())
