"""The tables of notes: equity, comprehensive income, schedules, segments, roll-forwards, reconciliations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from corpus import words
from corpus.model import Column, Figure, Identity, Row, Sheet, Table, rounded
from corpus.periods import MONTHS, balance_columns, day, flow_columns, instant, months_before
from corpus.statements import Scene, amounts, headnote


def _done(table: Table, sheet: Sheet) -> Table:
    table.rows, table.identities = sheet.rows, sheet.identities
    return table


def _totalled(sheet: Sheet, lines: list[tuple[str, list[int]]], total: str, *, level: int = 0) -> int:
    """Lines and their total; the currency sign on the first and the last."""
    rows = [sheet.line(n, v, level, money=i == 0) for i, (n, v) in enumerate(lines)]
    return sheet.total(Row("data", total, level=level, rule="double", money=True), [(i, 1) for i in rows])


def comprehensive_income(rng: Random, scene: Scene, net: dict[str, int]) -> Table:
    """Net income plus other comprehensive income."""
    columns = flow_columns(rng, scene.calendar)
    sheet = Sheet(columns, scene.decimals)
    size = max(4, scene.size // 90)
    values = [net.get(str(c.period), v) for c, v in zip(columns, amounts(rng, size * 6, len(columns)), strict=True)]
    first = sheet.line("Net income (loss)", values, 0, money=True)
    sheet.section("Other comprehensive income (loss):")
    parts = [
        sheet.line(n, [v * rng.choice((1, -1)) for v in amounts(rng, size, len(columns))])
        for n in words.some(rng, words.OCI, 2, 4)
    ]
    other = sheet.total(Row("data", "Total other comprehensive income (loss)", rule="single"), [(i, 1) for i in parts])
    sheet.total(Row("data", "Comprehensive income (loss)", rule="double", money=True), [(first, 1), (other, 1)])
    title = scene.title(rng, "comprehensive income")
    return _done(
        Table("comprehensive income", title, tuple(columns), headnote=headnote(rng, scene), scale=scene.scale), sheet
    )


def equity(rng: Random, scene: Scene) -> Table:
    """A roll-forward with a column for each component: it foots down and cross-foots."""
    names = ["Common Stock", "Additional Paid-in Capital", "Accumulated Deficit", "Total"]
    if rng.random() < 0.5:
        names.insert(3, "Accumulated Other Comprehensive Loss")
    calendar = scene.calendar
    period = calendar.flow(calendar.end, calendar.quarter)
    columns = [Column((n,), period) for n in names]
    sheet = Sheet(columns, scene.decimals)
    parts, size = len(names) - 1, max(20, scene.size // 10)
    begin = calendar.year_end

    def add(label: str, values: list[int], *, money: bool = False) -> int:
        return sheet.line(label, [*values, sum(values)], 0, money=money)

    def only(place: int, value: int) -> list[int]:
        return [value if i == place else 0 for i in range(parts)]

    first = add(f"Balance, {day(begin)}", [size // 50 + 1, size * 3, -size, size // 30 + 2][:parts], money=True)
    flows = [add(rng.choice(("Net income (loss)", "Net income")), only(2, rng.randint(-size // 9, size // 5)))]
    flows.append(add("Stock-based compensation", only(1, size // rng.randint(11, 60) + 1)))
    if rng.random() < 0.6:
        flows.append(
            add("Exercise of stock options and vesting of restricted stock", [1, size // 90 + 3, *[0] * (parts - 2)])
        )
    if parts > 3:
        flows.append(add("Other comprehensive income (loss)", only(3, rng.randint(-40, 40) or 5)))
    last = sheet.total(
        Row("data", f"Balance, {day(scene.calendar.end)}", rule="double", money=True),
        [(first, 1), *((i, 1) for i in flows)],
    )
    sheet.cross_foot([first, *flows, last], parts, range(parts))
    for row, when in ((first, begin), (last, scene.calendar.end)):
        _dated(sheet, row, instant(when))
    return _done(
        Table("equity", scene.title(rng, "equity"), tuple(columns), headnote=headnote(rng, scene), scale=scene.scale),
        sheet,
    )


def _dated(sheet: Sheet, row: int, period: str) -> None:
    """Give every figure of a row a period of its own."""
    old = sheet.rows[row]
    sheet.rows[row] = replace(
        old, cells=tuple(replace(c, period=period) if isinstance(c, Figure) else c for c in old.cells)
    )


def maturities(rng: Random, scene: Scene) -> Table:
    """Payments by year: labels that are years, a total, and what is interest in it."""
    heads = rng.choice((("Operating Leases", "Finance Leases"), ("Debt", "Purchase Obligations"), ("Amount",)))
    columns = [Column((h,)) for h in heads]
    sheet = Sheet(columns, scene.decimals)
    year, count = scene.calendar.end.year + 1, len(columns)
    lines = [(str(year + i), amounts(rng, scene.size // 40, count)) for i in range(5)]
    if scene.calendar.quarter < 4:
        lines[0] = (f"Remainder of {year - 1}", lines[0][1])
        lines[1:] = [(str(year - 1 + i), v) for i, (_, v) in enumerate(lines) if i]
    lines.append(("Thereafter", amounts(rng, scene.size // 25, count)))
    total = _totalled(sheet, lines, rng.choice(("Total minimum payments", "Total", "Total undiscounted payments")))
    if rng.random() < 0.5:
        less = sheet.line("Less: amount representing interest", [-v for v in amounts(rng, scene.size // 90, count)], 0)
        sheet.total(
            Row("data", "Present value of minimum payments", rule="double", money=True), [(total, 1), (less, 1)]
        )
    title = rng.choice(("Future minimum lease payments", "Contractual maturities", "Schedule of payments"))
    return _done(Table("note", title, tuple(columns), headnote=headnote(rng, scene), scale=scene.scale), sheet)


def segments(rng: Random, scene: Scene) -> Table:
    """Revenue by segment with its percentages of the total beside it."""
    base = flow_columns(rng, scene.calendar, year_to_date=True)[:2]
    depth = len(base[0].heads)
    percent = rng.random() < 0.5
    columns = list(base)
    if percent and depth > 1:
        middle = ("",) * (depth - 2)
        columns += [Column(("% of Revenue", *middle, c.heads[-1]), c.period) for c in base]
    elif percent:
        columns += [Column((f"% of {c.heads[-1]}",), c.period) for c in base]
    sheet = Sheet(columns, scene.decimals)
    names = words.some(rng, words.SEGMENTS, 3, 6)
    data = [amounts(rng, scene.size // len(names), 2) for _ in names]
    sums = [sum(v[k] for v in data) for k in range(2)]
    for i, (name, values) in enumerate([*zip(names, data, strict=True), ("Total", sums)]):
        last = i == len(names)
        row = Row(
            "data", name, level=int(last and rng.random() < 0.3), rule="double" if last else "", money=last or i == 0
        )
        figures = [Figure(v, scene.decimals) for v in values]
        if percent:
            figures += [Figure(rounded(v * 1000, s), 1, "percent") for v, s in zip(values, sums, strict=True)]
        sheet.add(row, figures)
    return _done(_segment_identities(rng, scene, sheet, len(names)), sheet)


def _segment_identities(rng: Random, scene: Scene, sheet: Sheet, total: int) -> Table:

    for c in (0, 1):
        sheet.identities.append(Identity("foot", (total, c), tuple(((r, c), 1) for r in range(total))))
    for c in range(2, len(sheet.columns)):
        parts = tuple(((r, c), 1) for r in range(total))
        sheet.identities.append(Identity("foot", (total, c), parts, slack=(total + 1) // 2 + 1))
        sheet.identities += [
            Identity("ratio", (r, c), (((r, c - 2), 1),), (total, c - 2), (100, 1), 1) for r in range(total + 1)
        ]
    title = rng.choice(("Net sales by segment", "Revenue by geographic area", "Disaggregation of revenue"))
    return Table("note", title, tuple(sheet.columns), headnote=headnote(rng, scene), scale=scene.scale)


def fair_value(rng: Random, scene: Scene) -> Table:
    """Levels 1 to 3 and their total: a cross foot."""
    when = instant(scene.calendar.end)
    spanner = f"Fair Value Measurements at {day(scene.calendar.end)}"
    columns = [Column((spanner, n), when) for n in ("Level 1", "Level 2", "Level 3", "Total")]
    sheet = Sheet(columns, scene.decimals)
    names = (
        "Money market funds",
        "U.S. government securities",
        "Corporate bonds",
        "Commercial paper",
        "Contingent consideration",
        "Interest rate swaps",
    )
    rows = []
    for i, name in enumerate(words.some(rng, names, 3, 5)):
        place = rng.randrange(3)
        values = [amounts(rng, scene.size // 20, 1)[0] if k == place or rng.random() < 0.15 else 0 for k in range(3)]
        rows.append(sheet.line(name, [*values, sum(values)], 0, money=i == 0))
    last = sheet.total(Row("data", "Total", rule="double", money=True), [(i, 1) for i in rows])
    sheet.cross_foot([*rows, last], 3, (0, 1, 2))
    return _done(
        Table("note", "Fair value measurements", tuple(columns), headnote=headnote(rng, scene), scale=scene.scale),
        sheet,
    )


def fixed_assets(rng: Random, scene: Scene) -> Table:
    """Gross amounts less accumulated depreciation."""
    columns = balance_columns(rng, scene.calendar)
    sheet = Sheet(columns, scene.decimals)
    lives = (
        "Land",
        "Buildings and improvements (20-40 years)",
        "Machinery and equipment",
        "Furniture and fixtures",
        "Computer equipment and software (3-5 years)",
        "Leasehold improvements",
        "Construction in progress",
    )
    lines = [(n, amounts(rng, scene.size // 12, 2)) for n in words.some(rng, lives, 3, 6)]
    rows = [sheet.line(n, v, 0, money=i == 0) for i, (n, v) in enumerate(lines)]
    gross = sheet.total(Row("data", rng.choice(("", "Total, at cost")), rule="single"), [(i, 1) for i in rows])
    share = [v * rng.randint(20, 60) // 100 for v in sheet.amounts(gross)]
    if rng.random() < 0.5:
        less = sheet.line("Less: accumulated depreciation and amortization", [-v for v in share], 0)
        terms = [(gross, 1), (less, 1)]
    else:
        terms = [(gross, 1), (sheet.line("Less accumulated depreciation", share, 0), -1)]
    sheet.total(Row("data", "Property, plant and equipment, net", rule="double", money=True), terms)
    return _done(
        Table(
            "note", "Property, plant and equipment", tuple(columns), headnote=headnote(rng, scene), scale=scene.scale
        ),
        sheet,
    )


def allowance(rng: Random, scene: Scene) -> Table:
    """A roll-forward from the beginning to the end of each year."""
    columns = flow_columns(rng, scene.calendar, year_to_date=True)
    sheet = Sheet(columns, scene.decimals)
    size, count = max(40, scene.size // 300), len(columns)
    begin = sheet.line("Balance at beginning of period", amounts(rng, size, count), 0, money=True)
    up = sheet.line("Provision charged to expense", amounts(rng, size // 2, count))
    down = sheet.line("Write-offs, net of recoveries", [-v for v in amounts(rng, size // 3, count)])
    rate = sheet.line(
        "Currency translation and other", [rng.choice((0, 1, -1)) * v for v in amounts(rng, size // 20, count)]
    )
    sheet.total(
        Row("data", "Balance at end of period", rule="double", money=True), [(begin, 1), (up, 1), (down, 1), (rate, 1)]
    )
    return _done(
        Table(
            "note", "Allowance for doubtful accounts", tuple(columns), headnote=headnote(rng, scene), scale=scene.scale
        ),
        sheet,
    )


def reconciliation(rng: Random, scene: Scene) -> Table:
    """GAAP to non-GAAP with a column of note letters."""
    flows = flow_columns(rng, scene.calendar, year_to_date=rng.random() < 0.5)[:3]
    columns = [Column(("",) * (len(flows[0].heads) - 1) + ("Notes",), None, "note"), *flows]
    sheet = Sheet(columns, scene.decimals)
    count = len(flows)
    revenue = amounts(rng, scene.size // 3, count)
    for what in rng.sample(("gross profit", "operating expenses", "net income"), 2):
        start = sheet.line(f"GAAP {what}", amounts(rng, scene.size // 6, count), 0, money=True)
        sign = -1 if what == "operating expenses" else 1
        one = sheet.line(
            "Stock-based compensation expense", [sign * v for v in amounts(rng, scene.size // 80, count)], note="A"
        )
        two = sheet.line(
            "Amortization of intangible assets",
            [sign * v * rng.choice((0, 1)) for v in amounts(rng, scene.size // 200, count)],
            note="B",
        )
        sheet.total(Row("data", f"Non-GAAP {what}", rule="double", money=True), [(start, 1), (one, 1), (two, 1)])
    head = sheet.line("Revenue", revenue, 0, money=True)
    sheet.ratio(Row("data", "GAAP margin", level=1), (0, head), (1, "percent"), (100, 1))
    title = "Reconciliation of GAAP to Non-GAAP Financial Measures"
    table = Table("note", title, tuple(columns), headnote=headnote(rng, scene), scale=scene.scale)
    table.footnotes = [
        "A Stock-based compensation is a non-cash expense.",
        "B Amortization arises from acquired technology.",
    ]
    return _done(table, sheet)


def tax_rate(rng: Random, scene: Scene) -> Table:
    """Percentages that add up to the effective rate."""
    columns = flow_columns(rng, scene.calendar, year_to_date=True)
    sheet = Sheet(columns)
    names = (
        "State taxes, net of federal benefit",
        "Foreign rate differential",
        "Research credits",
        "Valuation allowance",
        "Nondeductible items",
        "Other, net",
    )
    table = [("Statutory federal income tax rate", [350 if scene.calendar.end.year < 2018 else 210] * len(columns))]
    table += [(n, [rng.randint(-60, 80) or 1 for _ in columns]) for n in words.some(rng, names, 3, 6)]
    for i, (name, values) in enumerate(
        [*table, ("Effective income tax rate", [sum(v[k] for _, v in table) for k in range(len(columns))])]
    ):
        row = Row("data", name, rule="double" if i == len(table) else "")
        sheet.add(row, [Figure(v, 1, "percent", scale=-2) for v in values])
    last = len(table)
    sheet.identities = [
        Identity("foot", (last, c), tuple(((r, c), 1) for r in range(last))) for c in range(len(columns))
    ]
    return _done(Table("note", "Effective income tax rate", tuple(columns)), sheet)


def options(rng: Random, scene: Scene) -> Table:
    """Shares and prices side by side: columns of different units."""
    heads = ("Number of Shares", "Weighted Average Exercise Price")
    columns = [Column((h,)) for h in heads]
    sheet = Sheet(columns)
    begin = rng.randint(2_000_000, 9_000_000)
    moves = [
        ("Granted", rng.randint(100_000, 900_000)),
        ("Exercised", -rng.randint(50_000, 700_000)),
        ("Forfeited or expired", -rng.randint(1_000, 90_000)),
    ]
    start = day(scene.calendar.closing(1))
    lines = [
        (f"Outstanding at {start}", begin),
        *moves,
        (f"Outstanding at {day(scene.calendar.end)}", begin + sum(v for _, v in moves)),
    ]
    for i, (name, value) in enumerate(lines):
        price = Figure(rng.randint(300, 9000), 2, "per_share", scale=0)
        sheet.add(
            Row("data", name, rule="double" if i == 4 else "", money=i in (0, 4), level=int(0 < i < 4)),
            [Figure(value, 0, "shares", scale=0), price],
        )

    sheet.identities.append(Identity("roll_forward", (4, 0), tuple(((r, 0), 1) for r in range(4))))
    return _done(Table("note", "Stock option activity", tuple(columns)), sheet)


def _short(when: date) -> str:
    """``Sept. 30, 2011``: months cut short as newspapers do."""
    name = MONTHS[when.month]
    cut = name if len(name) < 5 else {"September": "Sept."}.get(name, name[:3] + ".")
    return f"{cut} {when.day}, {when.year}"


def quarters(rng: Random, scene: Scene) -> Table:
    """Four quarters and the year: it cross-foots; the earnings per share need not."""
    cal = scene.calendar
    ends = [cal.end - timedelta(weeks=13 * k) if cal.weeks else months_before(cal.end, 3 * k) for k in (3, 2, 1, 0)]
    columns = [Column(("Quarter Ended", _short(e)), cal.flow(e, 1)) for e in ends]
    columns.append(Column(("Four Quarters Ended", _short(cal.end)), cal.flow(cal.end, 4)))
    sheet = Sheet(columns, scene.decimals)
    rows = []
    for i, name in enumerate(("Net sales", "Gross profit", "Net income (loss)")):
        values = amounts(rng, scene.size // (4, 10, 40)[i], 4)
        if i == 2 and rng.random() < 0.5:
            values[rng.randrange(4)] *= -1
        rows.append(sheet.line(name, [*values, sum(values)], 0, money=True))
    prices = [rng.randint(-80, 320) for _ in range(5)]
    sheet.add(
        Row("data", "Net income (loss) per share", money=True),
        [Figure(p, 2 if p else 0, "per_share", nil=not p, scale=0) for p in prices],
    )
    sheet.cross_foot(rows, 4, range(4))
    title = rng.choice(("Quarterly financial data (unaudited)", "Selected quarterly results"))
    note = headnote(rng, scene, per_share=True)
    return _done(Table("note", title, tuple(columns), headnote=note, scale=scene.scale), sheet)


def debts(rng: Random, scene: Scene) -> Table:
    """Labels that hold rates and years; the current portion taken off at the end."""
    columns = balance_columns(rng, scene.calendar)
    sheet = Sheet(columns, scene.decimals)
    year = scene.calendar.end.year
    lines = [
        (
            f"{rng.randint(2, 9)}.{rng.choice(('25', '5', '75', '125'))}% notes due {year + i + rng.randint(1, 4)}",
            amounts(rng, scene.size // 9, 2),
        )
        for i in range(rng.randint(2, 4))
    ]
    lines.append(("Revolving credit facility", [0, amounts(rng, scene.size // 20, 1)[0]]))
    rows = [sheet.line(n, v, 0, money=i == 0) for i, (n, v) in enumerate(lines)]
    total = sheet.total(Row("data", "Total debt", rule="single"), [(i, 1) for i in rows])
    less = sheet.line("Less: current portion", [-v for v in amounts(rng, scene.size // 60, 2)], 0)
    sheet.total(Row("data", "Long-term debt", rule="double", money=True), [(total, 1), (less, 1)])
    return _done(
        Table("note", "Long-term debt", tuple(columns), headnote=headnote(rng, scene), scale=scene.scale), sheet
    )


NOTES: tuple[Callable[[Random, Scene], Table], ...] = (
    maturities,
    segments,
    fair_value,
    fixed_assets,
    allowance,
    reconciliation,
    tax_rate,
    options,
    quarters,
    debts,
    equity,
)
