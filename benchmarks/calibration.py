"""Does a figure's confidence say how often such figures are right, and are the wrong ones the least confident?

    python -m benchmarks.calibration PREDICTIONS TRUTHS SCORER_DIR [--python SCORER_PYTHON] [--variant scan300 ...]
                                     [--picture FILE.svg]

PREDICTIONS are what ``predictions.py`` of the scorer wrote (``benchmarks/filings.py --no-repair --keep FOLDER`` leaves
them in FOLDER/predictions), TRUTHS the folder of truth.json files. Prints, for each variant, the expected calibration
error (10 bins of equal size, as the scorer's audit counts it) and the share of the wrong figures among the 2 % least
confident, and draws the reliability diagram of all: stated doubt against the share of wrong figures.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10, sqrt
from pathlib import Path
from typing import NamedTuple

VARIANTS = ("scan300", "scan200", "fax")
# run by the scorer's own interpreter: each counted figure with its confidence and whether it is right
_SINK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import audit, score
found = {}
for variant in sys.argv[4:]:
    sink = []
    for document, truth in score.load_truths(sys.argv[3]).items():
        if variant in truth.get("variants", score.VARIANTS):
            score.score_doc(audit.predicted(sys.argv[2], document, variant), truth, sink)
    found[variant] = [(confidence, right) for confidence, right, _ in sink]
print(json.dumps(found))
"""
_BINS, _LEAST_CONFIDENT = 10, 50  # the least confident 50th
_EDGES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0)
_FLOOR = 1e-4  # where the axes of the diagram begin


class Judged(NamedTuple):
    """A figure of a result: its confidence (0-1) and whether it is right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Figures of about the same doubt: the mean of their doubts, how many they are and how many are wrong."""

    doubt: float
    figures: int
    wrong: int


def judged_figures(python: str, sources: tuple[Path, Path, Path], variants: Sequence[str]) -> dict[str, list[Judged]]:
    """Each counted figure of the predictions, by variant; ``sources``: scorer, predictions, truths."""
    command = [python, "-c", _SINK, *(str(path.resolve()) for path in sources), *variants]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {name: [Judged(*one) for one in sink] for name, sink in json.loads(done.stdout).items() if sink}


def calibration_error(judged: Sequence[Judged]) -> float:
    """The expected calibration error, 0-1: 10 bins of equal size by confidence."""
    ranked = sorted(judged, key=lambda one: one.confidence)
    count = len(ranked)
    bins = [ranked[i * count // _BINS : (i + 1) * count // _BINS] for i in range(_BINS)]
    return sum(abs(sum(one.confidence - one.right for one in part)) for part in bins) / max(count, 1)


def wrong_among_least(judged: Sequence[Judged]) -> tuple[int, int]:
    """How many of the wrong figures are among the 2 % least confident, and how many there are."""
    ranked = sorted(judged, key=lambda one: one.confidence)
    least = ranked[: max(len(ranked) // _LEAST_CONFIDENT, 1)]
    return sum(not one.right for one in least), sum(not one.right for one in ranked)


def bins(judged: Sequence[Judged]) -> Iterator[Bin]:
    """The figures in bins of like doubt, widest doubt first; empty ones are left out."""
    for high, low in pairwise(_EDGES):
        part = [one for one in judged if low <= 1 - one.confidence < high or (high == 1.0 and one.confidence <= 0)]
        if part:
            doubt = sum(1 - one.confidence for one in part) / len(part)
            yield Bin(doubt, len(part), sum(not one.right for one in part))


def interval(wrong: int, count: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share."""
    z, share = 1.96, wrong / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def diagram(judged: dict[str, list[Judged]]) -> str:
    """The reliability diagram as SVG: both axes logarithmic, since nearly all doubts are small."""
    side, pad, colours = 520, 60, ("#1b6ca8", "#c0392b", "#2e7d32", "#7b4fa3")

    def at(share: float) -> float:
        return side * (log10(max(share, _FLOOR)) - log10(_FLOOR)) / -log10(_FLOOR)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side + 2 * pad}" height="{side + 2 * pad}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<g transform="translate({pad},{pad})"><rect width="{side}" height="{side}" fill="none" stroke="#888"/>',
        f'<line x1="0" y1="{side}" x2="{side}" y2="0" stroke="#888" stroke-dasharray="4"/>',
        f'<text x="{side / 2}" y="{side + 44}" text-anchor="middle">stated doubt (1 - confidence)</text>',
        f'<text transform="translate(-44,{side / 2}) rotate(-90)" text-anchor="middle">share of wrong figures</text>',
    ]
    for tick in (0.0001, 0.001, 0.01, 0.1, 1.0):
        parts.append(f'<text x="{at(tick):.1f}" y="{side + 20}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="-8" y="{side - at(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for number, (name, figures) in enumerate(judged.items()):
        colour = colours[number % len(colours)]
        parts.append(f'<text x="12" y="{22 + 18 * number}" fill="{colour}">{name}: {len(figures)} figures</text>')
        for one in bins(figures):
            low, high = interval(one.wrong, one.figures)
            x, y = at(one.doubt) + 3 * number, side - at(one.wrong / one.figures)
            title = f"<title>{one.wrong} of {one.figures} wrong, doubt {one.doubt:.4f}</title>"
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{side - at(low):.1f}" y2="{side - at(high):.1f}" '
                f'stroke="{colour}" opacity=".5"/>'
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">{title}</circle>'
            )
    return "\n".join([*parts, "</g></svg>\n"])


def main() -> int:
    """Print the figures and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("truths", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--variant", nargs="+", default=list(VARIANTS))
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    sources = (options.scorer, options.predictions, options.truths)
    judged = judged_figures(options.python, sources, options.variant)
    for name, figures in judged.items():
        low, wrong = wrong_among_least(figures)
        share = f" ({low / wrong:.0%})" if wrong else ""
        print(
            f"{name}: {len(figures)} figures, {wrong} wrong, expected calibration error "
            f"{calibration_error(figures):.4f}, {low} of the wrong{share} among the 2 % least confident"
        )
        for one in bins(figures):
            print(f"    doubt {one.doubt:.4f}: {one.wrong} of {one.figures} wrong ({one.wrong / one.figures:.4f})")
    if options.picture:
        options.picture.write_text(diagram(judged), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
