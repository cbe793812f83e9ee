"""The statements of the generator add up, exactly or within the rounding of what they print."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from corpus.filings import make
from corpus.model import Figure, Identity, Ref, Table

SEEDS = range(60)


def _value(table: Table, ref: Ref) -> Fraction:
    figure = table.figure(ref)
    return Fraction(figure.units, 10**figure.decimals)


def _residual(table: Table, identity: Identity) -> Fraction:
    total = sum((w * _value(table, ref) for ref, w in identity.terms), Fraction(0)) * Fraction(*identity.factor)
    if identity.divisor:
        total /= _value(table, identity.divisor)
    return abs(total - _value(table, identity.total))


def _tolerance(table: Table, identity: Identity) -> Fraction:
    last_place = Fraction(1, 10 ** table.figure(identity.total).decimals)
    half = Fraction(1, 2) if identity.kind == "ratio" and identity.slack == 1 else 1
    return identity.slack * last_place * half


@pytest.mark.parametrize("seed", SEEDS)
def test_every_identity_of_a_filing_holds(seed: int) -> None:
    """Sums hold to the last digit; rounded ratios within half of their last place."""
    for table in make(seed).tables:
        for identity in table.identities:
            assert _residual(table, identity) <= _tolerance(table, identity), (table.title, identity)


@pytest.mark.parametrize("seed", SEEDS)
def test_statements_have_identities_for_most_of_their_figures(seed: int) -> None:
    """A statement whose sums were not noted down could not test anything."""
    for table in make(seed).tables:
        if table.kind in {"balance sheet", "income statement", "cash flows"}:
            covered = {i.total for i in table.identities} | {r for i in table.identities for r, _ in i.terms}
            covered |= {i.divisor for i in table.identities if i.divisor}
            assert len(covered) >= 0.9 * len(table.figures())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_balance_sheet_balances(seed: int) -> None:
    """Assets equal liabilities and equity: the last figures equal those of the assets."""
    for table in make(seed).tables:
        if table.kind == "balance sheet":
            doubles = [r for r in table.rows if r.rule == "double"]
            assets, both = doubles[0], doubles[-1]
            values = [(a, b) for a, b in zip(assets.cells, both.cells, strict=True) if isinstance(a, Figure)]
            assert values
            assert all(isinstance(b, Figure) and a.units == b.units for a, b in values)


@pytest.mark.parametrize("seed", SEEDS)
def test_closing_cash_is_the_cash_of_the_balance_sheet(seed: int) -> None:
    """The statements of one filing tie out: closing cash stands in both."""
    tables = {t.kind: t for t in make(seed, general_share=0.0).tables}
    balance, flows = tables["balance sheet"], tables["cash flows"]
    cash = next(r for r in balance.rows if r.kind == "data")
    by_date = {c.period: f.units for c, f in zip(balance.columns, cash.cells, strict=True) if isinstance(f, Figure)}
    closing = [f for f in flows.rows[-1].cells if isinstance(f, Figure)]
    assert any(f.period in by_date for f in closing)
    assert all(by_date.get(f.period, f.units) == f.units for f in closing)


@pytest.mark.parametrize("seed", SEEDS)
def test_tables_are_rectangular_and_periods_are_dates(seed: int) -> None:
    """Each row has a cell for each column, each head as many lines, each period is made of true dates."""
    for table in make(seed).tables:
        assert all(len(r.cells) == len(table.columns) for r in table.rows)
        assert len({len(c.heads) for c in table.columns}) == 1
        for column in table.columns:
            days = [dt.date.fromisoformat(d) for d in (column.period or "").split("/") if d]
            assert days == sorted(days)


def test_the_seed_decides_everything() -> None:
    """The same seed gives the same filing, another seed another one."""
    assert make(7) == make(7)
    assert make(7) != make(8)


def test_a_figure_writes_its_canonical_value() -> None:
    """Units and decimals become the decimal string of the JSON."""
    assert Figure(-2, 2).value == "-0.02"
    assert Figure(1234, 1).value == "123.4"
    assert Figure(0).value == "0"
