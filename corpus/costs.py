"""What misreadings cost: the table of the noisy channel, fitted on pairs (printed, read).

    python -m corpus.misreadings fit PAIRS.json --pages 108
    python -m corpus.costs PAIRS.json extractors/footing/channel.json

Each pair is aligned by the cheapest edits under the table as it is; how often each edit was seen, among the marks it
could have happened to, gives the new one. Edits seen seldom lean on those of their class. Costs are negative logs of
the rates, moved so that one figure in three would be misread: relative costs are what repair decides by.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import log
from pathlib import Path

from extractors.footing.channel import added, bare, lost, replaced
from extractors.numbers import read_number

DIGITS, MARKS = "0123456789", ",.()-"
REFERENCE = 0.3
LEAN = {"digit digit": 600.0, "mark digit": 300.0, "digit mark": 300.0, "mark mark": 100.0}
"""Printed marks' worth of belief in the rate of the class, for a pair of marks."""

MOST = {"digit digit": 8.0, "mark digit": 7.5, "digit mark": 8.5, "mark mark": 7.0, "added": 7.5}
"""Nats beyond which nothing is dearer: typefaces differ, and what was never seen here may be common there."""

HALF = 0.5  # what counts as seen of an edit of which nothing was seen

Pair = tuple[str, str]


def numbers(pairs: Sequence[Sequence[str]]) -> Iterator[Pair]:
    """The pairs that both are figures, without currency and blanks."""
    for printed, read in pairs:
        if read_number(printed) is not None and read_number(read) is not None:
            yield bare(printed), bare(read)


def kind(mark: str) -> str:
    """Digit or mark."""
    return "digit" if mark in DIGITS else "mark"


Edit = tuple[str, str]
"""What is printed and what is read; "lost", "added" or "swapped" with the kind of mark."""


def cheapest(printed: str, read: str) -> list[Edit]:
    """The edits of the cheapest alignment."""
    best: dict[tuple[int, int], tuple[float, list[Edit]]] = {(0, 0): (0.0, [])}
    for i in range(len(printed) + 1):
        for j in range(len(read) + 1):
            if (i, j) != (0, 0):
                best[i, j] = min(steps(printed, read, i, j, best), key=lambda way: way[0])
    return best[len(printed), len(read)][1]


def steps(
    printed: str, read: str, i: int, j: int, best: Mapping[tuple[int, int], tuple[float, list[Edit]]]
) -> Iterator[tuple[float, list[Edit]]]:
    """The ways to align so many marks of either string, each by one edit more than a known one."""
    if i:
        nats, way = best[i - 1, j]
        mark, last = printed[i - 1], not any(c in DIGITS for c in printed[i:])
        name = mark if mark in MARKS else "last digit" if last else "digit"
        yield nats + lost(printed, i - 1), [*way, ("lost", name)]
    if j:
        nats, way = best[i, j - 1]
        mark = read[j - 1]
        name = mark if mark in MARKS else "doubled digit" if mark in read[max(0, j - 2) : j - 1] else "digit"
        yield nats + added(read, j - 1), [*way, ("added", name)]
    if i and j:
        nats, way = best[i - 1, j - 1]
        one, other = printed[i - 1], read[j - 1]
        yield nats + replaced(one, other), way if one == other else [*way, (one, other)]


def seen_edits(pairs: Sequence[Pair]) -> Counter[Edit]:
    """How often each edit is part of the cheapest alignment of a pair that differs little."""
    seen: Counter[Edit] = Counter()
    for printed, read in pairs:
        swap = next((i for i in range(len(printed) - 1) if turned(printed, i) == read), None)
        way = cheapest(printed, read) if swap is None or printed == read else [("swapped", "")]
        if len(way) <= 3:
            seen.update(way)
    return seen


def turned(text: str, place: int) -> str:
    """With two neighbouring marks in each other's place."""
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def read_as(seen: Mapping[Edit, int], printed: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """The rate at which each mark is read as each other one."""
    every = DIGITS + MARKS
    whole: dict[str, list[float]] = {}
    for one in every:
        for other in every:
            if one != other:
                known = whole.setdefault(f"{kind(one)} {kind(other)}", [0.0, 0.0])
                known[0] += seen.get((one, other), 0)
                known[1] += printed.get(one, 0)
    rates = {name: (count + HALF) / (marks + 1.0) for name, (count, marks) in whole.items()}
    found: dict[str, dict[str, float]] = {}
    for one in every:
        for other in every:
            if one != other:
                name = f"{kind(one)} {kind(other)}"
                times, lean = seen.get((one, other), 0), LEAN[name]
                found.setdefault(one, {})[other] = (times + lean * rates[name]) / (printed.get(one, 0) + lean)
    return found


def fitted(pairs: Sequence[Pair], read: int, printed: Mapping[str, int]) -> dict[str, object]:
    """The table, as it stands in the file."""
    wrong = sum(1 for one, other in pairs if read_number(one) != read_number(other))
    less = log(REFERENCE * read / max(1, wrong))
    seen = seen_edits(pairs)
    digits = sum(printed.get(mark, 0) for mark in DIGITS)
    lost = {mark: (seen["lost", mark] + HALF) / (printed.get(mark, 0) + 1.0) for mark in MARKS}
    lost["digit"] = (seen["lost", "digit"] + HALF) / (digits + 1.0)
    lost["last digit"] = (seen["lost", "last digit"] + HALF) / (read + 1.0)
    added = {mark: (seen["added", mark] + HALF) / (digits + 1.0) for mark in MARKS}
    # an added digit is one of ten, a doubled one is given
    added["digit"] = (seen["added", "digit"] + HALF) / (digits + 1.0) / 10
    added["doubled digit"] = (seen["added", "doubled digit"] + HALF) / (digits + 1.0)

    def nats(rate: float, most: float = 9.0) -> float:
        return round(min(most, max(0.5, -log(rate) - less)), 2)

    return {
        "replaced": {
            one: {other: nats(rate, MOST[f"{kind(one)} {kind(other)}"]) for other, rate in others.items()}
            for one, others in read_as(seen, printed).items()
        },
        "lost": {mark: nats(rate) for mark, rate in lost.items()},
        "added": {mark: nats(rate, MOST["added"]) for mark, rate in added.items()},
        "swapped": nats((seen["swapped", ""] + HALF) / (digits + 1.0)),
    }


def main() -> None:
    """Write the table with its provenance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    told = json.loads(options.pairs.read_text())
    differing = list(numbers(told["misread"]))
    read = told["read"] - (len(told["misread"]) - len(differing))
    table = fitted(differing, read, told["printed"])
    made = f"python -m corpus.costs on {len(differing)} pairs that differ, of {read} figures read: {told['made by']}"
    options.out.write_text(json.dumps({"made by": made, **table}, indent=1) + "\n")
    print(made)


if __name__ == "__main__":
    main()
