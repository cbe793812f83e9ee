"""Words and rules of a page become lines of running text and grids: paper, scans and fixed-width text alike.

lines: words by base line, tokens by gap. blocks: stretches of rows. body: stub and columns. labels: wrapped ones
joined. heads: what each covers. build: the cells. Every word of the page ends in exactly one line or cell. A grid's
column 0 is always the stub; it has no cells where the printed table has no labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from extractors.page import Grid, Line, Page, Rule
from extractors.tables.words.blocks import Block, data, find_blocks, usual_step
from extractors.tables.words.body import Body, BodyLine, find_body
from extractors.tables.words.build import build_grid, union
from extractors.tables.words.heads import Head, head_row, in_stub
from extractors.tables.words.labels import Row, join_rows
from extractors.tables.words.lines import TextLine, blank_width, find_lines, find_tokens, usual_em

__all__ = ["find_flow"]

# in usual line steps: a head stands no farther above what it heads
_HEAD_REACH = 2.4


def find_flow(page: Page) -> tuple[Line | Grid, ...]:
    """The lines and grids of a page of words, in reading order."""
    lines = find_lines(page.words)
    if not lines:
        return ()
    em = usual_em(page.words)
    blank = blank_width(lines)
    for line in lines:
        line.tokens = find_tokens(line, blank)
    return tuple(_flow(lines, em, page))


def _flow(lines: Sequence[TextLine], em: float, page: Page) -> list[Line | Grid]:
    step = usual_step(lines, em)
    flow: list[Line | Grid] = []
    done = 0
    blocks = find_blocks(lines, em)
    for i, block in enumerate(blocks):
        limit = blocks[i + 1].start if i + 1 < len(blocks) else len(lines)
        found = _grid(lines, block, (done, limit), step, page)
        if found is None:
            continue
        grid, start, end = found
        flow += [_line(line, page) for line in lines[done:start]]
        flow.append(grid)
        done = end
    return flow + [_line(line, page) for line in lines[done:]]


def _grid(
    lines: Sequence[TextLine], block: Block, bounds: tuple[int, int], step: float, page: Page
) -> tuple[Grid, int, int] | None:
    """The grid of a block with the lines it takes, as (grid, start, end); ``bounds``: what it may take at most."""
    em = usual_em([word for line in lines[block.start : block.end] for word in line.words])
    first = next((i for i in range(block.start, block.end) if data(lines[i])), block.start)
    body = find_body(lines[first : block.end], em)
    if not body.columns:
        return None
    heads, start = _heads(lines, first, bounds[0], body, (step, page.rules))
    rows, end = _rows(lines, (start + len(heads), first, block.end, bounds[1]), body, em)
    return build_grid(heads, rows, body, page.rules, page.number), start, end


def _heads(
    lines: Sequence[TextLine], first: int, least: int, body: Body, about: tuple[float, Sequence[Rule]]
) -> tuple[list[list[Head]], int]:
    """The boxhead above line ``first``, and the line where it begins."""
    step, rules = about
    edge = body.edge
    start = first
    top = first
    for i in range(first - 1, least - 1, -1):
        line = lines[i]
        if lines[i + 1].middle - line.middle > _HEAD_REACH * step or _crosses(line, body):
            break
        top = i
        if any(not in_stub(token, edge, line.em) for token in line.tokens):
            start = top
    # labels below the last head belong to the body
    end = first
    while end > start and all(in_stub(token, edge, lines[end - 1].em) for token in lines[end - 1].tokens):
        end -= 1
    return [head_row(line, body.columns, edge, rules) for line in lines[start:end]], start


def _crosses(line: TextLine, body: Body) -> bool:
    """True for a caption or running text: a phrase that stands above the stub and above columns."""
    left = min((b.label[0].left for b in body.lines if b.label), default=body.edge)
    for token in line.tokens:
        if token.left < body.edge - 2 * line.em and token.right > body.edge + 2 * line.em:
            return True
        if token.left < left - 3 * line.em or len(token.words) > 14:
            return True
    return False


def _rows(lines: Sequence[TextLine], at: tuple[int, int, int, int], body: Body, em: float) -> tuple[list[Row], int]:
    """The rows from the first line below the heads on, and the line where they end."""
    below_heads, first, end, limit = at
    above = [BodyLine(line, list(line.tokens)) for line in lines[below_heads:first]]
    after: list[BodyLine] = []
    for line in lines[end:limit]:
        # a label may go on below the last figures
        candidate = BodyLine(line, list(line.tokens))
        rows = join_rows([*body.lines, *after, candidate], em)
        if rows[-1].first is candidate or line.right > body.edge + 2 * em:
            break
        after.append(candidate)
    return join_rows([*above, *body.lines, *after], em), end + len(after)


def _line(line: TextLine, page: Page) -> Line:
    middle = (line.left + line.right) / 2
    centred = page.width > 0 and abs(middle - page.width / 2) < 0.03 * page.width and line.left > 0.15 * page.width
    bold = sum(word.bold for word in line.words) * 2 > len(line.words)
    size = median(word.size for word in line.words)
    return Line(line.text, union(line.words), bold=bold, size=size, centred=centred)
