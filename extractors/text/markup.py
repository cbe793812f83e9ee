"""Markdown marks are taken off without moving a character: what stays has its column in the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractors.numbers import is_number, plain, read_number
from extractors.page import Reading
from extractors.text.decode import SourceLine
from extractors.text.heads import read_heads
from extractors.text.tokens import Piece, one_number, tokens

_SUPERSCRIPT = re.compile(r"<su[pb]>\s*([^<]*?)\s*</su[pb]>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:u|b|i|em|strong|del|ins|s|span|font|p|div|small)\b[^<>]*>|<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|mdash|ndash|#\d{1,6}|#x[\da-f]{1,6});", re.IGNORECASE)
_ENTITIES = {
    "&nbsp;": " ",
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&mdash;": "\u2014",
    "&ndash;": "\u2013",
}
_EMPHASIS = re.compile(r"\*{2,3}|__(?=\S)|(?<=\S)__|`")
_HEADING = re.compile(r"\s*#{1,6}\s")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|$%&~<>])")
_DELIMITER = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?)?\s*\|?\s*\Z")
_SIGN = re.compile(r"(?:(?:US|C|A|HK)?[$\u20ac\u00a3\u00a5]\s?)+[(]?\Z|[(]\Z")
_WORDLESS = re.compile(r"(?i)n/?a\Z|n\.a\.\Z|nm\Z|n/m\Z")
_OPEN = re.compile(r"[$\u20ac\u00a3\u00a5(]|US\$")
_CLOSE = re.compile(r"\)?%?\)?\Z|\$\Z")
_DATED = re.compile(
    r"(?i)\s*(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2},?\s*(?:(?:19|20)\d\d)?|(?:19|20)\d\d(?=\s))\s+"
)
# what a converter made of a dash in a cell of figures: a rule, or nothing, underlined
_UNDERLINED = re.compile(r"\s*<(?P<tag>u|ins)>\s*</(?P=tag)>\s*\Z", re.IGNORECASE)
_UNDERSCORE = re.compile(r"(?:(?:US|C|A|HK)?[$\u20ac\u00a3\u00a5]\s?)?_\Z")
_DASH_SURE, _RULE_SURE = 0.97, 0.6  # a rule under nothing may be that of a sum
_BAR = "\ue000"  # stands for an escaped bar while a line is cut


@dataclass(frozen=True, slots=True)
class Slot:
    """A cell of a row as printed: its number in the row, its text and the characters it covers.

    Attributes:
        pieces: the figures it holds; empty unless it holds nothing but figures (a date before them apart).
        sign: it holds a currency sign or an opening parenthesis of the figure in the next cell.
    """

    column: int
    text: str
    start: int
    end: int
    pieces: tuple[Piece, ...] = ()
    sign: bool = False
    dated: bool = False


def bare(text: str) -> str:
    """The line without its marks, each character where it stood."""
    text = _HEADING.sub(lambda mark: " " * len(mark[0]), text, count=1) if _HEADING.match(text) else text
    text = text.replace("\\|", f" {_BAR}")
    text = _SUPERSCRIPT.sub(_superscript, text)
    text = _TAG.sub(lambda tag: " " * len(tag[0]), text)
    text = _ENTITY.sub(_entity, text)
    text = _ESCAPE.sub(lambda mark: f" {mark[1]}", text)
    return _EMPHASIS.sub(lambda mark: " " * len(mark[0]), text)


def _superscript(match: re.Match[str]) -> str:
    """A raised mark in parentheses, so that no digit of it joins a figure; in the width of what was written."""
    inner = match[1]
    said = f" {inner if inner.startswith('(') or not inner.isalnum() else f'({inner})'}"
    return said.ljust(len(match[0])) if inner else " " * len(match[0])


def _entity(match: re.Match[str]) -> str:
    name = match[0].lower()
    said = _ENTITIES.get(name)
    if said is None:
        number = int(name[3:-1], 16) if name.startswith("&#x") else int(name[2:-1])
        said = chr(number) if 31 < number < 0x110000 else " "
    return said.ljust(len(match[0]))


def is_delimiter(text: str) -> bool:
    """The row of dashes below the heads of a Markdown table."""
    return bool(_DELIMITER.match(text)) and "|" in text


def slots(line: SourceLine) -> list[Slot]:
    """The cells of a row, parted by tabs or bars; bars at both ends are a frame."""
    text = bare(line.text)
    mark = "\t" if "\t" in text else "|"
    start = 0
    end = len(text)
    if mark == "|":
        trimmed = text.strip()
        start = text.index("|") + 1 if trimmed.startswith("|") else 0
        end = text.rindex("|") if trimmed.endswith("|") and text.count("|") > 1 else end
    found: list[Slot] = []
    while start <= end:
        stop = text.find(mark, start, end)
        stop = end if stop < 0 else stop
        found.append(_slot(len(found), text, start, stop))
        start = stop + 1
    found = _underlined(line.text, found)
    return [replace(slot, pieces=(_dash_of(slot),)) if _is_dash(found, k) else slot for k, slot in enumerate(found)]


def _underlined(printed: str, row: Sequence[Slot]) -> list[Slot]:
    """The cells, those of a row with a label that underline nothing as dashes; elsewhere that is the rule of a sum."""
    label = row[0].text if row else ""
    if not re.search(r"[A-Za-z]{2}", label) or label.endswith(":") or row[0].pieces:
        return list(row)
    return [_ruled(printed, row, k) for k in range(len(row))]


def _ruled(printed: str, row: Sequence[Slot], k: int) -> Slot:
    slot = row[k]
    drawn = printed[slot.start : slot.end]
    if not k or slot.text or not _UNDERLINED.match(drawn) or _stands_before_figure(row, k):
        return slot
    start = slot.start + len(drawn) - len(drawn.lstrip())
    text = drawn.strip()
    dash = Reading("\N{EM DASH}", _RULE_SURE)
    return replace(slot, text=text, start=start, pieces=(Piece(text, start, start + len(text), _RULE_SURE, (dash,)),))


def _stands_before_figure(row: Sequence[Slot], k: int) -> bool:
    """True directly before a figure, where a mark was its currency sign."""
    return k + 1 < len(row) and bool(row[k + 1].text) and not row[k + 1].sign


def _is_dash(row: Sequence[Slot], k: int) -> bool:
    """True for an underscore where a figure stands: not directly before one, where it was a currency sign."""
    if not k or not _UNDERSCORE.match(row[k].text) or _stands_before_figure(row, k):
        return False
    return row[k].text != "_" or row[k - 1].sign or any(slot.pieces for slot in row)


def _dash_of(slot: Slot) -> Piece:
    dash = Reading(slot.text.replace("_", "\N{EM DASH}"), _DASH_SURE)
    return Piece(slot.text, slot.start, slot.end, _DASH_SURE, (dash,))


def _slot(column: int, text: str, start: int, end: int) -> Slot:
    said = text[start:end]
    if not said.strip():
        return Slot(column, "", start, end)
    left = start + len(said) - len(said.lstrip())
    said = said.strip().replace(_BAR, "|")
    right = left + len(said)
    if read_heads(said) and not re.fullmatch(r"\d{4}", said):
        return Slot(column, said, left, right)
    dated = _DATED.match(said)
    if dated and said[dated.end() :].strip():
        pieces = numbers_in(said[dated.end() :], left + dated.end())
        if pieces:
            return Slot(column, said, left, right, pieces, dated=True)
    return Slot(column, said, left, right, numbers_in(said, left), bool(_SIGN.match(plain(said))))


def numbers_in(text: str, offset: int) -> tuple[Piece, ...]:
    """The figures of a cell, or none when it holds anything else; ``66 353`` alone is one."""
    if one_number(text) or _WORDLESS.match(text):
        return (Piece(" ".join(text.split()), offset, offset + len(text)),)
    pieces: list[Piece] = []
    begin: int | None = None
    for token in tokens(text):
        said = plain(token.text)
        if read_number(said) is not None:
            start = token.start if begin is None else begin
            pieces.append(Piece(" ".join(text[start : token.end].split()), offset + start, offset + token.end))
            begin = None
        elif _OPEN.fullmatch(said) or said == "$(":
            begin = token.start if begin is None else begin
        elif pieces and begin is None and _CLOSE.match(said):
            last = pieces[-1]
            said = " ".join(text[last.start - offset : token.end].split())
            pieces[-1] = Piece(said, last.start, offset + token.end)
        elif not re.search(r"[^\W_]", said):
            continue
        else:
            return ()
    # figures that are no numbers with what was joined to them are left as text
    return tuple(pieces) if all(is_number(piece.text) for piece in pieces) else ()


def mark_of(text: str) -> bool:
    """True for what a currency sign or a rule became in a cell of its own: a letter or two, no digit."""
    return bool(text) and len(text) <= 2 and not re.search(r"[\dA-C]", text)
