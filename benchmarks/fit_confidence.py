"""Count how often figures of generated scans are right, by what both engines said: the table of ocr/calibrated.py.

    python -m benchmarks.fit_confidence DOCUMENTS SCORER_DIR [--python SCORER_PYTHON] [--records FILE]

DOCUMENTS is a folder that ``python -m corpus.generate scans`` wrote: only generated documents go into the table, so
that filings can show whether it holds. Each document is read without repair, each cell's evidence is kept, the scorer
says which figures are right, and the shares are printed, made monotone (a likelier reading is never trusted less).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.calibration import judged_figures
from corpus.scans import VARIANT
from extractors.figures import read_figures
from extractors.ocr import cells
from extractors.ocr.calibrated import agreement_of
from extractors.page import Profile, Reading
from extractors.routes import read_document
from extractors.source import Source
from extractors.tables import find_tables
from schemas.amounts import canonical

_EDGES = (1.0, 0.999, 0.99, 0.9, 0.7, 0.5, 0.0)
_MOST = 0.9999
# an evidence's number, as a confidence that passes through the later stages
_CODE = 1e-6


class Evidence(NamedTuple):
    """What was known of a cell: probability of the best reading, Tesseract's agreement, the free reading's trust."""

    probability: float
    agreement: str
    free: float


class Recorder:
    """Takes the place of ``cells.settle`` and marks each reading with the number of its evidence."""

    def __init__(self) -> None:
        self.seen: list[Evidence] = []
        self._settle = cells.settle

    def __call__(self, cell: cells.Cell, free: Reading, readings: list[Reading]) -> list[cells.ReadToken]:
        """Settle the cell as ever; the confidence is a number to be looked up in ``seen``."""
        found = self._settle(cell, free, readings)
        best = readings[0]
        agreement = agreement_of(cell.text, best.text)
        self.seen.append(Evidence(best.probability, agreement, free.probability))
        code = len(self.seen) * _CODE
        return [replace(one, token=replace(one.token, confidence=code)) for one in found]


def prediction(data: bytes) -> dict[str, Any]:
    """A document in the scorer's format; the confidence of a figure is the number of its evidence."""
    layout = find_tables(read_document(Source(data), "pdf", Profile(repair=False)))
    tables = []
    for table, body in zip(layout.tables, read_figures(layout.tables), strict=True):
        order = {c: n for n, c in enumerate(c for c, kind in enumerate(body.columns) if kind == "value")}
        rows: dict[int, list[dict[str, Any]]] = {}
        for figure in body.figures:
            rows.setdefault(figure.row, []).append(
                {
                    "col": order[figure.column],
                    "text": "—" if figure.number.nil else figure.raw,
                    "value": canonical(figure.number.value),
                    "confidence": round(figure.confidence / _CODE),
                }
            )
        labels = [row.label for row in table.rows]
        tables.append({"title": "", "rows": [{"label": labels[r], "cells": rows[r]} for r in sorted(rows)]})
    return {"tables": tables, "pages": 1}


def shares(records: Sequence[tuple[Evidence, bool]]) -> Iterator[tuple[str, float, int, int]]:
    """(agreement, least probability, figures, wrong) for each bin that holds any."""
    for agreement in ("agreed", "rival", "unreadable", "alone"):
        for low, high in ((low, high) for high, low in pairwise(_EDGES)):
            part = [
                right
                for evidence, right in records
                if evidence.agreement == agreement and low <= min(evidence.probability, _MOST) < high
            ]
            if part:
                yield agreement, low, len(part), part.count(False)


def monotone(bins: Sequence[tuple[float, int, int]]) -> list[tuple[float, float]]:
    """(least probability, share of right ones) of (least, figures, wrong) from the likeliest on, never rising.

    Half an error is added to each bin, so that a bin without errors is not held to be certain.
    """
    pools: list[list[tuple[float, int, int]]] = []

    def share(pool: list[tuple[float, int, int]]) -> float:
        figures, wrong = sum(f for _, f, _ in pool), sum(w for *_, w in pool)
        return 1 - (wrong + 0.5) / (figures + 1)

    for one in bins:
        pools.append([one])
        while len(pools) > 1 and share(pools[-1]) > share(pools[-2]):
            last = pools.pop()
            pools[-1] += last
    return [(least, round(share(pool), 4)) for pool in pools for least, *_ in pool]


def main() -> int:
    """Read, score, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, nargs="+")
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--records", type=Path, help="keep the evidence and its truth in this file")
    options = parser.parse_args()
    records = [record for folder in options.documents for record in _records(folder, options)]
    if options.records:
        options.records.write_text(json.dumps(records), encoding="utf-8")
    found = list(shares(records))
    for agreement, least, figures, wrong in found:
        print(f"{agreement:<8} from {least:<6}: {wrong} of {figures} wrong")
    for agreement in dict.fromkeys(one for one, *_ in found):
        table = monotone([(least, figures, wrong) for one, least, figures, wrong in found if one == agreement])
        print(f'    "{agreement}": {tuple(table)},')
    return 0


def _records(folder: Path, options: argparse.Namespace) -> list[tuple[Evidence, bool]]:
    recorder = Recorder()
    with tempfile.TemporaryDirectory() as scratch:
        cells.settle, settle = recorder, cells.settle
        try:
            for path in sorted(folder.glob(f"*/{VARIANT}.pdf")):
                found = prediction(path.read_bytes())
                Path(scratch, f"{path.parent.name}.{VARIANT}.json").write_text(json.dumps(found), encoding="utf-8")
        finally:
            cells.settle = settle
        sources = (options.scorer, Path(scratch), folder)
        judged = judged_figures(options.python, sources, [VARIANT])[VARIANT]
    # dashes, and what only Tesseract read, have no evidence: their confidence is none of our numbers
    numbered = [(int(code) - 1, right) for code, right in judged if 0 < code <= len(recorder.seen)]
    return [(recorder.seen[number], right) for number, right in numbered]


if __name__ == "__main__":
    sys.exit(main())
