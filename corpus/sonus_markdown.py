"""How an ML converter garbled the tables of the third quarter: rows without labels, labels without rows, ghosts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from corpus.damage import Damage
from corpus.layouts import Layout
from corpus.model import Table
from corpus.render_ocr import cells_of, markdown_heads

Line = list[str]  # label, then for each column what stands in its sign cell and its figure cell

# blurred doubles of the line before them, with no figure of their own
GHOSTS = {
    "ops9": {
        "Other income, net": ["Total of the Control of", "", "(15,005)", "", "(24 (22)"],
        "Diluted": ["", "Ψ", "(0.00)", "<u> </u>", "(0.00)"],
    },
    "cf": {
        "Net cash provided by (used in) investing activities": ["r to the grant of", "", "", "", "(= ,= = =)"],
        "Net cash provided by financing activities": [
            "The cum provided by maneing delivates",
            "",
            "1,020",
            "",
            "<u> </u>",
        ],
        "Effect of exchange rate changes on cash and cash equivalents": ["", "", "(5)", "_", "220"],
        "Cash and cash equivalents, end of period": [
            "Cash and cash equivalents, that of period",
            "*",
            ". 3,2,2",
            "<u> </u>",
            "01,210",
        ],
    },
    "sup3": {"Total amortization of intangible assets": ["Total stock-based compensation", "", "", "", ""]},
}


def _lines(table: Table, hits: list[Damage], layout: Layout) -> list[Line]:
    """The table's rows with the damage of single cells in them."""
    cells = cells_of(table, layout)
    printed = {(d.row, d.column): d for d in hits}
    lines = []
    for r, row in enumerate(table.rows):
        line = [row.label]
        for c, column in enumerate(table.columns):
            cell = cells[r][c]
            sign, body = cell.sign.replace("$", "\\$"), cell.body + cell.tail
            hit = printed.get((r, c))
            if hit and _simple(hit):
                sign, body = _misread(hit.printed, sign)
            line += [sign, "—" if body == "-" else body] if column.kind == "value" else [body]
        lines.append(line)
    return lines


def _simple(hit: Damage) -> bool:
    words = ("lost", "underscore", "truncated", "transposed", "markup", "digit", "read as")
    return any(w in hit.kind for w in words) and not any(
        w in hit.kind for w in ("offset", "scrambled", "separated", "row lost", "label lost")
    )


def _misread(printed: str, sign: str) -> tuple[str, str]:
    """What the converter printed in the sign cell and in the figure cell."""
    text = printed.removeprefix("$ ")
    if text.startswith("<b>D</b>"):
        return "<b>D</b>", text.removeprefix("<b>D</b>").strip()
    if text.startswith("Þ"):
        return "Þ", ","
    return sign, "" if (
        text.startswith("(") and text.strip("()").replace(" ", "").isalpha()
    ) or "blank" in text or "only in" in text else text


def _labels_lost(lines: list[Line]) -> list[Line]:
    """No labels at all; the first three figures of a column in one cell; all figures once more in a ghost row."""
    data = [line for line in lines if any(line[1:])]
    runs = [" ".join(line[c] for line in data if line[c]) for c in range(len(lines[0]))]
    bare = [["", *line[1:]] for line in data]
    one, two, three = (line[2] for line in data[:3])
    sign, middle = data[0][1], data[0][4]
    doubled = [
        ["", f"{sign} {sign}", f"{one} {two} {three}", sign, f"June 30, 2011 {middle}", f"Sep {sign}", "2010 10 201"],
        ["", sign, f"{one} {two}", sign, middle, sign, ""],
        ["", sign, two, sign, "", sign, "10.001"],
    ]
    bare[0] = ["", "", "", "", "", "Ψ", "19,391"]
    bare[1][2], bare[2][2] = "66 353", "00,333"
    return [*doubled, *bare, ["", *runs[1:]]]


def _shifted(lines: list[Line], first: str, last: str) -> list[Line]:
    """Figures stand one line too low: each label swallows all labels after it."""
    labels = [line[0] for line in lines]
    begin = labels.index(first)
    end = labels.index(last, begin)
    out = lines[:begin]
    block = lines[begin : end + 1]
    out.append([" ".join(line[0] for line in block), *[""] * 3, "E0 50/"][: len(lines[0])])
    data = [i for i, line in enumerate(block) if any(line[1:])]
    for now, after in pairwise([*data, len(block)]):
        rest = " ".join(line[0] for line in block[now + 1 :])
        out.append([rest if after < len(block) else "<u> </u>", *block[now][1:]])
    return out + lines[end + 1 :]


def _merged_last(lines: list[Line]) -> list[Line]:
    """The last two rows in one."""
    two = lines[-2:]
    joined = [" ".join(part for part in pair if part) for pair in zip(*two, strict=True)]
    return [*lines[:-2], joined]


def _runs(lines: list[Line]) -> list[Line]:
    """Each line repeats all labels and all figures above it, as a balance sheet that was read cell into cell."""
    labels = [line[0] for line in lines]
    stop = labels.index("Long-term liabilities")
    equity = next(i for i, text in enumerate(labels) if text.lower().startswith("stockholders") and text.endswith(":"))
    first = [f"{labels[1]}  {labels[2]}", *lines[2][1:]]
    out = [first]
    for upto in (6, 9, 13, 18, stop):
        run = [" ".join(line[c] for line in lines[1:upto] if line[c]) for c in range(len(lines[0]))]
        if upto == stop:
            run[-1] = " ".join(line[-1] for line in lines[1 : upto - 1] if line[-1])
        out.append(run)
    total = labels.index("Total stockholders' equity")
    out.append([labels[equity], *[""] * (len(lines[0]) - 1)])
    torn = lines[equity + 1 : total]
    for column in (4, 2):
        out += [[line[column]] for line in torn]
    names = [line[0] for line in torn]
    out += [[name] for name in (*names[:-2], names[-1], names[-2])]
    return [*out, *lines[total:]]


def _with_ghosts(name: str, lines: list[Line]) -> list[Line]:
    ghosts = dict(GHOSTS.get(name, {}))
    out: list[Line] = []
    for line in lines:
        out.append(line)
        if line[0] in ghosts:
            out.append(ghosts.pop(line[0]))
    return out


GARBLE: dict[str, Callable[[list[Line]], list[Line]]] = {
    "ops3": _labels_lost,
    "ops9": lambda lines: _merged_last(_shifted(lines, "Gross profit %", "Restructuring")),
    "bs": _runs,
}


def table_lines(name: str, table: Table, hits: list[Damage], layout: Layout) -> list[str]:
    """One table as rows by tabs, garbled as the converter left it."""
    lines = _lines(table, hits, layout)
    lines = _with_ghosts(name, GARBLE[name](lines) if name in GARBLE else lines)
    heads = [] if name == "ops3" else markdown_heads(table, apart=True)
    return ["\t".join(line) for line in [*heads, *lines]]
