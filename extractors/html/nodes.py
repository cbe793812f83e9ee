"""What the tree of a page is made into: blocks of text and tables, in reading order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from extractors.html.styles import Edge

# the index of a table that style alone makes
NO_TABLE = -1


@dataclass(slots=True)
class Block:
    """A paragraph, a heading, a line up to a ``<br>``: text as displayed.

    Attributes:
        indent: how far the text is set in, in ems. rule: a drawn rule (``<hr>``) stands here instead of text.
    """

    text: str
    indent: float = 0.0
    bold: bool = False
    centred: bool = False
    size: float = 0.0
    rule: bool = False


@dataclass(slots=True)
class Preformatted:
    """A ``<pre>``: its lines as displayed; ``first_line`` is the line of the file it starts in, from 1."""

    text: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Box:
    """A positioned box: points from the upper left corner of its sheet; ``right`` is guessed where it is not said."""

    text: str
    left: float
    top: float
    right: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The boxes of one sheet that stand at positions of their own."""

    boxes: tuple[Box, ...]


@dataclass(slots=True)
class CellNode:
    """A ``td`` or ``th``; ``index`` counts them in their row, from 0, hidden ones too."""

    index: int
    column_span: int = 1
    row_span: int = 1
    head: bool = False
    above: Edge = ""
    below: Edge = ""
    content: list[Content] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        """The text blocks, without nested tables."""
        return [item for item in self.content if isinstance(item, Block)]

    @property
    def text(self) -> str:
        """The text in one line."""
        return " ".join(block.text for block in self.blocks if block.text)


@dataclass(slots=True)
class RowNode:
    """A ``tr``; ``index`` counts them in their table, from 0, hidden ones too; ``section`` is the tag around it."""

    index: int
    section: str = ""
    cells: list[CellNode] = field(default_factory=list)

    @property
    def filled(self) -> list[CellNode]:
        """The cells in which something stands."""
        return [cell for cell in self.cells if cell.content and (cell.text or len(cell.blocks) < len(cell.content))]


@dataclass(slots=True)
class TableNode:
    """A ``table``; ``index`` counts all tables of the page in document order, from 0, hidden ones too.

    It is ``NO_TABLE`` for a table that style alone makes.
    """

    index: int
    rows: list[RowNode] = field(default_factory=list)

    @property
    def nested(self) -> bool:
        """True when another table stands in one of the cells."""
        return any(isinstance(item, TableNode) for row in self.rows for cell in row.cells for item in cell.content)


Content: TypeAlias = "Block | Preformatted | Placed | TableNode"
