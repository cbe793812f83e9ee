"""The truth written beside a document follows the benchmark's format."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from corpus.filings import make
from corpus.layouts import draw
from corpus.truth import dump, truth


@pytest.mark.parametrize("seed", range(12))
def test_each_scored_cell_has_its_column_value_and_meaning(seed: int) -> None:
    """Scored cells name a column of their table; a dash has no value, a figure a decimal string."""
    filing = make(seed)
    document = truth(filing, draw(filing, 0).numbers, ["html"])
    assert document["variants"] == ["html"]
    for table in document["tables"]:
        orders = [c["ord"] for c in table["columns"]]
        assert orders == list(range(len(orders)))
        for cell in (c for r in table["rows"] for c in r["cells"] if c["scored"]):
            assert cell["col"] in orders
            assert cell["is_dash"] == (cell["value"] is None)
            assert cell["value"] is None or Fraction(cell["value"]) is not None
            assert cell["sign"] == ("-" if (cell["value"] or "").startswith("-") else "+")


@pytest.mark.parametrize("seed", range(12))
def test_no_figure_is_missing_from_the_truth(seed: int) -> None:
    """The truth holds as many scored cells as the filing has figures."""
    filing = make(seed)
    document = truth(filing, draw(filing, 0).numbers, [])
    scored = [c for t in document["tables"] for r in t["rows"] for c in r["cells"] if c["scored"]]
    assert len(scored) == sum(len(t.figures()) for t in filing.tables)


def test_scales_tell_shares_and_prices_from_amounts() -> None:
    """In a statement in thousands the earnings per share stand in units."""
    filing = next(f for f in (make(s, general_share=0) for s in range(50)) if f.tables[0].scale == 3)
    document = truth(filing, draw(filing, 0).numbers, [])
    operations = next(t for t in document["tables"] if t["kind"] == "income statement")
    basic = next(r for r in operations["rows"] if r["label"].startswith("Basic"))
    assert {c["scale"] for c in basic["cells"]} == {0}
    assert operations["scale"] == 3


def test_the_dump_reads_back_and_gives_each_row_a_line() -> None:
    """The file is JSON, and a change of one row changes one line."""
    filing = make(3)
    document = truth(filing, draw(filing, 0).numbers, ["pdf"])
    text = dump(document)
    assert json.loads(text) == document
    assert text.count("\n") > sum(len(t.rows) for t in filing.tables)
