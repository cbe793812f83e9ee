"""Bytes become lines of characters: the byte order mark decides, else strict UTF-8, else cp1252, line by line.

A statistical guess is never made: it may turn a dash into a letter, and a dash is a figure.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from schemas.errors import EmptyError, UnreadableError
from schemas.filing import Finding, TextPlace

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with the one of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# only these end a line: str.splitlines would also split at form feeds and file separators, and miscount
_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f\ufffd]")
# a page printer's file holds a few; a program or an image holds at least one in ten
_MAX_CONTROL_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the file.

    Attributes:
        number: from 1, as an editor counts.
        text: the decoded line without its end; control characters are blanks of the same width, tabs stay.
        page_break: a form feed stands before the first character (or alone in the line).
        columns: for each character its column in the file, where the text was laid out anew; None: as it stands.
    """

    number: int
    text: str
    page_break: bool = False
    columns: tuple[int, ...] | None = None

    def place(self, start: int = 0, end: int | None = None) -> TextPlace:
        """Where the characters from ``start`` to ``end`` (excluded; None: end of the line) stand."""
        if self.columns:
            last = min(len(self.columns) if end is None else end, len(self.columns)) - 1
            return TextPlace(line=self.number, start=self.columns[start], end=self.columns[max(last, start)] + 1)
        return TextPlace(line=self.number, start=start, end=len(self.text) if end is None else end)

    @property
    def blank(self) -> bool:
        """True when nothing is printed."""
        return not self.text.strip()


def decode(data: bytes) -> tuple[list[SourceLine], tuple[Finding, ...]]:
    """The lines of a text file, and what had to be guessed or replaced.

    Raises:
        EmptyError: nothing is printed. UnreadableError: too many control characters for a text.
    """
    text, findings = _decoded(data)
    text = text.rstrip("\x00\x1a")
    if not text.strip():
        raise EmptyError("The text holds nothing but blanks.")
    odd = len(_CONTROL.findall(text))
    if odd > max(2, _MAX_CONTROL_SHARE * len(text)):
        raise UnreadableError(f"{odd} of {len(text)} characters are control characters: this is no text.")
    if odd:
        findings.append(
            Finding(code="control_characters", severity="info", message=f"{odd} control characters were left out.")
        )
    return [_line(number, raw) for number, raw in enumerate(_LINE_END.split(text), 1)], tuple(findings)


def _line(number: int, raw: str) -> SourceLine:
    before, feed, _ = raw.partition("\f")
    return SourceLine(number, _CONTROL.sub(" ", raw.replace("\f", " ")), bool(feed) and not before.strip())


def _decoded(data: bytes) -> tuple[str, list[Finding]]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace"), []
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return _by_lines(data)


def _by_lines(data: bytes) -> tuple[str, list[Finding]]:
    """Each line for itself: one bad byte must not turn the dashes of all other lines into letters."""
    lines: list[str] = []
    kinds: set[str] = set()
    for raw in data.split(b"\n"):
        try:
            lines.append(raw.decode("utf-8"))
            kinds.update(() if raw.isascii() else ("UTF-8",))
        except UnicodeDecodeError:
            lines.append(raw.decode("cp1252", errors="replace"))
            kinds.add("cp1252")
    findings = []
    if len(kinds) > 1:
        message = "Some lines are UTF-8 and some cp1252; each was read by itself."
        findings.append(Finding(code="mixed_encoding", severity="warning", message=message))
    return "\n".join(lines), findings
