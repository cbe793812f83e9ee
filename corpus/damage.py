"""The damage that OCR does to figures in text: one function for each class.

A figure is damaged only where a reader could still find the truth from the sums around it; which cells are hit is drawn
from a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from corpus.layouts import Printed
from corpus.model import Figure, Table

Breaker = Callable[[Random, Printed], Printed | None]


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged place; rows and columns count all rows and columns of the table's model."""

    table: int
    row: int
    column: int
    kind: str
    printed: str
    true_text: str
    true_value: str


def lost_point(rng: Random, cell: Printed) -> Printed | None:
    """``(0.02)`` becomes ``(002)``."""
    del rng
    if cell.body.count(".") != 1 or "," in cell.body:
        return None
    return Printed(cell.sign, cell.body.replace(".", ""), cell.tail, cell.mark)


def lost_comma(rng: Random, cell: Printed) -> Printed | None:
    """``73,401`` becomes ``73401``."""
    del rng
    if cell.body.count(",") != 1:
        return None
    return Printed(cell.sign, cell.body.replace(",", ""), cell.tail, cell.mark)


def comma_as_blank(rng: Random, cell: Printed) -> Printed | None:
    """``66,353`` becomes ``66 353``: a column boundary that is none."""
    del rng
    if cell.body.count(",") != 1:
        return None
    return Printed(cell.sign, cell.body.replace(",", " "), cell.tail, cell.mark)


def comma_as_point(rng: Random, cell: Printed) -> Printed | None:
    """``12,345`` becomes ``12.345``."""
    del rng
    if cell.body.count(",") != 1 or "." in cell.body:
        return None
    return Printed(cell.sign, cell.body.replace(",", "."), cell.tail, cell.mark)


def currency_misread(rng: Random, cell: Printed) -> Printed | None:
    """``$ 108`` becomes ``% 108``, or the sign melts into the digits as a 5 or an S."""
    if cell.sign != "$":
        return None
    return Printed(rng.choice(("%", "%", "S", "§")), cell.body, cell.tail, cell.mark)


def currency_as_digit(rng: Random, cell: Printed) -> Printed | None:
    """``$ 518`` becomes ``8518``: the sign joins the figure behind it."""
    if cell.sign != "$" or not cell.body[:1].isdigit() or "," in cell.body:
        return None
    return Printed("", rng.choice("58") + cell.body, cell.tail, cell.mark)


def lost_parenthesis(rng: Random, cell: Printed) -> Printed | None:
    """``(1,234)`` becomes ``(1,234`` or ``1,234)``."""
    if not (cell.body.startswith("(") and cell.body.endswith(")")):
        return None
    body = cell.body[:-1] if rng.random() < 0.6 else cell.body[1:]
    return Printed(cell.sign, body, cell.tail, cell.mark)


def swapped_digits(rng: Random, cell: Printed) -> Printed | None:
    """``(0.08)`` becomes ``(80.0)``; in longer figures two unlike neighbours change places."""
    digits = [i for i, c in enumerate(cell.body) if c.isdigit()]
    inner = cell.body.strip("()")
    if len(inner) == 4 and inner.startswith("0.0"):
        return Printed(cell.sign, cell.body.replace(inner, inner[3] + inner[2] + "." + inner[0]), cell.tail, cell.mark)
    pairs = [(a, b) for a, b in pairwise(digits) if b == a + 1 and cell.body[a] != cell.body[b] and cell.body[b] != "0"]
    if not pairs or len(digits) < 4:
        return None
    a, b = rng.choice(pairs)
    body = list(cell.body)
    body[a], body[b] = body[b], body[a]
    return Printed(cell.sign, "".join(body), cell.tail, cell.mark)


def misread_digit(rng: Random, cell: Printed) -> Printed | None:
    """One digit read as one that looks like it."""
    alike = {"0": "86", "1": "74", "2": "7", "3": "8", "4": "1", "5": "68", "6": "58", "7": "1", "8": "35", "9": "4"}
    places = [i for i, c in enumerate(cell.body) if c.isdigit()]
    if len(places) < 3:
        return None
    at = rng.choice(places)
    body = cell.body[:at] + rng.choice(alike[cell.body[at]]) + cell.body[at + 1 :]
    return Printed(cell.sign, body, cell.tail, cell.mark)


def lost_last_digit(rng: Random, cell: Printed) -> Printed | None:
    """``4,947`` becomes ``4,94``: cut off at the edge of the page."""
    del rng
    digits = sum(c.isdigit() for c in cell.body)
    if digits < 3 or not cell.body[-1:].isdigit():
        return None
    return Printed(cell.sign, cell.body[:-1], cell.tail, cell.mark)


CLASSES: dict[str, Breaker] = {
    "lost decimal point": lost_point,
    "lost thousands comma": lost_comma,
    "column boundary for comma": comma_as_blank,
    "comma read as point": comma_as_point,
    "currency sign misread": currency_misread,
    "currency sign read as digit": currency_as_digit,
    "lost parenthesis": lost_parenthesis,
    "swapped digits": swapped_digits,
    "misread digit": misread_digit,
    "last digit lost": lost_last_digit,
}


def covered(table: Table) -> set[tuple[int, int]]:
    """The cells that take part in an identity: damage there can be found."""
    cells: set[tuple[int, int]] = set()
    for identity in table.identities:
        cells |= {identity.total, *(place for place, _ in identity.terms)}
        if identity.divisor:
            cells.add(identity.divisor)
    return cells


def inject(rng: Random, table: Table, cells: list[list[Printed]], number: int, count: int) -> list[Damage]:
    """Damage up to ``count`` figures of a table in place, at most one in each row; returns what was done."""
    places = sorted(p for p in covered(table) if not table.figure(p).nil)
    rng.shuffle(places)
    names = list(CLASSES)
    done: list[Damage] = []
    rows: set[int] = set()
    for row, column in places:
        if len(done) >= count:
            break
        if row in rows:
            continue
        rng.shuffle(names)
        before = cells[row][column]
        for name in names:
            after = CLASSES[name](rng, before)
            if after and after != before:
                cells[row][column] = after
                done.append(_record(number, (row, column), name, (after, before), table.figure((row, column))))
                rows.add(row)
                break
    return done


def _record(number: int, place: tuple[int, int], name: str, prints: tuple[Printed, Printed], figure: Figure) -> Damage:
    after, before = prints
    return Damage(
        number,
        place[0],
        place[1],
        name,
        (f"{after.sign} {after.body}{after.tail}").strip(),
        before.body + before.tail,
        figure.value,
    )
