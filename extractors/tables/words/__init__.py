"""Words and rules of a page become lines of running text and grids: paper, scans and fixed-width text alike.

leaders: dropped. running: heads and feet of the pages are set apart. sides: tables side by side are told apart. lines:
words by base line, tokens by gap. blocks: stretches of rows. body: stub and columns. labels: wrapped ones are joined.
heads: what each covers. frame: all of a table. build: its cells. Every word of the page that is no leader ends in
exactly one line or cell. A grid's column 0 is always the stub; it has no cells where the printed table has no labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from extractors.page import Grid, Line, Page, Word
from extractors.tables.words.blocks import find_blocks, usual_step
from extractors.tables.words.build import build_grid, union
from extractors.tables.words.frame import Setting, find_frame
from extractors.tables.words.leaders import without_leaders
from extractors.tables.words.lines import (
    TextLine,
    blank_width,
    find_lines,
    find_tokens,
    groups_by_blank,
    spoken,
    usual_em,
)
from extractors.tables.words.running import faceless, find_running
from extractors.tables.words.sides import find_sides

__all__ = ["faceless", "find_flow", "find_running"]

Running = tuple[Sequence[TextLine], Sequence[TextLine]]

# pages are cut into sides no more often than this
_MOST_CUTS = 4


def find_flow(page: Page, running: Running = ((), ())) -> tuple[Line | Grid, ...]:
    """The lines and grids of a page of words, in reading order; tables side by side from left to right.

    Args:
        page: words and rules. running: its running heads and feet, which are lines and never parts of a table.
    """
    apart = {(word.left, word.top) for lines in running for line in lines for word in line.words}
    words = [word for word in without_leaders(page.words) if (word.left, word.top) not in apart]
    heads, feet = ([_line(line, page) for line in lines] for lines in running)
    return (*heads, *(_flow(words, page, _MOST_CUTS) if words else ()), *feet)


def _flow(words: Sequence[Word], page: Page, cuts: int) -> list[Line | Grid]:
    lines = find_lines(words)
    if not lines:
        return []
    em = usual_em(words)
    blank, spaced = blank_width(lines), groups_by_blank(lines)
    for line in lines:
        line.tokens, line.blank = find_tokens(line, blank, spaced), blank
    sides = find_sides(lines, em) if cuts else None
    if sides is None:
        return _blocks(lines, em, page)
    beside = [word for line in lines[sides.start : sides.end] for word in line.words]
    parts = [
        [word for line in lines[: sides.start] for word in line.words],
        [word for word in beside if word.left < sides.x],
        [word for word in beside if word.left >= sides.x],
        [word for line in lines[sides.end :] for word in line.words],
    ]
    return [block for part in parts for block in _flow(part, page, cuts - 1)]


def _blocks(lines: Sequence[TextLine], em: float, page: Page) -> list[Line | Grid]:
    step = usual_step(lines, em)
    flow: list[Line | Grid] = []
    done = 0
    blocks = find_blocks(lines, em)
    for i, block in enumerate(blocks):
        limit = blocks[i + 1].start if i + 1 < len(blocks) else len(lines)
        frame = find_frame(block, Setting(lines, done, limit, step, page.rules))
        if frame is None:
            continue
        flow += [_line(line, page) for line in lines[done : frame.start]]
        flow.append(build_grid(frame, page.rules, page.number))
        done = frame.end
    return flow + [_line(line, page) for line in lines[done:]]


def _line(line: TextLine, page: Page) -> Line:
    middle = (line.left + line.right) / 2
    centred = page.width > 0 and abs(middle - page.width / 2) < 0.03 * page.width and line.left > 0.15 * page.width
    bold = sum(word.bold for word in line.words) * 2 > len(line.words)
    size = median(word.size for word in line.words)
    return Line(spoken(line.words), union(line.words), bold=bold, size=size, centred=centred)
