"""Cells become figures and texts; the input of each test is a small table drawn as strings."""

from dataclasses import replace

import pytest

from extractors.figures import Body, read_figures
from extractors.page import Cell, Reading, TextPlace
from extractors.tables import BodyRow, Table


def table(heads: list[str], *rows: tuple[str, ...]) -> Table:
    """A table from heads and rows of (label, cell, cell, …); blanks are empty strings."""
    body = []
    for r, (label, *texts) in enumerate(rows):
        cells = tuple(
            Cell(text, r, c, TextPlace(line=r + 1, start=0, end=len(text))) if text else None
            for c, text in enumerate(texts)
        )
        body.append(BodyRow(label, 0.0, cells))
    return Table((), (), tuple((head,) for head in heads), tuple(body))


def read(heads: list[str], *rows: tuple[str, ...]) -> Body:
    """The body of one drawn table."""
    (body,) = read_figures([table(heads, *rows)])
    return body


def test_figures_carry_their_place_and_id() -> None:
    """An id names table (from 1), row and column (from 0); raw is what is printed."""
    body = read(["2024"], ("Sales", "$ 1,200"), ("Loss", "(5)"))
    assert [(f.id, f.raw, str(f.number.value)) for f in body.figures] == [
        ("t1.r0.c0", "$ 1,200", "1200"),
        ("t1.r1.c0", "(5)", "-5"),
    ]
    assert body.figures[1].place == TextPlace(line=2, start=0, end=3)


@pytest.mark.parametrize(
    ("head", "cells", "kind"),
    [
        ("Notes", ("A", "B, C", "4"), "note"),
        ("", ("A", "B", "C"), "note"),
        ("Schedule No.", ("4", "5", "6"), "note"),
        ("Senior notes", ("12", "5", "6"), "value"),
        ("Senior notes", ("12.5", "5.0", "6.1"), "value"),
        ("2024", ("1,200", "-", "nm"), "value"),
        ("Maturity", ("2025", "2026-2030", "2031"), "text"),
        ("Due", ("June 30, 2025", "July 1, 2026", "N/A"), "text"),
        ("Holder", ("A. Smith", "12 holders", "B. Jones"), "text"),
    ],
)
def test_the_kind_of_a_column(head: str, cells: tuple[str, str, str], kind: str) -> None:
    """Numbers make a value column, unless they are notes, years or dates."""
    body = read([head, "2024"], *((f"Row {i}", cell, "1") for i, cell in enumerate(cells)))
    assert body.columns == (kind, "value")


def test_words_in_a_value_column_are_texts() -> None:
    """What is printed where a figure could stand is kept as text."""
    body = read(["2024"], ("Sales", "1,200"), ("Change", "nm"), ("Range", "12–15"))
    assert [(t.row, t.text) for t in body.texts] == [(1, "nm"), (2, "12–15")]
    assert body.findings == ()


def test_a_garbled_number_is_a_finding_not_lost() -> None:
    """Digits that no reading explains stand in the texts and in a finding."""
    body = read(["2024"], ("Sales", "1,200"), ("Costs", "10,8 89,"))
    assert [f.text for f in body.findings] == ["10,8 89,"]
    assert body.findings[0].code == "unassigned_number"


def test_a_likely_rival_speaks_for_a_print_that_is_no_number() -> None:
    """``8 5,698`` is no number, but the reader saw that ``$ 5,698`` is likely: a figure, and a doubtful one."""
    cell = Cell("8 5,698", 0, 0, TextPlace(line=1, start=0, end=7), rivals=(Reading("$ 5,698", 0.8),))
    row = BodyRow("Sales", 0.0, (cell,))
    (body,) = read_figures([Table((), (), (("2011",),), (row, *table([""], ("Costs", "1,2")).rows))])
    assert (body.figures[0].raw, str(body.figures[0].number.value)) == ("8 5,698", "5698")
    assert body.figures[0].confidence == 0.8


def test_a_document_of_decimal_commas_is_read_so() -> None:
    """One table in the continental style decides for the ambiguous ones beside it."""
    first, second = read_figures(
        [table(["2024"], ("Umsatz", "1.234,50"), ("Kosten", "12,25")), table(["2024"], ("Summe", "1.234"))]
    )
    assert [str(f.number.value) for f in first.figures] == ["1234.50", "12.25"]
    assert str(second.figures[0].number.value) == "1234"


def test_figures_of_a_guessed_style_are_open_with_one_finding() -> None:
    """Sums hold in both scales: a person is to say which it is."""
    first, second = read_figures(
        [table(["2024"], ("Sales", "129.847"), ("Staff", "12")), table(["2024"], ("Total", "1.234"))]
    )
    assert [figure.open for figure in (*first.figures, *second.figures)] == [True, False, True]
    assert [(f.code, f.text) for f in (*first.findings, *second.findings)] == [("guessed_style", "129.847")]
    (body,) = read_figures([table(["2024"], ("Sales", "129.847"), ("Staff", "12.5"))])
    assert body.findings[0].code == "guessed_style"
    (body,) = read_figures([table(["2024"], ("Sales", "129.847"), ("Staff", "1,012.5"))])
    assert (body.figures[0].open, body.findings) == (False, ())


def test_notes_may_have_parts() -> None:
    """A column headed by the word holds notes, though "14(a)" could be a marked figure and "2.1" a decimal."""
    body = read(["Notes", "2015"], ("Plant", "14(a)", "402"), ("Goodwill", "2.1", "12"), ("Tax", "5, 6(b)", "7"))
    assert body.columns == ("note", "value")
    assert [text.text for text in body.texts] == ["14(a)", "2.1", "5, 6(b)"]


def test_a_stamp_among_notes_makes_no_figures_of_them() -> None:
    """A word without a number changes nothing; an amount, or words in most rows, make no column of notes."""
    stamped = read(["Note", "2015"], ("Plant", "AUDITED", "402"), ("Goodwill", "3", "12"), ("Tax", "12", "7"))
    assert stamped.columns == ("note", "value")
    body = read(["Note", "2015"], ("Plant", "1,402", "402"), ("Goodwill", "3", "12"), ("Tax", "12", "7"))
    assert body.columns == ("value", "value")


def test_a_figure_nearly_alone_in_its_column_of_a_scan_is_open() -> None:
    """The day of a date stamp beside a table of many rows; clean documents are as printed."""
    for confidence, doubted in ((0.99, True), (1.0, False)):
        rows = []
        for row in range(9):
            cells = [Cell(text, row, c, TextPlace(line=1, start=0, end=7)) for c, text in enumerate(("12", "1,402"))]
            kept = [None if c == 0 and row else replace(cell, confidence=confidence) for c, cell in enumerate(cells)]
            rows.append(BodyRow(f"Item {row}", 0.0, tuple(kept)))
        (body,) = read_figures([Table((), (), ((), ("2011",)), tuple(rows))])
        assert [figure.open for figure in body.figures[:3]] == [doubted, False, False]


def test_a_column_of_forms_holds_no_figures() -> None:
    """An "S-1" that a scan made a "$-1" of stands among other names of forms."""
    body = read(["Form"], ("Charter", "$-1"), ("Bylaws", "10-Q"), ("Indenture", "S-1"), ("Consent", "10-K"))
    assert (body.columns, body.figures) == (("text",), ())


def test_a_percent_sign_that_may_be_a_digit_makes_no_percentage_alone() -> None:
    """Where the reader also saw a digit, and neither row nor column has another percentage, it is a misread digit."""

    def percents(*cells: str, confidence: float = 0.8) -> list[bool]:
        rows = [("Sales", "1,200", "1,100"), ("Costs", *cells), ("Rest", "43", "57")]
        drawn = table(["2024", "2023"], *rows)
        body = [
            replace(
                row, cells=tuple(_unsure(cell, confidence) if cell and "%" in cell.text else cell for cell in row.cells)
            )
            for row in drawn.rows
        ]
        (read,) = read_figures([replace(drawn, rows=tuple(body))])
        return [figure.number.percent for figure in read.figures if figure.row == 1]

    assert percents("46%", "512") == [False, False]
    assert percents("46%", "51%") == [True, True]
    assert percents("46%", "512", confidence=1.0) == [True, False]


def _unsure(cell: Cell, confidence: float) -> Cell:
    """A cell whose percent sign the reader took for a digit as well."""
    return replace(cell, confidence=confidence, rivals=(Reading(cell.text.replace("%", "5"), 0.15),))
