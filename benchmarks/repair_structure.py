"""Damage the structure of true statements and count what becomes of their figures.

    python benchmarks/repair_structure.py TRUTH_FOLDER [--trials 1] [--seed 1] [--docs ID ...]

One row of each table is shifted, repeated, or has two cells merged, one torn or one lost. ``wrong`` figures are those
that are not what is printed in their place; a ghost's figures are all wrong, and so is what a merged cell swallowed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.repair import Case, cases, proved  # noqa: E402 (the path above makes it importable)
from corpus.structure import KINDS, damage  # noqa: E402
from extractors.numbers import read_number  # noqa: E402


def count(case: Case, kind: str, rng: Random, tell: bool) -> Counter[str]:
    """What became of the figures of one document."""
    damaged, truth = damage(case.layout, kind, rng)
    outcome, bodies, _, _ = proved(damaged, case.periods)
    found: Counter[str] = Counter()
    there = set()
    for number, body in enumerate(bodies):
        for figure in body.figures:
            spot = number, figure.row, figure.column
            there.add(spot)
            judged, read = outcome.figures[figure.id], read_number(figure.raw)
            true = read_number(truth[spot]) if truth[spot] else None
            right = true is not None and judged.value == true.value
            misread = true is None or read is None or read.value != true.value
            found["figures"] += 1
            found["wrong"] += misread
            found["repaired"] += misread and right
            found["flagged"] += misread and not right and judged.needs_review
            if not right and not judged.needs_review:
                found["silent"] += 1
                if tell:
                    print(f"silent: {case.name} {kind} {figure.id} {truth[spot]!r} → {judged.value} {judged.status}")
    missing = [spot for spot, text in truth.items() if text and spot not in there and read_number(text) is not None]
    found["missing"] += len(missing)
    told = {member.rsplit(".", 1)[-1] + member.split(".")[0] for f in outcome.findings for member in f.figures}
    found["missing told"] += sum(1 for table, _, column in missing if f"c{column}t{table + 1}" in told)
    return found


def main() -> int:
    """Print the table; status 1 when a figure is silently wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", nargs="*")
    parser.add_argument("--tell", action="store_true", help="name each figure that is silently wrong")
    options = parser.parse_args()
    documents = list(cases(options.folder, options.docs))
    columns = ("figures", "wrong", "repaired", "flagged", "silent", "missing", "missing told")
    print(f"{len(documents)} documents\n| damage | {' | '.join(columns)} |\n{'|---' * (len(columns) + 1)}|")
    silent = 0
    for kind in KINDS:
        tally: Counter[str] = Counter()
        for case in documents:
            for trial in range(options.trials):
                tally += count(case, kind, Random(f"{options.seed} {case.name} {kind} {trial}"), options.tell)
        silent += tally["silent"]
        print(f"| {kind} | {' | '.join(str(tally[name]) for name in columns)} |", flush=True)
    return int(silent > 0)


if __name__ == "__main__":
    sys.exit(main())
