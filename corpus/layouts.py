"""How a filing looks: number style, fonts, rules, heads. Drawn from a seed, apart from what the filing says."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from corpus.model import Cell, Figure, Filing, Row, Table, Text

MoneyRows = Literal["all", "ends", "none"]
Negative = Literal["paren", "minus", "trailing"]

SIGN = {"USD": "$", "EUR": "€", "GBP": "£", "CHF": ""}


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How figures are set: ``money`` says which rows carry the currency sign."""

    currency: str = "$"
    money: MoneyRows = "ends"
    group: str = ","
    point: str = "."
    negative: Negative = "paren"
    nil: str = "—"


@dataclass(frozen=True, slots=True)
class Printed:
    """A cell as it is printed: sign, digits with parentheses or minus, what follows them."""

    sign: str = ""
    body: str = ""
    tail: str = ""
    mark: str = ""

    @property
    def text(self) -> str:
        """All in one, as when the sign stands close to the digits."""
        return f"{self.sign}{self.body}{self.tail}{self.mark}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything about the look of a filing that is not in the filing."""

    numbers: NumberStyle
    font: str = "Times"
    size: float = 10.0
    smallest: float = 5.5  # type shrinks down to this to make a table fit; smaller only where nothing else helps
    rules: Literal["totals", "ruled", "half", "shaded", "bare"] = "totals"
    glued: bool = False  # currency sign close to the digits instead of at the left edge of its column
    hanging: bool = True  # a closing parenthesis and a percent sign hang over the right edge
    landscape: bool = False
    rotated: bool = False  # landscape by the page's rotation entry
    tight: bool = False  # the table no wider than it needs, centred
    indent: float = 9.0
    leading: float = 1.25
    leaders: bool = False
    head_bold: bool = True
    head_align: Literal["center", "right"] = "center"
    head_rules: bool = True
    note_in_stub: bool = False  # the headnote stands above the stub instead of under the title
    repeat_heads: bool = True  # heads again where a table goes on over a page
    side_by_side: bool = False
    split: bool = True  # tables may go over a page end
    footer: str = "number"
    running_head: bool = False
    title_align: Literal["center", "left"] = "center"
    stub_share: float = 0.5
    html: str = "edgar"
    wide_text: bool = False  # fixed-width text of up to 132 columns
    tags: bool = True  # <TABLE><CAPTION><S><C> in fixed-width text
    blank_after_total: bool = False
    text_habit: Literal["", "tabs", "touching", "drift"] = ""  # how careless a fixed-width table is
    hidden_text: bool = False  # PDF text that nobody sees: invisible ink, and words beyond the edge of the page
    hidden_rows: bool = False  # HTML rows that no reader sees


FONTS = (
    "Times",
    "Helvetica",
    "Courier",
    "LiberationSerif",
    "LiberationSans",
    "LiberationNarrow",
    "DejaVuSerif",
    "DejaVuSans",
    "DejaVuCondensed",
    "DejaVuSerifCondensed",
    "Carlito",
    "Caladea",
    "ComputerModern",
    "Lato",
    "Gentium",
    "GentiumBook",
    "Garamond",
    "OpenSans",
    "Typewriter",
    "LiberationMono",
    "ComputerModernSans",
)


def number_style(rng: Random, filing: Filing) -> NumberStyle:
    """A number style that fits the filing's currency."""
    sign = SIGN[filing.currency]
    choices: tuple[MoneyRows, ...] = ("all", "ends", "ends", "ends", "none")
    money = rng.choice(choices)
    parens: tuple[Negative, ...] = ("paren", "paren", "paren", "paren", "paren", "minus", "trailing")
    if filing.currency == "USD":
        return NumberStyle(sign, money, ",", ".", rng.choice(parens), rng.choice(("—", "—", "–", "-", "--")))
    if filing.currency == "GBP":
        return NumberStyle(sign, money, ",", ".", rng.choice(parens[4:6]), rng.choice(("—", "–", "-")))
    group = "'" if filing.currency == "CHF" else rng.choice((".", ".", " "))
    point = "." if filing.currency == "CHF" else ","
    return NumberStyle(
        sign, rng.choice(choices[3:]), group, point, rng.choice(parens[4:6]), rng.choice(("—", "–", "-"))
    )


def draw(filing: Filing, seed: int) -> Layout:
    """A layout for ``filing``; other seeds give other looks of the same filing."""
    rng = Random(f"layout {filing.seed} {seed}")
    wide = max(len(t.value_columns()) for t in filing.tables) > 5 or rng.random() < 0.12
    size = rng.choice((6.0, 6.5, 7.0, 7.5, 8.0, 8.0, 9.0, 9.0, 10.0, 10.0, 10.0, 11.0, 12.0, 14.0))
    return Layout(
        numbers=number_style(rng, filing),
        font=rng.choice(FONTS),
        size=size,
        rules=rng.choice(("totals", "totals", "totals", "ruled", "half", "shaded", "shaded", "bare")),
        glued=rng.random() < 0.35,
        hanging=rng.random() < 0.7,
        landscape=wide,
        rotated=wide and rng.random() < 0.4,
        tight=rng.random() < 0.35,
        indent=rng.choice((0.0, 6.0, 9.0, 9.0, 14.0)),
        leading=rng.choice((1.12, 1.2, 1.25, 1.35, 1.6)),
        leaders=rng.random() < 0.25,
        head_bold=rng.random() < 0.7,
        head_align=rng.choice(("center", "center", "right")),
        head_rules=rng.random() < 0.7,
        note_in_stub=rng.random() < 0.3,
        repeat_heads=rng.random() < 0.6,
        side_by_side=size <= 10 and not wide and rng.random() < 0.4,
        split=rng.random() < 0.6,
        footer=rng.choice(("number", "dashes", "long", "")),
        running_head=rng.random() < 0.4,
        title_align=rng.choice(("center", "center", "left")),
        stub_share=rng.choice((0.4, 0.46, 0.5, 0.55)),
        html=rng.choice(("edgar", "edgar", "edgar", "ixbrl", "simple", "old", "pre", "nested", "bordered")),
        wide_text=rng.random() < 0.3,
        tags=rng.random() < 0.7,
        blank_after_total=rng.random() < 0.2,
        text_habit=rng.choice(("", "", "", "", "tabs", "touching", "drift")),
        hidden_rows=rng.random() < 0.2,
    )


def digits(figure: Figure, style: NumberStyle) -> str:
    """The bare digits: ``1,234.50``, ``1.234,50``."""
    value = figure.value.lstrip("-")
    whole, _, part = value.partition(".")
    grouped = f"{int(whole):,}".replace(",", style.group)
    return grouped + (style.point + part if part else "")


def printed(cell: Cell, row: Row, style: NumberStyle) -> Printed:
    """A cell as the style prints it; ``row`` decides about the currency sign."""
    if cell is None:
        return Printed()
    if isinstance(cell, Text):
        return Printed(body=cell.text)
    money = cell.unit in {"currency", "per_share"} and (style.money == "all" or (style.money == "ends" and row.money))
    sign = style.currency if money else ""
    tail = "%" if cell.unit == "percent" else ""
    if cell.nil:
        return Printed(sign, style.nil, "", cell.mark)
    body = digits(cell, style)
    if cell.units < 0:
        body = {"paren": f"({body})", "minus": f"-{body}", "trailing": f"{body}-"}[style.negative]
    return Printed(sign, body, tail, cell.mark)


def spanners(table: Table, level: int) -> list[tuple[int, int, str]]:
    """First column, last column and text of each head of one line; equal neighbours above the last line are one."""
    depth = len(table.columns[0].heads)
    spans: list[tuple[int, int, str]] = []
    for i, column in enumerate(table.columns):
        text = column.heads[level]
        if spans and level < depth - 1 and text and spans[-1][2] == text and spans[-1][1] == i - 1:
            spans[-1] = (spans[-1][0], i, text)
        else:
            spans.append((i, i, text))
    return spans


def depth(table: Table) -> int:
    """How many lines of heads a table has."""
    return len(table.columns[0].heads)
