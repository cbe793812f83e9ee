"""The command line starts fast."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import start

# what --help has no use for; each takes longer to import than typer
SLOW = ("pydantic", "rich", "celery", "redis", "numpy", "bs4", "extractors", "asyncio", "multiprocessing")


def test_help_takes_no_longer_than_twice_typer() -> None:
    """--help takes at most twice as long as importing typer (median of several, in turn; some slack for noise)."""
    start.measure(1)
    shown, imported = start.measure(7)
    assert shown <= start.DEMAND * imported * 1.15


def test_help_imports_nothing_slow() -> None:
    """The reason for the speed, which no busy machine can blur: none of the slow modules is loaded for --help."""
    code = (
        "import sys\nfrom worker.cli import main\nsys.argv = ['crossfoot', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "convert" in said.stdout
    assert set(said.stderr.split()) & set(SLOW) == set()
