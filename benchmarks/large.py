"""Long HTML reports: what they cost beside BeautifulSoup's bare parse, how memory and time grow with their size.

    python -m benchmarks.large [--megabytes 0.4 4 40] [--seed N]

Sets the tables of generated filings (EDGAR's markup) between paragraphs of prose, 120 tables to 4 MB as a 10-K has
them, and prints for each size: tables and figures read, CPU seconds of ``convert`` and of writing the JSON, their
ratio to ``BeautifulSoup(data, "lxml")`` and ``BeautifulSoup(data, "html.parser")`` measured in the same process, the
peak memory, and the seconds per megabyte. Each size is measured in a process of its own, the median of three runs.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from bs4 import BeautifulSoup

from extractors.convert import convert

BYTES_PER_TABLE = 4_000_000 // 120
_BODY = re.compile(r"(?is)<body[^>]*>(.*)</body>")
# a report keeps to one decimal mark: generated filings that write a comma are left out
_DECIMAL_COMMA = re.compile(r"\d\.\d{3}[.,<]|>\(?\d+,\d{1,2}\D")
_PROSE = (
    "the company recorded revenue of products and services during the period ended under an agreement with customers "
    "which is subject to the risk factors that this report describes and to such other matters as may arise"
)


def main() -> int:
    """Generate, then measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0.4, 4.0, 40.0])
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(_measure(options.measure)))
        return 0
    print(f"seed {options.seed}")
    print("| MB | tables | figures | CPU s | s per MB | x bs4 (lxml) | x bs4 (html.parser) | peak MB |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="crossfoot-large-") as folder:
        bodies = _bodies(Path(folder), options.seed)
        for size in options.megabytes:
            path = Path(folder) / "report.html"
            length = path.write_text(_report(bodies, int(size * 1e6), random.Random(options.seed)))
            command = [sys.executable, "-m", "benchmarks.large", "--measure", str(path)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            ours, lxml, plain = found["ours"], found["lxml"], found["html.parser"]
            print(
                f"| {size:g} | {found['tables']} | {found['figures']} | {ours:.2f} | {ours / length * 1e6:.3f} "
                f"| {ours / lxml:.2f} | {ours / plain:.2f} | {found['peak']:.0f} |"
            )
    return 0


def _bodies(folder: Path, seed: int) -> list[str]:
    """What stands in the bodies of generated filings."""
    command = [sys.executable, "-m", "corpus.generate", "corpus", str(folder / "filings"), "--seed", str(seed)]
    subprocess.run([*command, "--count", "60", "--variants", "html=edgar"], check=True, stdout=subprocess.DEVNULL)
    pages = [path.read_text() for path in sorted(folder.glob("filings/*/document.html"))]
    found = [_BODY.search(page) for page in pages if not _DECIMAL_COMMA.search(page)]
    return [match[1] for match in found if match]


def _report(bodies: list[str], length: int, chance: random.Random) -> str:
    """A report of about ``length`` characters: bodies in turn, each followed by the prose its tables call for."""
    parts, written, number = [], 0, 0
    while written < length:
        body = bodies[number % len(bodies)]
        number += 1
        parts.append(body)
        written += len(body)
        prose = body.count("<table") * BYTES_PER_TABLE - len(body)
        while prose > 0:
            words = " ".join(chance.choices(_PROSE.split(), k=120))
            parts.append(f'<p style="font-family:Times New Roman;font-size:10pt">{words}.</p>\n')
            prose -= len(parts[-1])
            written += len(parts[-1])
    return f"<html><body>{''.join(parts)}</body></html>"


def _measure(path: Path) -> dict[str, float]:
    """CPU seconds and peak memory (MB) of one file; the memory before anything else has read it."""
    data = path.read_bytes()
    filing = convert(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = {
        "ours": _seconds(lambda: convert(data).model_dump_json()),
        "lxml": _seconds(partial(BeautifulSoup, data, "lxml")),
        "html.parser": _seconds(partial(BeautifulSoup, data, "html.parser")),
    }
    figures = sum(len(table.figures) for table in filing.tables)
    return {"tables": len(filing.tables), "figures": figures, "peak": peak, **seconds}


def _seconds(job: Callable[[], object]) -> float:
    runs = []
    for _ in range(3):
        start = time.process_time()
        job()
        runs.append(time.process_time() - start)
    return median(runs)


if __name__ == "__main__":
    sys.exit(main())
