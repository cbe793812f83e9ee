"""How well scans of all kinds are read: many typefaces, sizes and resolutions, one kind of damage to each document.

    python -m benchmarks.scans SCORER_DIR [--python SCORER_PYTHON] [--count 88] [--seed N] [--repair] [--keep FOLDER]
                               [--damage stamped ...] [--jobs 2] [--wrong]

Draws a seed (or takes the one given), writes COUNT documents (``corpus.scans``; what stays legible is stated in
``corpus.scan.scanner``), converts them without repair, scores them, and prints recall, precision, silent errors and
figures for review for each typeface and each damage, weakest first. 88 documents take about 20 minutes on two cores.
Demanded over all: recall at least 98.5 %, silent errors at most 0.1 %, for review at most 6 %.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.scan import DAMAGES
from corpus.scans import VARIANT, Made, write_scans

LEAST_RECALL, MOST_SILENT, MOST_REVIEW = 0.985, 0.001, 0.06


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of some documents: in the truth, right, in the result, wrong and not flagged, flagged."""

    truth: int = 0
    right: int = 0
    found: int = 0
    silent: int = 0
    flagged: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.truth + other.truth,
            self.right + other.right,
            self.found + other.found,
            self.silent + other.silent,
            self.flagged + other.flagged,
        )

    @property
    def passes(self) -> bool:
        """True when what is demanded of the whole holds."""
        return (
            _share(self.right, self.truth) >= LEAST_RECALL
            and _share(self.silent, self.found) <= MOST_SILENT
            and _share(self.flagged, self.found) <= MOST_REVIEW
        )

    def line(self, name: str) -> str:
        """A line of the table."""
        recall, precision = _share(self.right, self.truth), _share(self.right, self.found)
        silent, review = _share(self.silent, self.found), _share(self.flagged, self.found)
        return f"{name:<24}{self.truth:>7}{recall:>9.2%}{precision:>11.2%}{self.silent:>6} ({silent:.2%}){review:>9.2%}"


HEAD = f"{'':<24}{'figures':>7}{'recall':>9}{'precision':>11}{'silent':>14}{'review':>9}"


def tally(rates: Mapping[str, float]) -> Tally:
    """The counts behind the rates of a document that the scorer wrote; nothing found where it has no result."""
    truth = round(rates["cells"])
    right = round(rates["recall"] * truth)
    found = round(right / rates["precision"]) if rates["precision"] else 0
    return Tally(truth, right, found, round(rates["silent_n"]), round(rates["flagged"] * found))


def table(made: Sequence[Made], tallies: Mapping[str, Tally], name: Callable[[Made], str]) -> list[str]:
    """A line for each group of documents, lowest recall first."""
    groups: dict[str, Tally] = {}
    for document in made:
        groups[name(document)] = groups.get(name(document), Tally()) + tallies[document.id]
    ranked = sorted(groups.items(), key=lambda item: (_share(item[1].right, item[1].truth), item[0]))
    return [group.line(key) for key, group in ranked]


def main() -> int:
    """Generate, convert, score; exit status 1 when less than the demanded is reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--count", type=int, default=88)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--damage", nargs="+", default=list(DAMAGES), metavar="|".join(DAMAGES))
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--repair", action="store_true")
    parser.add_argument("--keep", type=Path, help="keep documents, results and predictions in this folder")
    parser.add_argument("--wrong", action="store_true", help="list the documents with wrong figures")
    options = parser.parse_args()
    work = options.keep or Path(tempfile.mkdtemp(prefix="crossfoot-scans-"))
    documents = work / "documents"
    shutil.rmtree(documents, ignore_errors=True)
    documents.mkdir(parents=True)
    made = write_scans(documents, options.seed, options.count, tuple(options.damage))
    begun = time.monotonic()
    tallies = {key: tally(rates) for key, rates in _scored(options, work).items()}
    pages = sum(document.pages for document in made)
    print(f"seed {options.seed}: {len(made)} documents, {pages} pages, {time.monotonic() - begun:.0f} s")
    whole = _print(made, tallies, wrong=options.wrong)
    if not options.keep:
        shutil.rmtree(work, ignore_errors=True)
    return 0 if whole.passes else 1


def _scored(options: argparse.Namespace, work: Path) -> dict[str, dict[str, float]]:
    """Convert all documents and score them: id of a document → its rates."""
    inputs, results, predictions = work / "inputs", work / "results", work / "predictions"
    for folder in (inputs, results, predictions):
        shutil.rmtree(folder, ignore_errors=True)
    for path in (work / "documents").glob(f"*/{VARIANT}.pdf"):
        (inputs / path.parent.name).mkdir(parents=True)
        shutil.copy(path, inputs / path.parent.name)
    crossfoot = Path(sys.executable).with_name("crossfoot")
    extra = [] if options.repair else ["--no-repair"]
    convert = [crossfoot, "convert", inputs, "-o", results, "--jobs", options.jobs, *extra]
    subprocess.run(convert, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(
        [options.python, options.scorer / "predictions.py", results, predictions],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    scores = work / "scores.json"
    score = [options.python, options.scorer / "score.py", predictions, work / "documents", "--json", scores]
    subprocess.run([*score, "--variant", VARIANT, "--brief"], check=True, stdout=subprocess.DEVNULL)
    documents: dict[str, dict[str, float]] = json.loads(scores.read_text(encoding="utf-8"))[VARIANT]["docs"]
    return documents


def _print(made: Sequence[Made], tallies: Mapping[str, Tally], *, wrong: bool) -> Tally:
    views: list[tuple[str, Callable[[Made], str]]] = [
        ("kind of typeface", lambda m: m.kind),
        ("typeface", lambda m: m.font),
        ("damage", lambda m: m.damage),
        ("size of type", lambda m: f"{int(m.size)}-{int(m.size) + 1} pt"),
        ("resolution", lambda m: f"{m.dpi} dpi"),
    ]
    if wrong:
        failed = [m for m in made if tallies[m.id].right < max(tallies[m.id].truth, tallies[m.id].found)]
        views.append(("documents with wrong figures", lambda m: f"{m.id} {m.font} {m.damage}" if m in failed else "-"))
    for title, name in views:
        print(f"\n{title}\n{HEAD}", *table(made, tallies, name), sep="\n")
    whole = Tally()
    for one in tallies.values():
        whole += one
    print(f"\n{HEAD}", whole.line("all"), sep="\n")
    return whole


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


if __name__ == "__main__":
    sys.exit(main())
