"""Words become lines by their base lines, and lines become tokens: figures, and phrases between wide gaps.

All distances are in ems of the type at hand, so that 6 point and 14 point, paper and ASCII are treated alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from statistics import median

from extractors.numbers import CURRENCIES, is_number, plain
from extractors.page import PagePlace, TextPlace, Word

# two words stand on one line when their middles differ by less than this share of an em
_LEVEL = 0.45
# share of the size of a figure that a raised mark beside it has at most; of the height of its ink
_SMALLER, _SMALLER_INK = 0.85, 0.75
# in ems of the figure before it: a raised mark stands no further off
_RAISED_GAP = 0.8
# height of a capital in ems
_CAPITAL = 0.7
# blanks of usual type are 0.25 to 0.33 em wide (0.6 of typewriter type): wider gaps separate phrases
_USUAL_BLANK = 0.29
_WIDEST_BLANK = 0.7
# where only the height of the ink is known, typewriter blanks with the room around their letters reach this far
_TYPED_BLANK = 1.45
_SIGNS = "|".join(re.escape(c) for c in sorted(CURRENCIES, key=len, reverse=True))
_SIGN = re.compile(rf"(?:{_SIGNS})\Z")
_OPENER = re.compile(rf"(?:{_SIGNS})?[(\-]?\Z")
_CLOSER = re.compile(r"[)\]]?%?[)\]]?\Z")
_MARK = re.compile(r"(?:\((?:[a-zA-Z]|\d{1,2})\))+\Z|[*†‡§#]{1,3}\Z|\[\d{1,2}\]\Z")
_NIL = re.compile(rf"(?:{_SIGNS})?\s?-\Z")
_HALF_FIGURE = re.compile(r"[(\-]?\s?[\d.,]*\d\Z")
_DAY = re.compile(r"(?:\d{1,2}|(?:19|20)\d\d),\Z")
# in ems: two hyphens that are one nil stand no further apart
_DASHES_APART = 0.6
# in ems: prose is never set wider than this
_JUSTIFIED = 0.9
# in ems: what stands nearer has no blank before it
_TOUCH = 0.12
# marks of notes, and what may stand behind one; a bare digit would run into the word
_RAISED = re.compile(r"(?:\(?[a-zA-Z\d]{1,3}\)|\[\d{1,2}\]|[*†‡§#]{1,3})[,:;.]?\Z|[,:;.)]\Z")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# "1 234 567,8": what starts, goes on with and ends a number whose thousands stand apart by blanks
_GROUP_HEAD = re.compile(rf"[-–—]?\(?(?:(?:{_SIGNS})\s?)?[-–—]?\d{{1,3}}\Z")
_FULL_GROUP = re.compile(r"(?:\d{3})+\Z")
_GROUP = re.compile(r"(?:\d{3})+(?:[.,]\d{1,2})?[)\]]?%?-?\)?\Z")
# in ems, the blank between groups: for the first finding, and where it is known (the ink of a "1" stands further off)
_GROUP_BLANK, _KNOWN_GROUP_BLANK = 0.65, 0.85
_MARKED = re.compile(r"\(?\d{1,3}(?:[.,'\N{RIGHT SINGLE QUOTATION MARK}]\d{3})+\)?")
_UNMARKED, _MANY_UNMARKED = re.compile(r"\(?(?:\d{5,}|\d{1,3}(?: \d{3})+)\)?\Z"), 5
_LETTERS = re.compile(r"[^\W\d_]{2}")
# "- 12 -", alone on its line
_PAGE_NUMBER = re.compile(
    r"(?i)[-–—]\s?[1-9]\d{0,3}\s?[-–—]\Z|page\s?:?\s(?:no\.?\s)?[1-9]\d{0,3}(?:\s(?:of|/)\s\d{1,4})?\Z"
)
YEAR = re.compile(r"(?:FY)?(?:19|20)\d\d\Z")


@dataclass(slots=True)
class Token:
    """A figure with its signs, or a phrase; words stand in reading order."""

    words: list[Word]
    figure: bool = False

    @property
    def left(self) -> float:
        """The left edge."""
        words = self.words
        return words[0].left if len(words) == 1 else min(word.left for word in words)

    @property
    def right(self) -> float:
        """The right edge."""
        words = self.words
        return words[0].right if len(words) == 1 else max(word.right for word in words)

    @property
    def top(self) -> float:
        """The upper edge."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return max(word.bottom for word in self.words)

    @property
    def em(self) -> float:
        """The size of the type."""
        return max(em_of(word) for word in self.words)

    @property
    def centre(self) -> float:
        """The x of the middle."""
        return (self.left + self.right) / 2

    @property
    def text(self) -> str:
        """The words joined by blanks."""
        return self.words[0].text if len(self.words) == 1 else " ".join(word.text for word in self.words)

    @property
    def core(self) -> tuple[float, float]:
        """Left and right edge of the figure without a currency sign that stands off it."""
        if len(self.words) == 1:
            return self.words[0].left, self.words[0].right
        words = [word for word in self.words if not _SIGN.match(word.text)] or self.words
        return min(word.left for word in words), max(word.right for word in words)

    @property
    def year(self) -> bool:
        """True for a bare year, which is a head or a label more often than a figure."""
        return _is_year(self.text)


@lru_cache(maxsize=32768)  # every row asks it of the figures of the rows around it
def _is_year(text: str) -> bool:
    return bool(YEAR.match(plain(text)))


@dataclass(slots=True)
class TextLine:
    """What stands on one base line, left to right; ``blank``: the usual one of its page, in ems."""

    words: list[Word]
    em: float
    tokens: list[Token] = field(default_factory=list)
    blank: float = _USUAL_BLANK

    @property
    def left(self) -> float:
        """The left edge."""
        return self.words[0].left

    @property
    def right(self) -> float:
        """The right edge."""
        words = self.words
        return words[0].right if len(words) == 1 else max(word.right for word in words)

    @property
    def middle(self) -> float:
        """The y of the line."""
        return median(word.middle for word in self.words)

    @property
    def top(self) -> float:
        """The upper edge."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return max(word.bottom for word in self.words)

    @property
    def text(self) -> str:
        """The words joined by blanks."""
        return " ".join(word.text for word in self.words)

    @property
    def figures(self) -> list[Token]:
        """The tokens that are figures; bare years are not."""
        return [token for token in self.tokens if token.figure and not token.year]


def em_of(word: Word) -> float:
    """The size of a word's type; its height where that is not known."""
    return word.size or (word.bottom - word.top)


def usual_em(words: Sequence[Word]) -> float:
    """The usual size of the type."""
    return median(em_of(word) for word in words) if words else 10.0


def spoken(words: Sequence[Word]) -> str:
    """The words as printed: a blank between them, but none before raised marks and signs that touch the word before."""
    text = ""
    for i, word in enumerate(words):
        text += word.text if not i or _touches(words[i - 1], word) else f" {word.text}"
    return text


def _touches(before: Word, word: Word) -> bool:
    """True where only a change of height or size parts two words: "Net sales" and a raised "(1)", and ":" behind it."""
    em = max(before.size, word.size)
    if not em or before.size == word.size or word.left < before.left or word.left - before.right > _TOUCH * em:
        return False
    return bool(_RAISED.match(word.text) or _RAISED.match(before.text))


def find_lines(words: Sequence[Word]) -> list[TextLine]:
    """Group words by base line, top down; jitter and a little skew are forgiven."""
    em = usual_em(words)
    if any(isinstance(word.place, PagePlace) for word in words) and not any(word.size for word in words):
        # of scans only the height of the ink is known, that of a capital; and the right of a page may hang lower
        em /= _CAPITAL
    lines: list[list[Word]] = []
    middles: list[float] = []
    for word in sorted(words, key=lambda w: (w.middle, w.left)):
        # the last lines only: words come sorted by height
        near = [i for i in range(max(0, len(lines) - 4), len(lines)) if abs(middles[i] - word.middle) < _LEVEL * em]
        if near:
            best = min(near, key=lambda i: abs(middles[i] - word.middle))
            lines[best].append(word)
            middles[best] = median(w.middle for w in lines[best][-9:])
        else:
            lines.append([word])
            middles.append(word.middle)
    found = [TextLine(sorted(line, key=lambda w: w.left), usual_em(line)) for line in lines]
    return sorted(found, key=lambda line: line.middle)


def blank_width(lines: Sequence[TextLine]) -> float:
    """The usual width of a blank between words, in ems."""
    gaps = [
        (after.left - before.right) / line.em
        for line in lines
        for before, after in pairwise(line.words)
        if _LETTERS.search(before.text) and _LETTERS.search(after.text)
    ]
    usual = [gap for gap in gaps if 0.1 < gap < _WIDEST_BLANK]
    typed = [gap for gap in gaps if _WIDEST_BLANK <= gap < _TYPED_BLANK]
    if len(typed) >= 5 and len(typed) > 3 * len(usual):
        return median(typed)
    return median(usual) if len(usual) >= 5 else _USUAL_BLANK


def groups_by_blank(lines: Sequence[TextLine]) -> bool:
    """True where thousands are set apart by blanks ("1 234 567") and never by commas, points or apostrophes.

    Of what stands among words ("807,000,000 shares authorized") another hand may have been the setter.
    """
    alone = [word for line in lines for word in _standing_alone(line)]
    marked = sum(bool(_MARKED.match(word.text)) for word in alone)
    # a scan in which the blanks were not seen where they are narrow
    plain_ones = sum(isinstance(w.place, PagePlace) and not w.size and bool(_UNMARKED.match(w.text)) for w in alone)
    gaps = [
        (after.left - before.right) / line.em
        for line in lines
        for before, after in pairwise(line.words)
        if _GROUP_HEAD.match(before.text) and _GROUP.match(after.text)
    ]
    spaced = sum(gap <= _GROUP_BLANK for gap in gaps)
    wide = any(gap <= _KNOWN_GROUP_BLANK for gap in gaps)
    return (spaced >= 3 and marked * 4 < spaced) or (wide and not marked and plain_ones >= _MANY_UNMARKED)


def _standing_alone(line: TextLine) -> Iterator[Word]:
    """The words with no letters as near as the next word of a phrase."""
    for before, word, after in zip([None, *line.words], line.words, [*line.words[1:], None], strict=False):
        near = _GROUP_BLANK * line.em
        phrase = (before and word.left - before.right < near and _LETTERS.search(before.text)) or (
            after and after.left - word.right < near and _LETTERS.search(after.text)
        )
        if not phrase:
            yield word


def find_tokens(line: TextLine, blank: float, spaced: bool = False) -> list[Token]:
    """The figures and phrases of a line; ``blank`` is the usual one in ems, ``spaced``: blanks group thousands."""
    if _PAGE_NUMBER.match(line.text):
        return [Token(list(line.words))]
    wide = _wide_gap(line, blank)
    tokens: list[Token] = []
    for cluster in _clusters(line, wide, spaced):
        tokens += _cut(cluster, spaced)
    tokens = _with_marks(_with_signs(tokens, line.em))
    if len(tokens) == 2 and not tokens[1].figure and _MARK.match(plain(tokens[0].text)):
        # "(1) Includes shares held in trust": a note below the table
        return [Token(tokens[0].words + tokens[1].words)]
    return tokens


def _with_marks(tokens: list[Token]) -> list[Token]:
    """Join raised small digits behind a figure to it, as the superscripts they are: "2.3" and "1" is no "2.3 1"."""
    joined: list[Token] = []
    for token in tokens:
        if joined and joined[-1].figure and _raised(joined[-1].words[-1], token.words):
            word = token.words[0]
            joined[-1].words.append(replace(word, text=word.text.translate(_SUPERSCRIPTS)))
        else:
            joined.append(token)
    return joined


def _raised(figure: Word, words: Sequence[Word]) -> bool:
    """True for a small number that stands higher than the figure before it; of scans the ink says how small."""
    word = words[0]
    if len(words) > 1 or not re.fullmatch(r"\d{1,2}", word.text):
        return False
    if word.left - figure.right > _RAISED_GAP * em_of(figure):
        return False
    smaller = _SMALLER if word.size else _SMALLER_INK
    return em_of(word) <= smaller * em_of(figure) and word.bottom < figure.bottom - 0.15 * em_of(figure)


def _wide_gap(line: TextLine, blank: float) -> float:
    """What separates phrases on this line, in points; justified prose has wider blanks."""
    wide = (blank * 1.6 + 0.12) * line.em
    gaps = sorted(b.left - a.right for a, b in pairwise(line.words))
    letters = sum(bool(_LETTERS.search(word.text)) for word in line.words)
    if letters >= 7 and letters >= 0.6 * len(line.words) and gaps[len(gaps) // 2] < _JUSTIFIED * line.em:
        wide = max(wide, 1.5 * gaps[len(gaps) // 2])
    return wide


def _clusters(line: TextLine, wide: float, spaced: bool) -> list[list[Word]]:
    clusters: list[list[Word]] = []
    for word in line.words:
        near = bool(clusters) and word.left - max(w.right for w in clusters[-1]) <= wide
        if near or (clusters and spaced and _next_group(clusters[-1][-1], word)):
            clusters[-1].append(word)
        else:
            clusters.append([word])
    return clusters


def _figureish(word: Word) -> bool:
    text = plain(word.text)
    return bool(text) and (is_number(text) or bool(_OPENER.match(text) or _CLOSER.match(text)) or _half(text))


def _half(text: str) -> bool:
    return bool(re.fullmatch(r"\(?[\d.,]+|[\d.,]+\)?%?\)?", text))


def _cut(words: list[Word], spaced: bool) -> list[Token]:
    """A cluster of words as one phrase, or, where it holds nothing but numbers and signs, as its figures."""
    if not all(_figureish(word) for word in words) or (len(words) > 1 and any(_DAY.match(w.text) for w in words)):
        return [Token(words)]
    if re.fullmatch(r"\S+ (?:-|/|x) \S+", plain(" ".join(word.text for word in words))):
        # a range or a fraction: "2.5 - 3.0"
        whole = Token(words)
        first, last = plain(words[0].text), plain(words[-1].text)
        if len(words) == 3 and is_number(first) and is_number(last) and "-" not in (first, last):
            return [whole]
    tokens: list[Token] = []
    for word in words:
        if tokens and (_belongs(tokens[-1], word) or (spaced and _goes_on(tokens[-1], word))):
            tokens[-1].words.append(word)
        else:
            tokens.append(Token([word]))
    for token in tokens:
        # "30," is the day of a date whose year stands below
        token.figure = is_number(token.text) and not _DAY.match(token.text)
    return tokens


def _goes_on(token: Token, word: Word) -> bool:
    """True when ``word`` is the next group of three digits."""
    last = token.words[-1]
    head = _GROUP_HEAD.match(last.text) if len(token.words) == 1 or _SIGN.match(token.words[-2].text) else None
    return _next_group(last, word) and bool(head or _FULL_GROUP.match(last.text))


def _next_group(before: Word, word: Word) -> bool:
    """True where three digits stand as near behind digits as groups of one number do."""
    near = word.left - before.right < _KNOWN_GROUP_BLANK * max(em_of(word), em_of(before))
    return near and bool(_GROUP.match(word.text)) and bool(_GROUP_HEAD.match(before.text))


def _second_dash(token: Token, word: Word) -> bool:
    """True for the other half of a nil that is set as two hyphens."""
    near = word.left - token.right < _DASHES_APART * em_of(word)
    return (
        near
        and not isinstance(word.place, TextPlace)
        and plain(word.text) == "-"
        and bool(_NIL.match(plain(token.text)))
    )


def _belongs(token: Token, word: Word) -> bool:
    """True when ``word`` goes on with the figure: a number after its sign, ``)`` or ``%`` after the number."""
    before, text = plain(token.text), plain(word.text)
    if not is_number(before) or before == "-":
        if _OPENER.match(before):
            return is_number(text) or _half(text)
        return bool(_CLOSER.match(text)) and _half(before)
    if before.endswith("-") and (_CLOSER.match(text) or _second_dash(token, word)):
        return True
    smaller = word.size and word.size < 0.85 * max(w.size for w in token.words)
    return bool(_CLOSER.match(text)) or (bool(_MARK.match(text)) and bool(smaller))


def _with_signs(tokens: list[Token], em: float) -> list[Token]:
    """Join signs that stand off: ``$`` to the figure on its right, ``)`` and ``%`` to the one on their left."""
    joined: list[Token] = []
    for token in tokens:
        text = plain(token.text)
        before = joined[-1] if joined else None
        if before is not None and _closes(before, text, token.left - before.right, em):
            before.words += token.words
            before.figure = before.figure or is_number(before.text)
        elif before is not None and _opens(before, token):
            joined[-1] = Token(before.words + token.words, figure=is_number(f"{before.text} {token.text}"))
        else:
            joined.append(token)
    return joined


def _opens(before: Token, token: Token) -> bool:
    text = plain(before.text)
    if not text or is_number(text) or not _OPENER.match(text):
        # "$-" is a nil of its own
        return False
    return token.figure or bool(_HALF_FIGURE.match(plain(token.text)))


def _closes(before: Token, text: str, gap: float, em: float) -> bool:
    if not text or not _CLOSER.match(text) or gap > 2.0 * em:
        return False
    said = plain(before.text)
    return before.figure or bool(_HALF_FIGURE.search(said) and len(before.words) == 1)
