"""Around the body of a table: its boxhead above, the labels between, and what its last label goes on with below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.numbers import plain
from extractors.page import Rule
from extractors.tables.words.blocks import Block, data, headish, timely
from extractors.tables.words.body import Body, BodyLine, find_body
from extractors.tables.words.heads import Head, captions, evened, find_anchors, head_row, head_tokens, in_stub
from extractors.tables.words.labels import Measure, Row, join_rows, measure
from extractors.tables.words.lines import TextLine, Token, usual_em

# in usual line steps: a head stands no farther above what it heads
_HEAD_REACH = 2.4
_LONGEST_HEAD = 14
_LONGEST_SECTION = 10
_MARK = re.compile(r"\(\d\)\Z")
_CUT_DATE = re.compile(
    r"(?i)\b(?:january|february|march|april|may|june|july|august|september|october|november|december|ended|of)\Z"
)
# sections below one another between the heads and the first row: "ASSETS", "Current assets:"
_MOST_SECTIONS = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A table: the lines ``start`` to ``end`` (excluded) it takes, its heads, rows and columns."""

    start: int
    end: int
    heads: list[list[Head]]
    rows: list[Row]
    body: Body


@dataclass(frozen=True, slots=True)
class Setting:
    """What a block stands in: the lines, the first and last (excluded) it may take, their step, the rules."""

    lines: Sequence[TextLine]
    least: int
    limit: int
    step: float
    rules: Sequence[Rule]


def find_frame(block: Block, setting: Setting) -> Frame | None:
    """The table of a block of lines; None when nothing in it stands in columns."""
    lines = setting.lines
    em = usual_em([word for line in lines[block.start : block.end] for word in line.words])
    first = _first_row(lines, block)
    body = find_body(lines[first : block.end], em)
    if not body.columns:
        return None
    taken = measure(body.lines, em)
    start, end = _boxhead(setting, first, body)
    if start == end:
        start = _wrapped_above(setting, first, body, taken)
        end = start
    anchors = find_anchors(lines[start:end], body)
    heads = evened([head_row(line, body, setting.rules, anchors) for line in lines[start:end]], em)
    titles = captions(heads, setting.rules, body)
    start, heads = start + titles, heads[titles:]
    above = [_label_line(line) for line in lines[end:first]]
    below = _wrapped_below(setting, block.end, body, taken)
    rows = join_rows([*above, *body.lines, *below], taken)
    return Frame(start, block.end + len(below), heads, rows, body)


def _first_row(lines: Sequence[TextLine], block: Block) -> int:
    """The first line with figures that are none of its heads' numbers or marks."""
    rows = [i for i in range(block.start, block.end) if data(lines[i])]
    if len(rows) > 1:
        above, between = lines[rows[0]], lines[rows[0] + 1 : rows[1]]
        if _marks(above) or (_numbers(above) and any(len(line.tokens) > 1 for line in between)):
            return rows[1]
    return rows[0] if rows else block.start


def _marks(line: TextLine) -> bool:
    """True for heads that end in marks of notes, which look like negative figures: "(In millions)  (2)  (2)"."""
    others = " ".join(token.text for token in line.tokens if not token.figure)
    return (not others or others.startswith("(")) and all(_MARK.match(plain(token.text)) for token in line.figures)


def _numbers(line: TextLine) -> bool:
    """True for the numbers that heads in words go on with in the next line: "1  2  3+" and "Payment  Payments"."""
    return all(re.fullmatch(r"\(?\d{1,2}\)?\+?", plain(token.text)) for token in line.tokens)


def _label_line(line: TextLine) -> BodyLine:
    return BodyLine(line, list(line.tokens))


def _boxhead(setting: Setting, first: int, body: Body) -> tuple[int, int]:
    """The first line of the boxhead above line ``first``, and the line behind its last; equal when there is none."""
    lines = setting.lines
    start = first
    for i in range(first - 1, setting.least - 1, -1):
        line = lines[i]
        if lines[i + 1].middle - line.middle > _HEAD_REACH * setting.step:
            break
        if _crosses(line, body) and not (start == i + 1 and _reads_down(line, lines[start])):
            # "ASSETS" may stand in the middle of the page, below the heads of its columns
            if start == first and _section(line, body) and _heads_above(setting, i, body):
                continue
            break
        if any(not in_stub(token, body, line.em) for token in head_tokens(line, body)):
            start = i
    end = first
    # labels below the last head belong to the body
    while end > start and _labels_only(lines[end - 1], body):
        end -= 1
    return start, end


def _reads_down(line: TextLine, below: TextLine) -> bool:
    """True for a date cut in two: "Three Months Ended October", and "31," in the middle below it."""
    if len(line.tokens) != 1 or not _CUT_DATE.search(line.text):
        return False
    return any(t.text[0].isdigit() and abs(t.centre - line.tokens[0].centre) < 0.5 * t.em for t in below.tokens)


def _labels_only(line: TextLine, body: Body) -> bool:
    """True when nothing on the line heads a column: labels, or a section that runs over the columns."""
    return _section(line, body) or all(in_stub(token, body, line.em) for token in head_tokens(line, body))


def _section(line: TextLine, body: Body) -> bool:
    """True for the label of a section that hangs over the columns: one phrase that no sentence is."""
    if len(line.tokens) != 1 or len(line.words) > _LONGEST_SECTION or line.text.startswith("(") or headish(line):
        return False
    return _crosses(line, body) and not line.text.endswith(".")


def _heads_above(setting: Setting, below: int, body: Body) -> bool:
    """True when the next lines above line ``below`` that are no sections are heads of several columns, or of times."""
    lines = setting.lines
    for i in range(below - 1, max(setting.least, below - _MOST_SECTIONS) - 1, -1):
        line = lines[i]
        if lines[i + 1].middle - line.middle > _HEAD_REACH * setting.step or data(line):
            return False
        over = [token for token in head_tokens(line, body) if not in_stub(token, body, line.em)]
        if _crosses(line, body):
            if not _section(line, body):
                return False
        elif len(over) > 1 or (over and headish(line)):
            return True
    return False


def _crosses(line: TextLine, body: Body) -> bool:
    """True for a caption or running text: a phrase that stands above the stub and above columns."""
    tokens = head_tokens(line, body)
    if _beside(tokens, body):
        return False
    for token in tokens:
        across = token.left < body.edge - 2 * line.em and token.right > body.edge + 2 * line.em
        if (across and not _heads_first(token, body)) or (len(tokens) == 1 and _centred(token, body)):
            return True
        if token.left < body.left - 3 * line.em or len(token.words) > _LONGEST_HEAD:
            return True
    return False


def _beside(tokens: Sequence[Token], body: Body) -> bool:
    """True for heads beside each other, the first of which, wider than its figures, may reach over the stub."""
    over = [token for token in tokens if token.right > body.edge]
    if len(tokens) < 2 or not over or max(len(token.words) for token in tokens) > _LONGEST_HEAD:
        return False
    if tokens[0].left < body.left - 3 * tokens[0].em:
        return False
    rest = [token for token in tokens[1:] if token is not over[0]] or over
    squarely = all(token.left > body.edge - 2 * token.em for token in rest)
    # "(In thousands, except per share data)  2023  2022" begins where the labels begin
    return squarely and (len(over) == len(body.columns) or all(timely(token) for token in rest))


def _centred(token: Token, body: Body) -> bool:
    """True for a title: it hangs over the stub, and its middle is the table's rather than the columns'."""
    right = max(column.right for column in body.columns)
    table, columns = (body.left + right) / 2, (body.edge + right) / 2
    if abs(token.centre - table) < 0.6 * token.em and abs(token.centre - columns) > 2.5 * token.em:
        return not timely(token)
    if not body.left + 3 * token.em < token.left < body.edge:
        return False
    return abs(token.centre - table) < abs(token.centre - columns)


def _heads_first(token: Token, body: Body) -> bool:
    """True for a head wider than the first column it stands over."""
    first = min(body.columns, key=lambda column: column.left)
    return abs(token.centre - first.centre) < 0.5 * (first.right - first.outer) and token.right - token.left < 0.25 * (
        max(column.right for column in body.columns) - body.left
    )


def _wrapped_above(setting: Setting, first: int, body: Body, taken: Measure) -> int:
    """Without heads the table goes on from elsewhere, perhaps in the middle of a label: the line where that begins."""
    start = first
    while start > setting.least:
        above = [_label_line(line) for line in setting.lines[start - 1 : first]]
        if above[0].line.right > body.edge + 2 * above[0].line.em or above[0].line.figures:
            break
        # only the words can tell: a title may stand as close as a line of the label
        if len(join_rows([*above, body.lines[0]], Measure(0.0, taken.em))) > 1:
            break
        start -= 1
    return start


def _wrapped_below(setting: Setting, end: int, body: Body, taken: Measure) -> list[BodyLine]:
    """The lines below the last figures that its label goes on with."""
    below: list[BodyLine] = []
    for line in setting.lines[end : setting.limit]:
        candidate = _label_line(line)
        rows = join_rows([body.lines[-1], *below, candidate], taken)
        if rows[-1].first is candidate or line.right > body.edge + 2 * line.em:
            break
        below.append(candidate)
    return below
