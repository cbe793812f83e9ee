"""A row of a grid becomes items: ``$``, number, ``)`` and ``%`` that stand in cells of their own are one item.

EDGAR HTML sets every sign in a cell of its own and pads with empty cells; ruled PDF tables do so now and then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from extractors.numbers import CURRENCIES, is_number, plain
from extractors.page import Cell

_OPENERS = re.compile(rf"(?:{'|'.join(re.escape(c) for c in sorted(CURRENCIES, key=len, reverse=True))})?\s?[(\-]?\Z")
_CLOSERS = re.compile(r"\)?\s?%?\s?\)?\Z|\)\s?\(?[a-zA-Z\d]{1,2}\)\Z")
_BARE = re.compile(r"[\d.,]+\Z|\([\d.,]+\Z")
MARK = re.compile(r"(?:\((?:[a-zA-Z]|\d{1,2})\)[\s,]*)+\Z|[*†‡§#]{1,3}\Z|\[\d{1,2}\]\Z")
# a footnote mark may stand at it
YEAR = re.compile(r"(?:19|20)\d\d(?:\s?(?:\((?:[a-zA-Z]|\d{1,2})\)|[*†‡]))*\Z")
# what is said of units or of an audit, and nothing else
REMARK = re.compile(
    r"(?i)\(.*\b(?:thousands?|millions?|billions?|dollars|amounts|unaudited|audited|percentages?|currency)\b.*\)\Z"
    r"|(?:un)?audited\Z"
    r"|(?:(?:u\.?s\.? )?dollars|\$|(?:all )?amounts|expressed|stated)? ?in (?:thousands|millions|billions)\b"
)
_BLANKS = re.compile(r"[\s\N{ZERO WIDTH SPACE}]+")
# these are printed as hyphens are; dashes are not
_HYPHENS = re.compile(r"[\N{HYPHEN}\N{NON-BREAKING HYPHEN}]")


def as_printed(text: str) -> str:
    """A label or a head: every stretch of blanks one space, dashes as they are."""
    return _HYPHENS.sub("-", _BLANKS.sub(" ", text)).strip()


@dataclass(frozen=True, slots=True)
class Item:
    """One printed thing of a row: its cell (text joined) and the grid columns it covers, end excluded."""

    cell: Cell
    start: int
    end: int

    @property
    def text(self) -> str:
        """The joined text."""
        return self.cell.text

    @property
    def numeric(self) -> bool:
        """True when the text is a number by the grammar."""
        return is_number(self.cell.text)

    @property
    def figure(self) -> bool:
        """True when the text is a number that is not a bare year (which is a head or a label more often)."""
        return self.numeric and not YEAR.match(plain(self.cell.text))


def row_items(cells: list[Cell]) -> list[Item]:
    """The items of one grid row, left to right; cells without text are dropped, unless a reader says what was lost."""
    items: list[Item] = []
    opener: Item | None = None
    for cell in sorted((c for c in cells if plain(c.text) or c.rivals), key=lambda c: c.column):
        item = Item(cell, cell.column, cell.column + cell.column_span)
        text = plain(cell.text)
        if opener is not None:
            if is_number(text) or _BARE.match(text):
                items.append(_joined(opener, item, " "))
                opener = None
                continue
            items.append(opener)
            opener = None
        if items and _closes(items[-1], text):
            items[-1] = _joined(items[-1], item, "")
        elif text and _OPENERS.match(text) and not is_number(text):
            opener = item
        else:
            items.append(item)
    return [*items, opener] if opener is not None else items


def _closes(before: Item, text: str) -> bool:
    """True when ``text`` is the ``)`` or ``%`` that belongs to the number before it."""
    return bool(text) and bool(_CLOSERS.match(text)) and (before.numeric or bool(_BARE.match(plain(before.text))))


def _joined(left: Item, right: Item, blank: str) -> Item:
    # "(" and ")" hug the number; a currency sign in a cell of its own stands off it
    gap = "" if left.text.rstrip().endswith(("(", "-")) else blank
    number = right.cell if right.numeric or not left.numeric else left.cell
    cell = replace(
        number,
        text=f"{left.text.strip()}{gap}{right.text.strip()}",
        column=left.start,
        column_span=right.end - left.start,
        ruled=left.cell.ruled or right.cell.ruled,
        confidence=min(left.cell.confidence, right.cell.confidence),
    )
    return Item(cell, left.start, right.end)
