"""Rows of a table as displayed: rules taken out, lines that stand side by side in one row set apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from extractors.html.nodes import CellNode, RowNode, TableNode
from extractors.numbers import is_number

_RULE = re.compile(r"(?:[-\u2010-\u2015\u2212]\s?){4,}\Z|(?:[=_]\s?){2,}\Z")


@dataclass(slots=True)
class ShownCell:
    """A cell of a displayed row: its lines, and whether a rule is drawn above or below them."""

    node: CellNode
    lines: list[str]
    indent: float = 0.0
    bold: bool = False
    above: bool = False
    below: bool = False
    row_span: int = 1

    @property
    def text(self) -> str:
        """The lines joined."""
        return " ".join(self.lines)


@dataclass(slots=True)
class ShownRow:
    """A displayed row: ``index`` is that of the ``tr`` it came from; ``spacer`` rows hold nothing."""

    index: int
    head: bool
    cells: list[ShownCell] = field(default_factory=list)

    @property
    def filled(self) -> list[ShownCell]:
        """The cells with text."""
        return [cell for cell in self.cells if cell.lines]


def shown_rows(table: TableNode) -> list[ShownRow]:
    """The rows in the order of display: the foot last, whatever its place in the markup."""
    ordered = sorted(table.rows, key=lambda row: row.section == "tfoot")
    shown: list[ShownRow] = []
    for row in ordered:
        shown += _split(_shown(row))
    return shown


def _shown(row: RowNode) -> ShownRow:
    cells = [_cell(cell) for cell in row.cells]
    filled = [cell for cell in cells if cell.lines]
    return ShownRow(row.index, bool(filled) and all(cell.node.head for cell in filled), cells)


def _cell(node: CellNode) -> ShownCell:
    if not node.content:  # most cells of a filing only pad
        above, below = node.above == "single", node.below == "single"
        return ShownCell(node, [], above=above, below=below, row_span=node.row_span)
    blocks = node.blocks
    rules = [block.rule or bool(_RULE.match(block.text)) for block in blocks]
    said = [block for block, rule in zip(blocks, rules, strict=True) if not rule]
    first = said[0] if said else None
    length = sum(len(block.text) for block in said)
    return ShownCell(
        node,
        [block.text for block in said],
        indent=first.indent if first else 0.0,
        bold=sum(len(block.text) for block in said if block.bold) * 2 > length,
        above=node.above == "single" or (bool(rules) and rules[0]),
        # a double rule ends a sum, it does not announce one
        below=node.below == "single" or (len(rules) > 1 and rules[-1]) or (bool(rules) and all(rules)),
        row_span=node.row_span,
    )


def _split(row: ShownRow) -> list[ShownRow]:
    """A row whose cells hold as many lines each, with figures among them, is as many rows."""
    several = [cell for cell in row.cells if len(cell.lines) > 1]
    count = len(several[0].lines) if several else 1
    side_by_side = (
        len(several) > 1
        and all(len(cell.lines) == count for cell in several)
        and all(cell.row_span == 1 for cell in row.cells)
        and any(_figures(cell.lines) for cell in several)
    )
    if not side_by_side:
        return [row]
    rows = []
    for i in range(count):
        cells = [
            ShownCell(
                cell.node,
                [cell.lines[i]] if len(cell.lines) > 1 else cell.lines if not i else [],
                cell.indent,
                cell.bold,
                cell.above and not i,
                cell.below and i == count - 1,
            )
            for cell in row.cells
        ]
        rows.append(ShownRow(row.index, row.head, cells))
    return rows


def _figures(lines: Sequence[str]) -> bool:
    return all(is_number(line) for line in lines)


def looks_numeric(text: str) -> bool:
    """False for what is clearly no number, at a fraction of what the number grammar costs."""
    return not text[-1:].isalpha() or len(text) < 12


def has_figures(texts: Iterable[str]) -> bool:
    """True when one of the texts can be a figure."""
    return any(looks_numeric(text) and is_number(text) for text in texts)
