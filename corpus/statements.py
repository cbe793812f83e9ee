"""Primary statements that add up: balance sheet, operations, cash flows, comprehensive income, equity.

Each builder writes its rows through a ``Sheet``, which keeps the identities beside the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from corpus import words
from corpus.model import Column, Figure, Row, Sheet, Table, rounded
from corpus.periods import Calendar, balance_columns, flow_columns, opening

ARTICLE = {
    "balance sheet": ("Balance Sheets", "Statements of Financial Position", "Statements of Condition"),
    "income statement": ("Statements of Operations", "Statements of Income", "Statements of Earnings"),
    "cash flows": ("Statements of Cash Flows",),
    "comprehensive income": ("Statements of Comprehensive Income", "Statements of Comprehensive Income (Loss)"),
    "equity": ("Statement of Stockholders' Equity", "Statement of Changes in Shareholders' Equity"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What all statements of one filing share."""

    company: str
    calendar: Calendar
    scale: int  # power of ten of plain amounts: 0, 3 or 6
    decimals: int  # printed places of plain amounts
    share_scale: int
    size: int  # a typical yearly revenue in units of the last printed place
    prefix: str  # "Consolidated ", "Condensed Consolidated " or nothing
    upper: bool
    notes: bool  # a column of note references
    currency: str = "USD"

    def title(self, rng: Random, kind: str) -> str:
        """The printed name of a statement."""
        text = self.prefix + rng.choice(ARTICLE[kind])
        return text.upper() if self.upper else text


WORD = {0: "", 3: "thousands", 6: "millions"}
MONEY = {"USD": "dollars", "EUR": "euros", "GBP": "pounds sterling", "CHF": "Swiss francs"}


def headnote(rng: Random, scene: Scene, *, per_share: bool = False, shares: bool = False) -> str:
    """How a statement says its scale: "(in thousands, except per share data)"."""
    if not scene.scale:
        return ""
    amounts = WORD[scene.scale]
    start = rng.choice(
        (f"In {amounts}", f"in {amounts}", f"Amounts in {amounts}", f"In {amounts} of {MONEY[scene.currency]}")
    )
    if scene.currency != "USD":
        start = f"In {amounts} of {MONEY[scene.currency]}"
    if shares and scene.share_scale != scene.scale:
        start += rng.choice((", except share and per share data", ", except share and per share amounts"))
    elif per_share:
        start += rng.choice((", except per share data", ", except per share amounts"))
    return f"({start})"


def amounts(rng: Random, size: int, count: int, *, wobble: float = 0.25) -> list[int]:
    """One line over several periods: values around ``size`` with a drift."""
    base = max(3, int(size * rng.uniform(0.4, 1.6)))
    return [max(1, int(base * rng.uniform(1 - wobble, 1 + wobble))) for _ in range(count)]


def _lengths(columns: Sequence[Column]) -> list[int]:
    """The length of each duration in quarters, so that nine months outweigh three."""
    result = []
    for column in columns:
        start, end = str(column.period).split("/")
        months = (int(end[:4]) - int(start[:4])) * 12 + int(end[5:7]) - int(start[5:7])
        result.append(max(1, round((months + 1) / 3)))
    return result


def _flow(rng: Random, size: int, columns: Sequence[Column]) -> list[int]:
    """A yearly amount ``size`` spread over the columns by their length."""
    lengths = _lengths(columns)
    return [max(1, v * n // 4) for v, n in zip(amounts(rng, size, len(columns)), lengths, strict=True)]


def _with_notes(rng: Random, scene: Scene, columns: list[Column]) -> list[Column]:
    if not scene.notes:
        return columns
    depth = len(columns[0].heads)
    heads = ("",) * (depth - 1) + (rng.choice(("Note", "Notes")),)
    return [Column(heads, None, "note"), *columns]


def _note(rng: Random, scene: Scene) -> str:
    return str(rng.randint(2, 19)) if scene.notes and rng.random() < 0.35 else ""


def _finish(sheet: Sheet, table: Table) -> Table:
    table.rows, table.identities = sheet.rows, sheet.identities
    return table


def _group(rng: Random, sheet: Sheet, heading: str, lines: list[tuple[str, list[int]]], total: str) -> int:
    """A heading, its lines and their total; returns the index of the total."""
    if heading:
        sheet.section(heading)
    money = not any(r.kind == "data" for r in sheet.rows)
    indexes = []
    for i, (label, values) in enumerate(lines):
        indexes.append(sheet.line(label, values, money=money and i == 0))
    if len(indexes) == 1:
        return indexes[0]
    level = rng.choice((0, 1, 2))
    return sheet.total(Row("data", total, level=level, rule="single"), [(i, 1) for i in indexes])


def income_statement(rng: Random, scene: Scene) -> tuple[Table, Sheet, int]:
    """Revenue down to earnings per share; also returns the sheet and the row of net income."""
    columns = _with_notes(rng, scene, flow_columns(rng, scene.calendar))
    sheet = Sheet(columns, scene.decimals)
    flows = [c for c in columns if c.kind == "value"]
    names = words.some(rng, words.REVENUE, 1, 4)
    revenue = _group(
        rng,
        sheet,
        "Revenue:" if len(names) > 1 else "",
        [(n if len(names) > 1 else "Net sales", _flow(rng, scene.size // len(names), flows)) for n in names],
        rng.choice(("Total revenue", "Total revenues", "Net revenues")),
    )
    costs = [(n, [v * rng.randint(35, 80) // 100 for v in sheet.amounts(i)]) for i, n in _lines_above(sheet, revenue)]
    if len(costs) == 1:
        costs = [(rng.choice(("Cost of sales", "Cost of goods sold", "Cost of revenue")), costs[0][1])]
    cost = _group(rng, sheet, "Cost of revenue:" if len(costs) > 1 else "", costs, "Total cost of revenue")
    gross = sheet.total(Row("data", "Gross profit", rule="single"), [(revenue, 1), (cost, -1)])
    if rng.random() < 0.4:
        sheet.ratio(
            Row("data", rng.choice(("Gross margin", "Gross profit %")), level=1),
            (gross, revenue),
            (1, "percent"),
            (100, 1),
        )
    operating = _operating(rng, scene, sheet, gross)
    net = _below_operating(rng, scene, sheet, operating)
    _per_share(rng, scene, sheet, net)
    table = Table("income statement", scene.title(rng, "income statement"), tuple(columns), scale=scene.scale)
    table.headnote = headnote(rng, scene, per_share=True, shares=True)
    return _finish(sheet, table), sheet, net


def _lines_above(sheet: Sheet, total: int) -> list[tuple[int, str]]:
    """The data lines before ``total``, or the line itself when it stands alone."""
    found = [(i, r.label) for i, r in enumerate(sheet.rows[:total]) if r.kind == "data"]
    return found or [(total, sheet.rows[total].label)]


def _operating(rng: Random, scene: Scene, sheet: Sheet, gross: int) -> int:
    names = words.some(rng, words.OPERATING, 2, 6)
    flows = [sheet.columns[c] for c in sheet.values]
    lines = []
    for name in names:
        values = _flow(rng, scene.size * rng.randint(10, 45) // 100 // len(names), flows)
        if rng.random() < 0.15:
            values[rng.randrange(len(values))] = 0
        lines.append((name, values))
    if all(not any(v) for _, v in lines):
        lines[0] = (lines[0][0], [1] * len(flows))
    total = _group(
        rng, sheet, rng.choice(("Operating expenses:", "Operating expenses")), lines, "Total operating expenses"
    )
    label = rng.choice(("Operating income (loss)", "Income (loss) from operations", "Operating income"))
    return sheet.total(Row("data", label, rule="single"), [(gross, 1), (total, -1)])


def _signed_other(rng: Random, name: str, values: list[int]) -> list[int]:
    if ("expense" in name.lower() and "net" not in name) or name.startswith("Loss"):
        return [-v for v in values]
    if "(" in name or "fair value" in name:
        return [v * rng.choice((1, -1)) for v in values]
    return values


def _below_operating(rng: Random, scene: Scene, sheet: Sheet, operating: int) -> int:
    """Other income, taxes and the net result; returns the row of net income."""
    flows = [sheet.columns[c] for c in sheet.values]
    lines = [
        (n, _signed_other(rng, n, _flow(rng, scene.size // 60, flows))) for n in words.some(rng, words.OTHER, 1, 4)
    ]
    if rng.random() < 0.4 and len(lines) > 1:
        total = _group(rng, sheet, "Other income (expense):", lines, "Total other income (expense), net")
        terms = [(operating, 1), (total, 1)]
    else:
        terms = [(operating, 1), *((sheet.line(n, v, 0, note=_note(rng, scene)), 1) for n, v in lines)]
    pretax = sheet.total(Row("data", "Income (loss) before income taxes", rule="single"), terms)
    rate = rng.randint(15, 38)
    minus = rng.random() < 0.4
    taxes = [rounded(v * rate, 100) for v in sheet.amounts(pretax)]
    label = (
        "Income tax benefit (provision)"
        if minus
        else rng.choice(("Provision for income taxes", "Income tax expense (benefit)"))
    )
    tax = sheet.line(label, [-t for t in taxes] if minus else taxes, 0, note=_note(rng, scene))
    net_label = rng.choice(("Net income (loss)", "Net earnings (loss)", "Net income"))
    signed = [(pretax, 1), (tax, 1 if minus else -1)]
    net = sheet.total(Row("data", net_label, rule="double", money=True), signed)
    if rng.random() < 0.2:
        minority = sheet.line(
            "Less: net income attributable to noncontrolling interests", _flow(rng, scene.size // 200, flows), 0
        )
        label = f"Net income (loss) attributable to {scene.company}"
        return sheet.total(Row("data", label, rule="double", money=True), [(net, 1), (minority, -1)])
    return net


def _per_share(rng: Random, scene: Scene, sheet: Sheet, net: int) -> None:
    """Earnings per share from whole shares; the share lines come after them, as printed."""
    count = len(sheet.values)
    dollars = max(1, scene.size * 10**scene.scale // 10**scene.decimals)
    shares = max(2_000_000, dollars // rng.randint(4, 60))
    share_decimals = 1 if scene.share_scale == 6 else 0
    unit = 10**scene.share_scale
    basic = [max(20, int(shares * rng.uniform(0.97, 1.03)) * 10**share_decimals // unit) for _ in range(count)]
    diluted = [
        b + (b * rng.randint(0, 30) // 1000 if n > 0 else 0) for b, n in zip(basic, sheet.amounts(net), strict=True)
    ]
    first = rng.choice(("Earnings (loss) per share:", "Net income (loss) per common share:", "Earnings per share"))
    factor = (10**scene.scale, unit)
    sheet.section(first)
    top = len(sheet.rows)
    labels = rng.choice((("Basic", "Diluted"), ("Basic earnings per share", "Diluted earnings per share")))
    rows = [Row("data", label, level=1, money=True) for label in labels]
    head = (
        "Shares used to compute earnings (loss) per share:"
        if rng.random() < 0.6
        else "Weighted average shares outstanding:"
    )
    # the share lines stand below the ratios that need them: write them first, then put them in order
    sheet.rows += rows
    sheet.section(head)
    places = [
        sheet.add(
            Row("data", label, level=1), [Figure(v, share_decimals, "shares", scale=scene.share_scale) for v in values]
        )
        for label, values in zip(("Basic", "Diluted"), (basic, diluted), strict=True)
    ]
    for offset, (row, place) in enumerate(zip(rows, places, strict=True)):
        made = sheet.ratio(row, (net, place), (2, "per_share"), factor)
        sheet.rows[top + offset] = sheet.rows.pop(made)
        sheet.identities = [
            replace(i, total=(top + offset, i.total[1])) if i.total[0] == made else i for i in sheet.identities
        ]


def balance_sheet(rng: Random, scene: Scene) -> Table:
    """Assets = liabilities + equity, with nested subtotals; its first line is cash."""
    columns = _with_notes(rng, scene, balance_columns(rng, scene.calendar))
    sheet = Sheet(columns, scene.decimals)
    count, size = len(sheet.values), scene.size
    sheet.section(rng.choice(("Assets", "ASSETS")))
    names = ["Cash and cash equivalents", *words.some(rng, words.CURRENT_ASSETS, 2, 6)]
    current = _group(
        rng,
        sheet,
        "Current assets:",
        [(_allowance(rng, n), amounts(rng, size // 8, count)) for n in names],
        "Total current assets",
    )
    rest = [
        sheet.line(n, amounts(rng, size // rng.randint(3, 40), count), rng.choice((0, 0, 1)), note=_note(rng, scene))
        for n in words.some(rng, words.FIXED_ASSETS, 2, 7)
    ]
    bare = rng.random() < 0.12  # some print the grand totals without a label
    assets = sheet.total(
        Row("data", "" if bare else "Total assets", rule="double", money=True), [(current, 1), *((i, 1) for i in rest)]
    )
    equity_name = rng.choice(("stockholders' equity", "shareholders' equity", "shareholders’ equity"))
    sheet.section(f"Liabilities and {equity_name}" if rng.random() < 0.6 else f"LIABILITIES AND {equity_name.upper()}")
    liabilities = _liabilities(rng, scene, sheet)
    if rng.random() < 0.6:
        sheet.section("Commitments and contingencies" + (" (Note 9)" if rng.random() < 0.4 else ""))
    equity = _equity(rng, sheet, (assets, liabilities), equity_name)
    label = "" if bare else f"Total liabilities and {equity_name}"
    end = sheet.total(Row("data", label, rule="double", money=True), [(liabilities, 1), (equity, 1)])
    # assets = liabilities + equity is a sum over both halves: note it on the last line too
    for i in [i for i in sheet.identities if i.total[0] == assets]:
        sheet.identities.append(replace(i, total=(end, i.total[1])))
    table = Table("balance sheet", scene.title(rng, "balance sheet"), tuple(columns), scale=scene.scale)
    table.headnote = headnote(rng, scene)
    return _finish(sheet, table)


def _liabilities(rng: Random, scene: Scene, sheet: Sheet) -> int:
    """Current liabilities with their total, the other ones, and the total of both; the row of that."""
    count, size = len(sheet.values), scene.size
    debts = [(n, amounts(rng, size // 16, count)) for n in words.some(rng, words.CURRENT_DEBTS, 2, 6)]
    first = len(sheet.rows) + 1
    short = _group(rng, sheet, "Current liabilities:", debts, "Total current liabilities")
    sheet.rows[first] = replace(sheet.rows[first], money=True)
    long = [
        sheet.line(n, amounts(rng, size // 30, count), 0, note=_note(rng, scene))
        for n in words.some(rng, words.LONG_DEBTS, 1, 5)
    ]
    return sheet.total(
        Row("data", "Total liabilities", level=rng.choice((0, 1)), rule="single"), [(short, 1), *((i, 1) for i in long)]
    )


def _allowance(rng: Random, name: str) -> str:
    """A label that holds numbers of its own, which are no figures."""
    if name.endswith("allowances of"):
        return f"{name} ${rng.randint(100, 999)} and ${rng.randint(100, 999)}"
    return name


def _equity(rng: Random, sheet: Sheet, halves: tuple[int, int], name: str) -> int:
    """The equity section; retained earnings take what balances the sheet. Returns the row of the total."""
    count = len(sheet.values)
    sheet.section(name[0].upper() + name[1:] + ":")
    gap = [a - b for a, b in zip(sheet.amounts(halves[0]), sheet.amounts(halves[1]), strict=True)]
    small = max(1, abs(gap[0]) // 500)
    authorised, issued = rng.randint(50, 900) * 1_000_000, rng.randint(10_000_000, 49_000_000)
    before = issued - rng.randint(1, 900_000)
    stock = "Common stock"
    if rng.random() < 0.5:
        stock = (
            f"Common stock, $.01 par value; {authorised:,} shares authorized; {issued:,} and {before:,} "
            "shares issued and outstanding, respectively"
        )
    rows = [sheet.line(stock, [small] * count)]
    rows.append(sheet.line("Additional paid-in capital", amounts(rng, max(3, abs(gap[0])), count, wobble=0.05)))
    if rng.random() < 0.6:
        rows.append(
            sheet.line(
                "Accumulated other comprehensive income (loss)",
                [v * rng.choice((1, -1)) for v in amounts(rng, small * 5, count)],
            )
        )
    if rng.random() < 0.4:
        rows.append(sheet.line("Treasury stock, at cost", [-v for v in amounts(rng, small * 20, count)]))
    held = [sum(sheet.amounts(i)[k] for i in rows) for k in range(count)]
    plug = [g - h for g, h in zip(gap, held, strict=True)]
    rows.append(sheet.line("Retained earnings (accumulated deficit)", plug))
    return sheet.total(Row("data", f"Total {name}", rule="single"), [(i, 1) for i in rows])


def cash_flows(rng: Random, scene: Scene, net: dict[str, int], cash: dict[str, int]) -> Table:
    """Three sections, the net change, and opening + change = closing.

    Args:
        rng: the source of chance.
        scene: what the filing shares.
        net: net income by period, where a statement of operations prints it.
        cash: closing cash by instant, where a balance sheet prints it.
    """
    columns = flow_columns(rng, scene.calendar, year_to_date=True)
    sheet = Sheet(columns, scene.decimals)
    count = len(columns)
    closing = [cash.get(str(c.period).split("/")[1], amounts(rng, scene.size // 8, 1)[0]) for c in columns]
    opens = [cash.get(opening(str(c.period))) for c in columns]
    for i, c in enumerate(columns):
        later = [k for k, d in enumerate(columns) if str(d.period).split("/")[1] == opening(str(c.period))]
        opens[i] = closing[later[0]] if later else opens[i]
    begin = [o if o is not None else amounts(rng, scene.size // 8, 1)[0] for o in opens]
    operating = _operating_cash(rng, scene, sheet, net)
    investing = _cash_section(rng, scene, sheet, ("investing", words.INVESTING))
    rate = [v * rng.choice((1, -1)) for v in amounts(rng, scene.size // 300, count)] if rng.random() < 0.6 else None
    fixed = [a + b for a, b in zip(sheet.amounts(operating), sheet.amounts(investing), strict=True)]
    needed = [
        c - b - f - (rate[k] if rate else 0) for k, (c, b, f) in enumerate(zip(closing, begin, fixed, strict=True))
    ]
    financing = _cash_section(rng, scene, sheet, ("financing", words.FINANCING), needed)
    terms = [(operating, 1), (investing, 1), (financing, 1)]
    if rate:
        terms.append((sheet.line("Effect of exchange rate changes on cash and cash equivalents", rate, 0), 1))
    change = sheet.total(Row("data", "Net increase (decrease) in cash and cash equivalents", rule="single"), terms)
    start = sheet.line("Cash and cash equivalents, beginning of " + rng.choice(("year", "period")), begin, 0)
    row = sheet.rows[start]
    moved = tuple(
        replace(f, period=opening(str(c.period))) if isinstance(f, Figure) else f
        for f, c in zip(row.cells, columns, strict=True)
    )
    sheet.rows[start] = replace(row, cells=moved)
    end = sheet.total(
        Row("data", "Cash and cash equivalents, end of period", rule="double", money=True), [(start, 1), (change, 1)]
    )
    row = sheet.rows[end]
    moved = tuple(
        replace(f, period=str(c.period).split("/")[1]) if isinstance(f, Figure) else f
        for f, c in zip(row.cells, columns, strict=True)
    )
    sheet.rows[end] = replace(row, cells=moved)
    table = Table("cash flows", scene.title(rng, "cash flows"), tuple(columns), scale=scene.scale)
    table.headnote = headnote(rng, scene)
    return _finish(sheet, table)


def _operating_cash(rng: Random, scene: Scene, sheet: Sheet, net: dict[str, int]) -> int:
    flows = list(sheet.columns)
    sheet.section("Cash flows from operating activities:")
    known = [net.get(str(c.period)) for c in flows]
    values = [k if k is not None else v for k, v in zip(known, _flow(rng, scene.size // 10, flows), strict=True)]
    rows = [sheet.line("Net income (loss)", values, money=True)]
    sheet.section(
        "Adjustments to reconcile net income (loss) to net cash provided by (used in) operating activities:", 1
    )
    for name in words.some(rng, words.NONCASH, 3, 8):
        line = _flow(rng, scene.size // 25, flows)
        if rng.random() < 0.2:
            line[rng.randrange(len(line))] = 0
        rows.append(sheet.line(name, [-v for v in line] if name.startswith(("Gain", "Equity")) else line, 2))
    sheet.section("Changes in operating assets and liabilities:", rng.choice((1, 2)))
    rows += [
        sheet.line(name, [v * rng.choice((1, -1)) for v in _flow(rng, scene.size // 40, flows)], 3)
        for name in words.some(rng, words.WORKING, 3, 7)
    ]
    label = "Net cash provided by (used in) operating activities"
    return sheet.total(Row("data", label, rule="single"), [(i, 1) for i in rows])


def _cash_section(
    rng: Random, scene: Scene, sheet: Sheet, what: tuple[str, tuple[str, ...]], needed: list[int] | None = None
) -> int:
    """Investing or financing; with ``needed`` a last line closes the section at that sum."""
    kind, names = what
    flows = list(sheet.columns)
    sheet.section(f"Cash flows from {kind} activities:")
    rows = []
    for name in words.some(rng, names, 2, 5):
        values = _flow(rng, scene.size // 20, flows)
        if rng.random() < 0.25:
            values[rng.randrange(len(values))] = 0
        if all(not v for v in values):
            values[0] = 7
        rows.append(sheet.line(name, values if name.startswith(words.INCOMING) else [-v for v in values], 1))
    if needed is not None:
        held = [sum(sheet.amounts(i)[k] for i in rows) for k in range(len(flows))]
        plug = [n - h for n, h in zip(needed, held, strict=True)]
        rows.append(
            sheet.line("Net proceeds from (repayments of) borrowings under revolving credit facilities", plug, 1)
        )
    return sheet.total(
        Row("data", f"Net cash provided by (used in) {kind} activities", rule="single"), [(i, 1) for i in rows]
    )
