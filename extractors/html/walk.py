"""The tree of a page becomes blocks and tables, in one pass in document order and without recursion.

Only what is visible is taken: hidden elements, scripts, style sheets, templates and the hidden header of inline XBRL
are passed over, its visible wrappers are transparent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, NavigableString, PageElement

from extractors.html.laid import LAID, lay_tables
from extractors.html.nodes import NO_TABLE, Block, CellNode, Content, Placed, Preformatted, RowNode, TableNode
from extractors.html.placed import SHEET, take_placed
from extractors.html.preformatted import LOST_TABLE, PLACEHOLDER
from extractors.html.styles import PLAIN, Look, StyleSheet, look_of

# fmt: off
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir",
        "div", "dl", "dt", "fieldset", "figure", "figcaption", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "html", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table",
        "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)
_UNSEEN = frozenset(
    {
        "script", "style", "template", "noscript", "head", "title", "meta", "math", "select", "option", "datalist",
        "textarea", "ix:header", "ix:hidden", "ix:references", "ix:resources",
    }
)
# fmt: on
# frames, players and drawings are not passed over: many are never closed, and hold the rest of the page then
_BOLD = frozenset({"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"})
_SET_IN = {"blockquote": 3.0, "dd": 3.0, "ul": 3.0, "ol": 3.0, "dir": 3.0, "menu": 3.0}
_MAX_SPAN = 1000
_LEADING = {"\N{NO-BREAK SPACE}": 0.5, "\N{EM SPACE}": 1.0, "\N{EN SPACE}": 0.5, "\N{FIGURE SPACE}": 0.5}
_DROPPED = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_PLAIN_BLANKS = re.compile(r"[ \t\n\r\f\v]+")
_BLANKS = re.compile(r"\s+")
# pictures of dashes, as old filings have them
_DASH_PICTURE = re.compile(r"(?i)(?:\A|/)[\w-]*dash\w*\.(?:gif|png|jpe?g)\Z")
_DASH = re.compile(r"[-\u2010-\u2015\u2212]{1,2}\Z")


@dataclass(frozen=True, slots=True)
class _Context:
    """What an element hands on to what stands in it."""

    bold: bool = False
    centred: bool = False
    preformatted: bool = False
    raised: bool = False
    left: float = 0.0
    first_line: float = 0.0
    size: float = 0.0


@dataclass(slots=True)
class _OpenTable:
    """A table under construction, with its counters."""

    node: TableNode
    section: str = ""
    row: RowNode | None = None
    rows: int = 0
    cells: int = 0


@dataclass(slots=True)
class _Buffer:
    """The text of the block under construction."""

    pieces: list[str] = field(default_factory=list)
    bold: int = 0
    length: int = 0
    context: _Context | None = None
    mark: str = ""


def read_content(
    soup: BeautifulSoup, markup: str, pres: Sequence[Preformatted], keep_lines: bool
) -> tuple[list[Content], int, int]:
    """The visible content of a page in reading order, how many spans had to be clamped, how deep it is nested."""
    sheet = StyleSheet()
    for style in soup.find_all("style"):
        sheet.add("".join(str(piece) for piece in style.contents))
    placed = take_placed(soup, markup, sheet)
    lay_tables(soup, markup, sheet)
    walker = _Walker(sheet, pres, placed)
    walker.walk(soup, _Context(preformatted=keep_lines))
    return walker.targets[0], walker.clamped, walker.deepest


class _Walker:
    """Events of the tree in, blocks and tables out."""

    def __init__(self, sheet: StyleSheet, pres: Sequence[Preformatted], placed: Sequence[Placed]) -> None:
        self.sheet = sheet
        self.placed = placed
        self.pres = pres
        self.targets: list[list[Content]] = [[]]
        self.tables: list[_OpenTable] = []
        self.table_count = 0
        self.clamped = 0
        self.deepest = 0
        self.buffer = _Buffer()
        self.fresh = True

    def walk(self, soup: BeautifulSoup, context: _Context) -> None:
        """Visit everything once; depth costs memory, never the stack of the interpreter."""
        stack: list[tuple[Iterator[PageElement], _Context, Tag | None, bool]] = [
            (iter(soup.contents), context, None, True)
        ]
        while stack:
            children, context, tag, block = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                if tag is not None:
                    self._close(tag, block)
            elif isinstance(child, Tag):
                opened = self._open(child, context)
                if opened is not None:
                    stack.append((iter(child.contents), *opened[:1], child, opened[1]))
                    self.deepest = max(self.deepest, len(stack))
            elif type(child) in (NavigableString, CData):
                self._say(str(child), context)
        self._flush()

    # --- elements -----------------------------------------------------------------------------------------------

    def _open(self, tag: Tag, context: _Context) -> tuple[_Context, bool] | None:
        """Enter an element: its context and whether it is a block; None where it is passed over or has no inside."""
        name = tag.name
        look = self._look(tag)
        if name in _UNSEEN or look.hidden or "hidden" in tag.attrs:
            self._pass_over(tag)
            return None
        if self._is_void(tag, name, context):
            return None
        block = name in _BLOCKS if look.block is None else (look.block or name in _BLOCKS)
        if block:
            self._flush()
            self.fresh = True
        context = _inherit(context, tag, look, block)
        if name == "table":
            self._open_table(tag)
            # white space that is kept around a table is not kept in its cells
            context = replace(context, preformatted=bool(look.preformatted))
        elif name in ("td", "th") and self.tables:
            context = self._open_cell(tag, look, context)
        elif name == "tr" and self.tables:
            self._open_row(self.tables[-1])
        elif name in ("thead", "tbody", "tfoot") and self.tables:
            self.tables[-1].section = name
        return context, block

    def _look(self, tag: Tag) -> Look:
        inline = tag.attrs.get("style")
        said = self.sheet.declarations(tag) if self.sheet.count else ""
        if not inline and not said:
            return PLAIN
        return look_of(f"{said};{inline}" if said and inline else said or str(inline))

    def _is_void(self, tag: Tag, name: str, context: _Context) -> bool:
        """Elements without an inside: breaks, rules, pictures and placeholders."""
        if name == "br":
            self._flush()
        elif name == "hr":
            self._flush()
            self.targets[-1].append(Block("", rule=True))
        elif name == "img":
            alternative = str(tag.get("alt") or "").strip()
            if _DASH.match(alternative) or (not alternative and _DASH_PICTURE.search(str(tag.get("src") or ""))):
                self._say("\N{EM DASH}", context)
        elif name == PLACEHOLDER:
            self._flush()
            self._place(tag, context)
        elif name == SHEET:
            self._flush()
            self._place_sheet(tag)
        elif name == LOST_TABLE:
            self.table_count += 1
        else:
            return False
        return True

    def _place(self, tag: Tag, context: _Context) -> None:
        """Put a preformatted stretch where it stood: as it is, or line by line inside a cell."""
        number = str(tag.get("n") or "")
        if not number.isdigit() or int(number) >= len(self.pres):
            return
        pre = self.pres[int(number)]
        if len(self.targets) == 1:
            self.targets[0].append(pre)
            return
        for line in pre.text.split("\n"):
            self._say(line, context)
            self._flush()

    def _place_sheet(self, tag: Tag) -> None:
        """Put the boxes of a sheet where the first of them stood; inside a cell they are text."""
        number = str(tag.get("n") or "")
        if not number.isdigit() or int(number) >= len(self.placed):
            return
        placed = self.placed[int(number)]
        if len(self.targets) == 1:
            self.targets[0].append(placed)
        else:
            self.targets[-1] += [Block(box.text, bold=box.bold) for box in placed.boxes]

    def _pass_over(self, tag: Tag) -> None:
        """Count what a hidden element holds: places count hidden tables, rows and cells too."""
        if tag.name in ("script", "style", "head", "title", "meta"):
            return
        hidden = [tag, *tag.find_all(["table", LOST_TABLE])]
        self.table_count += sum(one.name in ("table", LOST_TABLE) and LAID not in one.attrs for one in hidden)
        if self.tables and tag.name == "tr":
            self.tables[-1].rows += 1
        elif self.tables and tag.name in ("thead", "tbody", "tfoot"):
            self.tables[-1].rows += len(tag.find_all("tr"))
        elif self.tables and tag.name in ("td", "th"):
            self.tables[-1].cells += 1

    def _open_table(self, tag: Tag) -> None:
        laid = LAID in tag.attrs
        self.tables.append(_OpenTable(TableNode(NO_TABLE if laid else self.table_count)))
        self.table_count += not laid

    def _open_row(self, table: _OpenTable) -> None:
        table.row = RowNode(table.rows, table.section)
        table.node.rows.append(table.row)
        table.rows += 1
        table.cells = 0

    def _open_cell(self, tag: Tag, look: Look, context: _Context) -> _Context:
        table = self.tables[-1]
        if table.row is None:
            self._open_row(table)
        row = table.row
        if row is None:  # pragma: no cover (a row was just opened)
            return context
        cell = CellNode(
            index=table.cells,
            column_span=self._span(tag, "colspan", _MAX_SPAN),
            row_span=self._span(tag, "rowspan", 65534),
            head=table.section == "thead" or (tag.name == "th" and tag.get("scope") not in ("row", "rowgroup")),
            above=look.above,
            below=look.below,
        )
        table.cells += 1
        row.cells.append(cell)
        self.targets.append(cell.content)
        first_line = look.first_line or 0.0
        if (context.left, context.first_line) == (look.inset, first_line):
            return context
        return replace(context, left=look.inset, first_line=first_line)

    def _span(self, tag: Tag, name: str, most: int) -> int:
        value = tag.get(name)
        if value is None:
            return 1
        digits = re.match(r"\s*\+?([0-9]{1,12})", str(value), re.ASCII)
        span = int(digits[1]) if digits else 0
        if not 1 <= span <= most:
            self.clamped += 1
        return max(1, min(span, most))

    def _close(self, tag: Tag, block: bool) -> None:
        if block:
            self._flush()
            self.fresh = True
        if not self.tables:
            return
        table = self.tables[-1]
        if tag.name in ("td", "th"):
            self.targets.pop()
        elif tag.name == "tr":
            table.row = None
        elif tag.name in ("thead", "tbody", "tfoot"):
            table.section = ""
        elif tag.name == "table":
            self.tables.pop()
            self.targets[-1].append(table.node)

    # --- text ---------------------------------------------------------------------------------------------------

    def _say(self, text: str, context: _Context) -> None:
        if context.preformatted and "\n" in text:
            first, *rest = text.split("\n")
            self._say(first, context)
            for line in rest:
                self._flush()
                self._say(line, context)
            return
        buffer = self.buffer
        if not text.strip(" \t\n\r\f\v"):
            if text and buffer.pieces:
                buffer.pieces.append(" ")
            return
        if context.raised:
            text = self._raised(text)
        if buffer.context is None:
            buffer.context = context if self.fresh or not context.first_line else replace(context, first_line=0.0)
        buffer.pieces.append(text)
        buffer.length += len(text)
        buffer.bold += len(text) if context.bold else 0

    def _raised(self, text: str) -> str:
        """A raised mark, kept from running into the figure it stands at: ``1,234¹`` is not 12,341."""
        mark = text.strip()
        if not re.fullmatch(r"(?:\d{1,2}|[a-z])(?:\s?,\s?(?:\d{1,2}|[a-z]))*", mark):
            return text
        said = "".join(self.buffer.pieces).rstrip()
        if mark[0].isalpha() and not re.search(r"\d[)%]*\Z", said):
            return text
        if not said:
            self.buffer.mark = f"({mark})"
            return ""
        return f" ({mark})" if said[-1].isdigit() or said[-1] in ")%-\N{EM DASH}\N{EN DASH}" else text

    def _flush(self) -> None:
        """End the block under construction."""
        buffer = self.buffer
        if not buffer.pieces:
            return
        self.buffer = _Buffer()
        context = buffer.context or _Context()
        text, leading = _shown("".join(buffer.pieces), context.preformatted)
        indent = context.left + context.first_line + leading
        if buffer.mark:
            text = f"{text} {buffer.mark}".strip()
        if not text:
            return
        self.fresh = False
        self.targets[-1].append(Block(text, indent, buffer.bold * 2 > buffer.length, context.centred, context.size))


def _shown(text: str, preformatted: bool) -> tuple[str, float]:
    """The text with each run of blanks as one, and the ems by which blanks that are kept set it in."""
    if text.isascii() and not preformatted:
        return " ".join(text.split()), 0.0
    text = _DROPPED.sub("", text)
    text = text if preformatted else _PLAIN_BLANKS.sub(" ", text)
    bare = text.lstrip(" ")
    leading = len(bare) - len(bare.lstrip())
    return _BLANKS.sub(" ", bare).strip(), sum(_LEADING.get(c, 0.3) for c in bare[:leading])


def _inherit(context: _Context, tag: Tag, look: Look, block: bool) -> _Context:
    """The context of an element: its parent's with what the tag and its style say."""
    name = tag.name
    align = tag.attrs.get("align")
    if look is PLAIN and name not in _BOLD and name not in _SET_IN and name not in ("sup", "center") and not align:
        return context
    bold = look.bold if look.bold is not None else (name in _BOLD or context.bold)
    centred = look.centred if look.centred is not None else context.centred or name == "center"
    if align and look.centred is None:
        centred = str(align).lower() == "center"
    return _Context(
        bold=bold,
        centred=centred,
        preformatted=context.preformatted if look.preformatted is None else look.preformatted,
        raised=context.raised or name == "sup" or bool(look.raised),
        left=context.left + (look.inset if block else 0.0) + _SET_IN.get(name, 0.0),
        first_line=context.first_line if look.first_line is None else look.first_line,
        size=context.size if look.size is None else look.size,
    )
