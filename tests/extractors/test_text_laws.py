"""Laws of the text reader: no digit is lost, and every place shows what was read, whatever the damage."""

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.page import DEFAULT, Document, Grid, Line, TextPlace
from extractors.text import read_text
from extractors.text.markup import bare

LABELS = (
    "Product", "Service", "Total revenue", "Cost of sales", "Other income, net", "Net income (loss)", "Goodwill",
    "Accounts receivable, less allowances of $502 and $516", "4.5% notes due 2019", "Current assets:", "Shares, basic",
)  # fmt: skip
HEADS = ("June 30, March 31, June 30,", "2011 2010", "Three months ended", "December 31, 2011 2010", "Notes 2011 2010")
PROSE = (
    "On May 5, 1997, the company sold 12 units to 3 buyers for $285 million, or 6% of",
    "SOME CORP",
    "(in thousands)",
    "",
    "",
    "7",
)


def figure(chance: random.Random) -> str:
    """A figure as it may be printed, damage included."""
    value = f"{chance.choice([chance.randint(0, 99), chance.randint(100, 9_999_999)]):,}"
    forms = (
        "{}",
        "({})",
        "$ {}",
        "$({})",
        "{}%",
        "% {}",
        "§ {}",
        "({}",
        "{})",
        "-{}",
        "- ",
        "$ -",
        "—",
        "N/A",
        "${}",
        "$ -8",
    )
    text = chance.choice(forms).format(value)
    return text.replace(",", chance.choice([",", ",", ",", "", " ", "."]))


def row(chance: random.Random, kind: str) -> str:
    """A row in one of the dialects."""
    label = chance.choice((*LABELS, "", ""))
    figures = [figure(chance) for _ in range(chance.randint(0, 4))]
    if kind == "collapsed":
        return " ".join([label, *figures]).strip()
    if kind == "fixed":
        return label.ljust(chance.choice([44, 44, 40])) + "".join(f.rjust(14) for f in figures)
    if kind == "leaders":
        return label.ljust(44, ".") + "".join(f.rjust(14) for f in figures)
    mark = "\t" if kind == "tabs" else " | "
    cells = [label] + [mark.join(["\\$", f]) if chance.random() < 0.3 else f for f in figures]
    if chance.random() < 0.2:
        cells += [" ".join(figure(chance) for _ in range(3))]
    return mark.join(cells) if kind == "tabs" else f"| {mark.join(cells)} |"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A text of rows, heads and prose in mixed dialects."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    lines: list[str] = []
    for _ in range(chance.randint(1, 5)):
        kind = chance.choice(["collapsed", "fixed", "leaders", "tabs", "bars"])
        lines += [chance.choice(PROSE) for _ in range(chance.randint(0, 3))]
        lines += [chance.choice(HEADS) for _ in range(chance.randint(0, 3))]
        lines += [row(chance, kind) for _ in range(chance.randint(0, 9))]
        lines += [
            chance.choice(["", "<PAGE>", "\f", "<TABLE>", "</TABLE>", "- -------   ======", "**bold**", "# Head 5"])
        ]
    return chance.choice(["\n", "\r\n"]).join([*lines, "End"])


def said(document: Document) -> str:
    """Everything the reader hands over."""
    parts = [word.text for page in document.pages for word in page.words]
    for page in document.pages:
        for block in page.flow:
            parts += [block.text] if isinstance(block, Line) else [cell.text for cell in block.cells]
    return " ".join(parts + [finding.text or "" for finding in document.findings])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(documents())
def test_no_digit_is_lost(text: str) -> None:
    """Each digit of the input stands in a word, a line, a cell or a finding."""
    wanted = re.findall(r"\d", text)
    found = re.findall(r"\d", said(read_text(text.encode(), DEFAULT)))
    assert not [digit for digit in "0123456789" if found.count(digit) < wanted.count(digit)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(documents())
def test_places_show_what_was_read(text: str) -> None:
    """The characters at the place of a word, and of a cell of figures, are its text."""
    lines = re.split(r"\r\n|\n|\r", text)
    document = read_text(text.encode(), DEFAULT)
    marked = [cell for page in document.pages for block in page.flow if isinstance(block, Grid) for cell in block.cells]
    for page in document.pages:
        for word in page.words:
            assert isinstance(word.place, TextPlace)
            assert lines[word.place.line - 1][word.place.start : word.place.end] == word.text
    for cell in marked:
        assert isinstance(cell.place, TextPlace)
        if cell.column and not cell.head:
            shown = bare(lines[cell.place.line - 1])[cell.place.start : cell.place.end]
            # a sign in the cell before is joined to the text, not to the place
            assert cell.text.split()[-1].strip("$") in shown or "".join(shown.split()) in "".join(cell.text.split())


@settings(max_examples=100, deadline=None, derandomize=True)
@given(documents())
def test_grids_are_sound(text: str) -> None:
    """Cells lie inside their grid and do not overlap, and the same text gives the same document."""
    document = read_text(text.encode(), DEFAULT)
    assert document == read_text(text.encode(), DEFAULT)
    for page in document.pages:
        for grid in (block for block in page.flow if isinstance(block, Grid)):
            taken = [(c.row, column) for c in grid.cells for column in range(c.column, c.column + c.column_span)]
            assert len(taken) == len(set(taken))
            assert all(0 <= r < grid.rows and 0 <= column < grid.columns for r, column in taken)


def test_each_boxhead_starts_a_grid() -> None:
    """Many tables one below the other are as many grids, with all their rows."""
    rows = [f"Item {n} of the list $ {n},100 {n},200" for n in range(10, 90)]
    block = "\n".join(["2011 2010", *rows, ""])
    document = read_text((block * 20).encode(), DEFAULT)
    found = [block for page in document.pages for block in page.flow if isinstance(block, Grid)]
    assert [grid.rows for grid in found] == [81] * 20
