"""Text that is there is read exactly, and how long it takes beside what others take on the same files.

    python -m benchmarks.reading FILINGS SCORER_DIR [--python SCORER_PYTHON] [--generated COUNT] [--seed N]

Scores html, pdf and txt of FILINGS (see ``benchmarks/filings.py``), then COUNT documents generated with a seed drawn
now (or given), and prints, for each kind, the median over the documents of our CPU time and of its ratio to
``pandas.read_html`` (html) and ``camelot.read_pdf(flavor="stream")`` (pdf), measured one after the other in this run.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import pandas as pd
from camelot.io import read_pdf

from extractors.convert import convert

VARIANTS = ("html", "pdf", "txt")


def main() -> int:
    """Score, then time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filings", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--generated", type=int, default=0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args()
    _score(options.filings, options, VARIANTS)
    if options.generated:
        folder = Path(tempfile.mkdtemp(prefix="crossfoot-generated-"))
        print(f"\n{options.generated} generated documents, seed {options.seed}")
        corpus = ["corpus", str(folder), "--seed", str(options.seed), "--count", str(options.generated)]
        subprocess.run(
            [sys.executable, "-m", "corpus.generate", *corpus, "--variants", *VARIANTS],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        _score(folder, options, VARIANTS)
        shutil.rmtree(folder)
    print("\nCPU seconds a document, median, and the median ratio to the other program's")
    _compare("html", "document.html", options.filings, "pandas.read_html", _pandas)
    _compare("pdf", "document.pdf", options.filings, "camelot stream", _camelot)
    return 0


def _score(folder: Path, options: argparse.Namespace, variants: tuple[str, ...]) -> None:
    bench = [sys.executable, str(Path(__file__).with_name("filings.py")), str(folder), str(options.scorer)]
    subprocess.run([*bench, "--python", options.python, "--variant", *variants], check=True)


def _compare(kind: str, name: str, folder: Path, other: str, run: Callable[[Path], object]) -> None:
    """Time both programs on each file, once to warm up and once for the record."""
    ours, ratios = [], []
    for path in sorted(folder.glob(f"*/{name}")):
        data = path.read_bytes()
        mine, theirs = _seconds(partial(convert, data)), _seconds(partial(run, path))
        ours.append(mine)
        ratios.append(mine / theirs)
    print(f"{kind}: {median(ours):.3f} s; {median(ratios):.2f} x {other} ({len(ours)} documents)")


def _seconds(job: Callable[[], object]) -> float:
    job()
    start = time.process_time()
    job()
    return time.process_time() - start


def _pandas(path: Path) -> object:
    return pd.read_html(path)


def _camelot(path: Path) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_pdf(str(path), pages="all", flavor="stream")


if __name__ == "__main__":
    sys.exit(main())
