"""What repair costs where errors are many: linked tables with and without misread figures.

    python benchmarks/repair_time.py [--tables 40] [--errors 20] [--seed 1]

Each table has 18 rows of four periods, 72 figures; its opening row is the closing total of the table before, so that
one broken check leads to the next. The time of footing and repair with errors is to be at most five times that of the
same tables without errors, plus three seconds; what is not repaired must need review.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.repair import HELD, proved  # noqa: E402 (the path above makes it importable)
from corpus.errors import Confusions, Spot  # noqa: E402
from corpus.truth_tables import Periods  # noqa: E402
from extractors.numbers import read_number  # noqa: E402
from extractors.page import Cell, PagePlace  # noqa: E402
from extractors.tables import BodyRow, Layout, Table  # noqa: E402
from schemas.filing import Duration  # noqa: E402

YEARS = ("2017", "2018", "2019", "2020")
GROUPS, ADDENDS = 2, 7
PLACE = PagePlace(page=1, bbox=(0.0, 0.0, 1.0, 1.0))


def linked(tables: int, rng: Random) -> tuple[Layout, Periods]:
    """Tables of two groups with subtotals, a carried total and a grand total."""
    carried = [rng.randrange(10_000, 99_999) for _ in YEARS]
    found = []
    for number in range(tables):
        rows: list[tuple[str, list[int]]] = [(f"Total of part {number}", carried)]
        grand = carried
        for group in range(GROUPS):
            own = [[rng.randrange(1_001, 99_999) for _ in YEARS] for _ in range(ADDENDS)]
            rows += [(f"Item {place} of group {group} in part {number + 1}", row) for place, row in enumerate(own)]
            subtotal = [sum(column) for column in zip(*own, strict=True)]
            rows.append((f"Total group {group} of part {number + 1}", subtotal))
            grand = [a + b for a, b in zip(grand, subtotal, strict=True)]
        rows.append((f"Total of part {number + 1}", grand))
        carried = grand
        heads = tuple((year,) for year in YEARS)
        body = tuple(BodyRow(label, 0.0, cells(row, place)) for place, (label, row) in enumerate(rows))
        found.append(Table((f"Part {number + 1}",), (), heads, body, pages=(1,), source="truth"))
    periods = tuple(Duration(start=f"{year}-01-01", end=f"{year}-12-31") for year in YEARS)
    return Layout(tuple(found), ()), tuple(periods for _ in found)


def cells(row: list[int], place: int) -> tuple[Cell | None, ...]:
    """A row of figures of which a recogniser was fairly sure."""
    return tuple(Cell(f"{value:,}", place, column, PLACE, confidence=0.97) for column, value in enumerate(row))


def misread(layout: Layout, errors: int, confusions: Confusions, rng: Random) -> tuple[Layout, dict[Spot, str]]:
    """So many figures of the document misread."""
    spots = [(t, r, c) for t, table in enumerate(layout.tables) for r in range(len(table.rows)) for c in range(4)]
    changed: dict[Spot, str] = {}
    tables = [[list(row.cells) for row in table.rows] for table in layout.tables]
    for table, row, column in rng.sample(spots, len(spots)):
        cell = tables[table][row][column]
        text = confusions.misread(cell.text, rng) if cell and len(changed) < errors else None
        if cell is not None and text is not None:
            tables[table][row][column] = Cell(text, cell.row, cell.column, PLACE, confidence=0.97)
            changed[table, row, column] = cell.text
    damaged = tuple(
        Table(
            table.caption,
            table.stub_heads,
            table.heads,
            tuple(BodyRow(row.label, row.indent, tuple(own)) for row, own in zip(table.rows, cells, strict=True)),
            pages=(1,),
            source="truth",
        )
        for table, cells in zip(layout.tables, tables, strict=True)
    )
    return Layout(damaged, ()), changed


def main() -> int:
    """Print times and what became of the errors; status 1 when the bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=40)
    parser.add_argument("--errors", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = Random(options.seed)
    layout, periods = linked(options.tables, rng)
    _, bodies, identities, clean = proved(layout, periods)
    print(f"{sum(len(b.figures) for b in bodies)} figures, {len(identities)} identities, without errors {clean:.2f} s")
    damaged, changed = misread(layout, options.errors, Confusions.read(HELD), rng)
    outcome, bodies, _, seconds = proved(damaged, periods)
    right = silent = flagged = 0
    for number, body in enumerate(bodies):
        for figure in body.figures:
            judged = outcome.figures[figure.id]
            true = read_number(changed.get((number, figure.row, figure.column), figure.raw))
            good = true is not None and judged.value == true.value
            silent += not good and not judged.needs_review
            hit = (number, figure.row, figure.column) in changed
            right += hit and good
            flagged += hit and not good and judged.needs_review
    limits = sum(1 for finding in outcome.findings if finding.code == "search_limit")
    print(
        f"{len(changed)} errors: {right} right, {flagged} flagged, {silent} silently wrong, {limits} limits told, "
        f"{seconds:.2f} s; bound {5 * clean + 3:.2f} s"
    )
    return int(seconds > 5 * clean + 3 or silent > 0)


if __name__ == "__main__":
    sys.exit(main())
