"""Put errors into true statements and count what becomes of them.

    python benchmarks/repair.py TRUTH_FOLDER [--errors 1 5] [--trials 3] [--seed 1] [--docs ID ...]

TRUTH_FOLDER holds ``<id>/truth.json`` (``python -m corpus.generate`` writes such folders). So many figures of each
table are misread, as Tesseract misread figures in typefaces on which the noisy channel was *not* fitted
(``corpus/truth/misreadings-held.json``, written by ``python -m corpus.misreadings held``); once with every reading
equally sure and without alternatives, once with a recogniser's alternatives, the truth among them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from corpus.errors import Confusions, Spot, place_errors  # noqa: E402 (the path above makes corpus importable)
from corpus.truth_tables import Periods, read_truth  # noqa: E402
from extractors.figures import Body, read_figures  # noqa: E402
from extractors.meaning import Meaning, find_meaning  # noqa: E402
from extractors.numbers import read_number  # noqa: E402
from extractors.page import Origin  # noqa: E402
from extractors.repair import Outcome, find_relations, prove_figures  # noqa: E402
from extractors.tables import Layout  # noqa: E402
from schemas.identities import Identity  # noqa: E402

HELD = ROOT / "corpus" / "truth" / "misreadings-held.json"
HEAD = (
    "| errors | rivals | injected | covered | right | flagged | silent in | right flagged | false | s median | s max |"
)


@dataclass(slots=True)
class Tally:
    """Counts over all trials of one setting."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def line(self, errors: int, rivals: bool) -> str:
        """One line of the table; shares of the covered errors, silent ones among all figures."""
        n, every = self.counts, max(1, self.counts["figures"])
        covered, sound = max(1, n["covered"]), max(1, n["sound"])
        return (
            f"| {errors} | {'yes' if rivals else 'no'} | {n['injected']} "
            f"| {100 * n['covered'] / max(1, n['injected']):.1f} % "
            f"| {100 * n['right'] / covered:.1f} % | {100 * n['flagged'] / covered:.1f} % "
            f"| {n['silent covered']} + {n['silent uncovered']} of {every} | {100 * n['sound flagged'] / sound:.2f} % "
            f"| {n['made wrong']} | {median(self.seconds):.3f} | {max(self.seconds):.2f} |"
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A document: true layout and periods, the figures that its identities cover, and those flagged without errors."""

    name: str
    layout: Layout
    periods: Periods
    covered: frozenset[str]
    doubtful: frozenset[str]


def proved(layout: Layout, periods: Periods) -> tuple[Outcome, Sequence[Body], list[Identity], float]:
    """The stages from figures to repair, what should hold as read, and the seconds that footing and repair took."""
    bodies = read_figures(layout.tables)
    meaning = find_meaning(layout, bodies, Origin())
    tables = tuple(
        replace(table, periods=own) if len(own) == len(table.periods) else table
        for table, own in zip(meaning.tables, periods, strict=True)
    )
    meaning = Meaning(tables, meaning.filing)
    begun = time.perf_counter()
    after, outcome = prove_figures(layout.tables, bodies, meaning)
    seconds = time.perf_counter() - begun
    return outcome, after, find_relations(layout.tables, bodies, meaning), seconds


def cases(folder: Path, chosen: Sequence[str] | None) -> Iterator[Case]:
    """The documents of a folder."""
    for path in sorted(folder.glob("*/truth.json")):
        if not chosen or path.parent.name in chosen:
            layout, periods = read_truth(path)
            unsure, _ = place_errors(layout, Confusions(()), 0, Random(0))
            outcome, _, identities, _ = proved(unsure, periods)
            covered = frozenset(member for identity in identities for member in identity.members())
            doubtful = frozenset(name for name, figure in outcome.figures.items() if figure.needs_review)
            yield Case(path.parent.name, layout, periods, covered, doubtful)


def count_one(case: Case, damaged: Layout, errors: dict[Spot, str], tally: Tally) -> list[str]:
    """Add one damaged document to the tally; the lines that tell of figures silently wrong or made wrong."""
    outcome, bodies, _, seconds = proved(damaged, case.periods)
    tally.seconds.append(seconds)
    told: list[str] = []
    for number, body in enumerate(bodies):
        for figure in body.figures:
            judged = outcome.figures[figure.id]
            spot = (number, figure.row, figure.column)
            covered = figure.id in case.covered
            true = read_number(errors.get(spot, figure.raw))
            right = true is not None and judged.value == true.value
            kind = "covered" if covered else "uncovered"
            name = f"{case.name} {figure.id} {errors.get(spot, figure.raw)!r} read {figure.raw!r} → {judged.value}"
            tally.counts["figures"] += 1
            if spot not in errors:
                tally.counts["sound"] += 1
                tally.counts["sound flagged"] += judged.needs_review and figure.id not in case.doubtful
                tally.counts["made wrong"] += not right
                if not right:
                    told.append(f"made wrong: {name} review={judged.needs_review}")
                    tally.counts[f"silent {kind}"] += not judged.needs_review
                continue
            tally.counts["injected"] += 1
            tally.counts["covered"] += covered
            if covered:
                tally.counts["right" if right else "flagged" if judged.needs_review else "wrong"] += 1
                if not right:
                    told.append(f"{'left' if judged.needs_review else 'silent'}: {name} {judged.status}")
            tally.counts[f"silent {kind}"] += not right and not judged.needs_review
    return told


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--errors", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", nargs="*")
    parser.add_argument("--confusions", type=Path, default=HELD)
    parser.add_argument("--rivals", choices=("no", "yes", "both"), default="both")
    parser.add_argument("--tell", action="store_true", help="name each error that was not repaired")
    options = parser.parse_args()
    confusions = Confusions.read(options.confusions)
    documents = list(cases(options.folder, options.docs))
    print(f"{len(documents)} documents\n{HEAD}\n{'|---' * 11}|")
    for errors in options.errors:
        for rivals in (False, True):
            if options.rivals not in ("both", "yes" if rivals else "no"):
                continue
            tally = Tally()
            for case in documents:
                for trial in range(options.trials):
                    rng = Random(f"{options.seed} {case.name} {errors} {trial}")
                    damaged, changed = place_errors(case.layout, confusions, errors, rng, None if rivals else 0.97)
                    told = count_one(case, damaged, changed, tally)
                    if options.tell:
                        print("\n".join(told))
            print(tally.line(errors, rivals), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
