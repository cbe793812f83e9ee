"""Tables that are no statements: prices, a bank account, a bill, a budget, holders, words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from corpus import words
from corpus.model import Column, Figure, Identity, Row, Sheet, Table, Text, rounded
from corpus.periods import MONTHS
from corpus.statements import Scene


def _table(title: str, sheet: Sheet, stub: str = "", kind: str = "other") -> Table:
    return Table(kind, title, sheet.columns, sheet.rows, stub_head=stub, identities=sheet.identities)


def _row(sheet: Sheet, label: str, cells: list[Figure | Text | None], texts: dict[int, str], rule: str = "") -> int:
    """A row with words in its text columns and figures in its value columns."""
    index = sheet.add(Row("data", label, rule="double" if rule else ""), cells)
    row = sheet.rows[index]
    filled = tuple(Text(texts[i]) if texts.get(i) else c for i, c in enumerate(row.cells))
    sheet.rows[index] = Row("data", label, filled, rule=row.rule)
    return index


def price_list(rng: Random, scene: Scene) -> Table:
    """Articles with a number, a unit and a price; nothing to sum."""
    del scene
    columns = [
        Column(("Item No.",), None, "text"),
        Column(("Unit",), None, "text"),
        Column(("List Price",)),
        Column(("Net Price",)),
    ]
    sheet = Sheet(columns)
    goods = (
        "Hex bolt, zinc plated",
        "Copper pipe 15 mm",
        "Ball valve 1/2 in",
        "Gate valve, brass",
        "Compression elbow",
        "PTFE tape",
        "Radiator 600 x 1200",
        "Pressure gauge 0-10 bar",
        "Pump, circulating",
        "Insulation sleeve, 2 m",
        "Flexible hose",
        "Check valve",
    )
    cut = rng.choice((85, 90, 95))
    for name in words.some(rng, goods, 6, 11):
        price = rng.randint(45, 64_000)
        figures: list[Figure | Text | None] = [Figure(price, 2, scale=0), Figure(rounded(price * cut, 100), 2, scale=0)]
        _row(
            sheet,
            name,
            figures,
            {0: f"{rng.randint(1000, 9999)}-{rng.randint(10, 99)}", 1: rng.choice(("each", "100", "m", "box"))},
        )
    return _table("Price List", sheet, "Description")


def bank_statement(rng: Random, scene: Scene) -> Table:
    """A running balance: each line's balance is the one before plus credit less debit."""
    columns = [Column(("Date",), None, "text"), Column(("Withdrawals",)), Column(("Deposits",)), Column(("Balance",))]
    sheet = Sheet(columns)
    when = date(scene.calendar.end.year, rng.randint(1, 12), 1)
    balance = rng.randint(90_000, 2_000_000)
    _row(sheet, "Opening balance", [None, None, Figure(balance, 2, scale=0)], {0: f"{when:%m/%d}"})
    texts = (
        "Card payment, grocery store",
        "Direct deposit, payroll",
        "Check 1042",
        "Transfer to savings",
        "Utility payment",
        "Interest",
        "ATM withdrawal",
        "Rent",
    )
    for i in range(rng.randint(6, 14)):
        when += timedelta(days=rng.randint(1, 3))
        text, amount = rng.choice(texts), rng.randint(300, 180_000)
        inward = text.startswith(("Direct", "Interest"))
        balance += amount if inward else -amount
        moved = Figure(amount, 2, scale=0)
        _row(
            sheet,
            text,
            [None if inward else moved, moved if inward else None, Figure(balance, 2, scale=0)],
            {0: f"{when:%m/%d}"},
        )
        terms = (((i, 3), 1), ((i + 1, 2), 1) if inward else ((i + 1, 1), -1))
        sheet.identities.append(Identity("roll_forward", (i + 1, 3), terms))
    return _table("Account Activity", sheet, "Description")


def utility_bill(rng: Random, scene: Scene) -> Table:
    """Meter readings times a rate, a subtotal, a tax and the total."""
    del scene
    columns = [Column(("Usage",)), Column(("Rate",)), Column(("Amount",))]
    sheet = Sheet(columns)
    rows = []
    for i, name in enumerate(("Energy charge, first tier (kWh)", "Energy charge, second tier (kWh)", "Delivery (kWh)")):
        use, rate = rng.randint(120, 900), rng.randint(412, 2950)
        amount = rounded(use * rate, 100)
        rows.append(
            _row(
                sheet, name, [Figure(use, 0, "pure", scale=0), Figure(rate, 4, scale=0), Figure(amount, 2, scale=0)], {}
            )
        )
        # the amount is a rounded product: its ratio with the usage gives the rate within a rounding
        sheet.identities.append(Identity("ratio", (i, 1), (((i, 2), 1),), (i, 0), slack=60))
    rows.append(_row(sheet, "Service charge", [None, None, Figure(rng.randint(500, 2500), 2, scale=0)], {}))
    net = sum(sheet.amount(r, 2) for r in rows)
    sub = _row(sheet, "Subtotal", [None, None, Figure(net, 2, scale=0)], {}, "single")
    rate = rng.randint(2, 9)
    tax = _row(sheet, f"Sales tax {rate}%", [None, None, Figure(rounded(net * rate, 100), 2, scale=0)], {})
    due = _row(sheet, "Total amount due", [None, None, Figure(net + sheet.amount(tax, 2), 2, scale=0)], {}, "double")
    sheet.identities.append(Identity("foot", (sub, 2), tuple(((r, 2), 1) for r in rows)))
    sheet.identities.append(Identity("foot", (due, 2), (((sub, 2), 1), ((tax, 2), 1))))
    return _table("Statement of Charges", sheet)


def budget(rng: Random, scene: Scene) -> Table:
    """Adopted, amended, actual, variance and percent used, by fund."""
    year = scene.calendar.end.year
    heads = ("Adopted", "Amended", "Actual", "Variance", "Percent Used")
    columns = [Column((f"Fiscal Year {year}", h)) for h in heads]
    sheet = Sheet(columns)
    names = (
        "General government",
        "Public safety",
        "Public works",
        "Health and welfare",
        "Parks and recreation",
        "Libraries",
        "Debt service",
        "Judicial",
    )
    data = []
    for _ in (chosen := words.some(rng, names, 4, 8)):
        adopted = rng.randint(200_000, 9_000_000)
        amended = adopted + rng.choice((0, 1)) * rng.randint(-90_000, 200_000)
        data.append((adopted, amended, amended * rng.randint(80, 104) // 100))
    totals = (sum(d[0] for d in data), sum(d[1] for d in data), sum(d[2] for d in data))
    for i, (name, (adopted, amended, actual)) in enumerate(
        [*zip(chosen, data, strict=True), ("Total expenditures", totals)]
    ):
        figures = [Figure(v, scale=0, nil=v == 0) for v in (adopted, amended, actual, amended - actual)]
        figures.append(Figure(rounded(actual * 1000, amended), 1, "percent"))
        last = i == len(chosen)
        sheet.add(Row("data", name, rule="double" if last else "", money=last or i == 0), figures)
        sheet.identities.append(Identity("foot", (i, 3), (((i, 1), 1), ((i, 2), -1))))
        sheet.identities.append(Identity("ratio", (i, 4), (((i, 2), 1),), (i, 1), (100, 1), 1))
    for c in range(4):
        sheet.identities.append(Identity("foot", (len(chosen), c), tuple(((r, c), 1) for r in range(len(chosen)))))
    return _table(rng.choice(("Budget to Actual Comparison", "Schedule of County Expenditures")), sheet, "Department")


def holders(rng: Random, scene: Scene) -> Table:
    """Who holds how many shares, with footnote marks behind some figures."""
    del scene
    columns = [Column(("Shares Beneficially Owned", "Number")), Column(("Shares Beneficially Owned", "Percent"))]
    sheet = Sheet(columns)
    total = rng.randint(20_000_000, 90_000_000)
    for name in words.some(rng, words.PEOPLE, 4, 9):
        held = rng.randint(900, total // 15)
        mark = rng.choice(("", "", "(1)", "(2)"))
        percent: Figure | Text = Figure(rounded(held * 1000, total), 1, "percent") if held * 100 > total else Text("*")
        sheet.add(Row("data", name), [Figure(held, 0, "shares", scale=0, mark=mark), percent])
    table = _table("Security Ownership of Certain Beneficial Owners", sheet, "Name")
    table.footnotes = [
        "* Less than one percent.",
        "(1) Includes shares held in trust.",
        "(2) Includes options that may be exercised within 60 days.",
    ]
    return table


def certificates(rng: Random, scene: Scene) -> Table:
    """A wide table: interest + principal = total, balance less principal = balance, each column with its sum."""
    heads = (
        "Original Face Value",
        "Prior Principal Balance",
        "Interest",
        "Principal",
        "Total",
        "Current Principal Balance",
    )
    sheet = Sheet([Column((h,)) for h in heads])
    names = [f"{rng.choice('AB')}-{i}" for i in range(1, rng.randint(5, 10))]
    lines = []
    for i in range(len(names)):
        face = rng.randint(200, 90_000) * 100_000
        prior = face if i % 3 else face * rng.randint(600, 999) // 1000 + rng.randint(0, 99)
        interest, principal = prior * rng.randint(40, 80) // 10_000, 0 if i % 3 else prior * rng.randint(5, 30) // 1000
        lines.append((face, prior, interest, principal, interest + principal, prior - principal))
    lines.append(tuple(sum(line[k] for line in lines) for k in range(6)))  # type: ignore[arg-type]
    for i, (name, line) in enumerate(zip([*names, "Totals"], lines, strict=True)):
        row = Row("data", name, rule="double" if i == len(names) else "")
        sheet.add(row, [Figure(v, 2, scale=0) for v in line])
        sheet.identities.append(Identity("foot", (i, 4), (((i, 2), 1), ((i, 3), 1))))
        sheet.identities.append(Identity("foot", (i, 5), (((i, 1), 1), ((i, 3), -1))))
    for c in range(6):
        sheet.identities.append(Identity("foot", (len(names), c), tuple(((r, c), 1) for r in range(len(names)))))
    del scene
    return _table("Distributions in Dollars", sheet, "Class")


def committees(rng: Random, scene: Scene) -> Table:
    """A table of words only."""
    del scene
    heads = ("Audit", "Compensation", "Nominating")
    sheet = Sheet([Column((h,), None, "text") for h in heads])
    for name in words.some(rng, words.PEOPLE, 4, 8):
        _row(sheet, name, [], {i: rng.choice(("Member", "Chair", "")) for i in range(3)})
    return _table("Committees of the Board", sheet, "Director")


def exhibits(rng: Random, scene: Scene) -> Table:
    """Words and dates: an index of documents."""
    sheet = Sheet([Column(("Date Filed",), None, "text"), Column(("Form",), None, "text")])
    names = (
        "Amended certificate of incorporation",
        "Bylaws, as amended",
        "Form of indenture",
        "Credit agreement",
        "List of subsidiaries",
        "Consent of auditors",
    )
    for name in words.some(rng, names, 3, 6):
        when = f"{rng.choice(MONTHS[1:])} {rng.randint(1, 28)}, {scene.calendar.end.year - rng.randint(0, 6)}"
        _row(sheet, name, [], {0: when, 1: rng.choice(("8-K", "10-Q", "10-K", "S-1"))})
    return _table("Index to Exhibits", sheet, "Exhibit")


GENERAL: tuple[Callable[[Random, Scene], Table], ...] = (
    price_list,
    bank_statement,
    utility_bill,
    budget,
    holders,
    certificates,
    committees,
    exhibits,
)
