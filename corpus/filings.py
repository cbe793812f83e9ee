"""Whole filings: which statements, notes and sentences stand together, drawn from one seed."""

from __future__ import annotations

from random import Random

from corpus import general, notes, words
from corpus.model import Figure, Filing, Paragraph, Table
from corpus.periods import COUNT, MONTHS, day, draw_calendar
from corpus.statements import Scene, balance_sheet, cash_flows, income_statement

PROSE = (
    "The accompanying notes are an integral part of these statements.",
    "The figures below have not been audited and include all adjustments that management considers necessary.",
    "Certain amounts of prior periods have been brought into line with the way they are shown in the current period.",
    "Demand held steady in most regions, while freight and energy weighed on costs during the second half.",
    "The following table sets out the amounts on which the discussion above is based.",
    "Readers should take this table together with the notes that follow it.",
)
NUMBERED = (
    "Orders rose by {a} percent to ${b} million, and {c} new customers were won in the course of the year.",
    "On {date} the Company sold a building for ${b} million in cash and took a lease of {c} months on part of it.",
    "At the close of the period the Company employed {e:,} people in {c} countries.",
    "The credit agreement of {date} allows borrowings of up to ${b} million at {a}.5% above the base rate.",
)


def _scene(rng: Random, *, annual: bool, currency: str) -> Scene:
    scale = rng.choice((0, 3, 3, 3, 6, 6))
    decimals = 1 if scale == 6 and rng.random() < 0.4 else 0
    size = {0: 10 ** rng.randint(6, 9), 3: 10 ** rng.randint(4, 7), 6: 10 ** rng.randint(3, 5)}[scale] * rng.randint(
        1, 9
    )
    prefix = (
        rng.choice(("Consolidated ", ""))
        if annual
        else rng.choice(("Condensed Consolidated ", "Consolidated ", "Condensed "))
    )
    share_scale = {0: 0, 3: rng.choice((3, 3, 0)), 6: rng.choice((6, 6, 0))}[scale]
    return Scene(
        words.company(rng),
        draw_calendar(rng, annual=annual),
        scale,
        decimals,
        share_scale,
        size,
        prefix,
        rng.random() < 0.4,
        annual and rng.random() < 0.3,
        currency,
    )


def sentence(rng: Random, scene: Scene) -> Paragraph:
    """A sentence for between the tables; some hold numbers of their own."""
    if rng.random() < 0.5:
        return Paragraph(rng.choice(PROSE))
    text = rng.choice(NUMBERED)
    return Paragraph(
        text.format(
            a=rng.randint(2, 9),
            b=f"{rng.randint(2, 90)}.{rng.randint(1, 9)}",
            c=rng.randint(3, 48),
            e=rng.randint(300, 48_000),
            date=day(scene.calendar.year_end),
        )
    )


def _by_period(table: Table, row: int) -> dict[str, int]:
    result = {}
    for c, column in enumerate(table.columns):
        cell = table.rows[row].cells[c]
        if isinstance(cell, Figure) and column.period:
            result[column.period] = cell.units
    return result


def _statements(rng: Random, scene: Scene) -> list[Table]:
    balance = balance_sheet(rng, scene)
    first = next(i for i, r in enumerate(balance.rows) if r.kind == "data")
    operations, _, row = income_statement(rng, scene)
    net = _by_period(operations, row)
    tables = [balance, operations] if rng.random() < 0.5 else [operations, balance]
    if rng.random() < 0.5:
        tables.insert(tables.index(operations) + 1, notes.comprehensive_income(rng, scene, net))
    tables.append(cash_flows(rng, scene, net, _by_period(balance, first)))
    return tables


def _dateline(table: Table, scene: Scene) -> str:
    """What a statement says above its heads when they hold years alone, or no date at all."""
    heads = [c.heads[-1] for c in table.columns if c.kind == "value" and c.period and len(c.heads) == 1]
    end = scene.calendar.end
    if table.kind == "equity":
        quarters = scene.calendar.quarter
        weeks = f"{13 * quarters} weeks" if scene.calendar.weeks else f"{COUNT[3 * quarters].lower()} months"
        return f"For the {'year' if scene.calendar.annual else weeks} ended {day(end)}"
    if heads and all(h[-4:].isdigit() and "," not in h for h in heads):
        return f"For the years ended {MONTHS[end.month]} {end.day},"
    return ""


def make(seed: int, *, general_share: float = 0.15, notes_most: int = 4) -> Filing:
    """A filing drawn from ``seed``: the same seed always gives the same filing.

    Args:
        seed: any whole number.
        general_share: how often the filing holds general tables instead of statements.
        notes_most: the most notes that follow the statements.
    """
    rng = Random(f"filing {seed}")
    plain = rng.random() < general_share
    annual = rng.random() < 0.5
    currency = rng.choice(("EUR", "CHF", "GBP")) if rng.random() < 0.12 else "USD"
    scene = _scene(rng, annual=annual, currency=currency)
    if plain:
        tables = [m(rng, scene) for m in rng.sample(general.GENERAL, rng.randint(2, 4))]
    else:
        tables = _statements(rng, scene)
        tables += [m(rng, scene) for m in rng.sample(notes.NOTES, rng.randint(1, notes_most))]
    for table in tables:
        table.dateline = table.dateline or _dateline(table, scene)
    blocks: list[Table | Paragraph] = []
    for table in tables:
        blocks += [sentence(rng, scene) for _ in range(rng.choice((0, 0, 1, 2)))]
        blocks.append(table)
    form = "other" if plain else ("10-K" if annual else rng.choice(("10-Q", "10-Q", "8-K")))
    cik = str(rng.randint(9_000_000, 9_989_999)).rjust(10, "0")
    accession = f"{cik}-{scene.calendar.end.year % 100:02d}-{rng.randint(1, 99999):06d}"
    return Filing(
        f"g{seed:05d}", scene.company, form, scene.calendar.end.isoformat(), blocks, currency, cik, accession, seed
    )
