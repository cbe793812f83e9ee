"""Bytes to lines: encodings, line ends, control characters, junk."""

import pytest

from extractors.page import DEFAULT
from extractors.text import read_text
from extractors.text.decode import decode
from schemas.errors import EmptyError, UnreadableError


def texts(data: bytes) -> list[str]:
    """The decoded lines."""
    return [line.text for line in decode(data)[0]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    """A document with a mark is read in the encoding the mark names, and the mark is no character."""
    assert texts("Net loss — 5\nCash 7".encode(encoding)) == ["Net loss — 5", "Cash 7"]


def test_what_is_no_utf8_is_cp1252() -> None:
    """The dash of Windows stays a dash."""
    assert texts("Other income — 11".encode("cp1252")) == ["Other income — 11"]


def test_one_bad_byte_does_not_spoil_the_other_lines() -> None:
    """Lines are decoded one by one when the whole is not UTF-8, and that is said."""
    lines, findings = decode("Preferred stock — —\nCaf".encode() + b"\xe9\n")
    assert lines[0].text == "Preferred stock — —"
    assert lines[1].text == "Café"
    assert [finding.code for finding in findings] == ["mixed_encoding"]


def test_lines_are_counted_as_an_editor_counts() -> None:
    """Windows, Unix and old Mac line ends end a line; form feeds and file separators do not."""
    lines, _ = decode(b"a\r\nb\rc\nd\x1ce\x0cf")
    assert [(line.number, line.text) for line in lines] == [(1, "a"), (2, "b"), (3, "c"), (4, "d e f")]


def test_a_form_feed_at_the_start_of_a_line_is_a_page_break() -> None:
    """What a line printer took as a new page is kept as such."""
    lines, _ = decode(b"Total 5\n\x0cNext page\n")
    assert [line.page_break for line in lines[:2]] == [False, True]


@pytest.mark.parametrize("data", [b"", b"  \r\n\t\n", b"\x00\x00\x1a"])
def test_nothing_printed_is_empty(data: bytes) -> None:
    """A file of blanks is told from a damaged one."""
    with pytest.raises(EmptyError):
        read_text(data, DEFAULT)


def test_binary_junk_is_no_text() -> None:
    """Bytes with many control characters are refused instead of read."""
    with pytest.raises(UnreadableError, match="control characters"):
        read_text(bytes(range(256)) * 20, DEFAULT)
