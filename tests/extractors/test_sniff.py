"""What the bytes are, whatever their name says."""

import pytest

from extractors.convert import convert
from extractors.sniff import media_type, sniff
from schemas.errors import EmptyError, LimitError, UnreadableError, UnsafeError, UnsupportedError

PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n"
FIXED = b"<TABLE>\n<CAPTION>\n            1998    1997\n<S>        <C>     <C>\nSales     1,234   1,100\n</TABLE>\n"
ROWS = b"<tr><td>Sales<td>1,234</tr>"


@pytest.mark.parametrize(
    ("data", "kind", "media"),
    [
        (PDF, "pdf", "application/pdf"),
        (b"X-Gateway: scanned\r\n" * 40 + PDF, "pdf", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image", "image/jpeg"),
        (b"MM\0*\0\0\0\x08", "image", "image/tiff"),
        (b"GIF89a\x01\0\x01\0", "image", "image/gif"),
        (b"BM\x7e\0\0\0\0\0\0\0\x3e\0\0\0\x28\0\0\0", "image", "image/bmp"),
        (b"BMX Cycles Inc\nSales 1,234\n", "text", "text/plain"),
        (b"<!DOCTYPE html><p>Sales", "html", "text/html"),
        (b"\n\n<TABLE>" + ROWS, "html", "text/html"),
        (b"<table " + b"x=1 " * 200_000 + b">" + ROWS, "html", "text/html"),
        (b"\xff\xfe" + "<html><body>Sales".encode("utf-16-le"), "html", "text/html"),
        ("<html><body>Sales 1,234 for the year".encode("utf-16-be"), "html", "text/html"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "html", "text/html"),
        (FIXED, "text", "text/plain"),
        (b"Sales ... 1,234\nCosts <u>1,100</u>\n" + b"words\n" * 60, "text", "text/plain"),
        (b"\xff\xfe" + "Sales 1,234".encode("utf-16-le"), "text", "text/plain"),
        ("Überschuß 1.234 —".encode("cp1252"), "text", "text/plain"),
        (b"[LOGO]\nSales 1,234\n", "text", "text/plain"),
        (b"It speaks of %PDF-1.4 files\nSales 1,234\n", "text", "text/plain"),
    ],
)
def test_kind_by_content(data: bytes, kind: str, media: str) -> None:
    """The reader is chosen by what stands in the file: junk, case, encoding and 1990s tags do not mislead."""
    assert (sniff(data), media_type(data)) == (kind, media)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyError),
        (b" \r\n\t" * 50, EmptyError),
        (b"\0" * 4096, EmptyError),
        (b"\xff\xfe" + "  \n".encode("utf-16-le"), EmptyError),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 200, UnsupportedError),
        (b"\x1f\x8b\x08\0\0\0", UnsupportedError),
        (b"PK\x03\x04" + b"\0" * 30, UnsupportedError),
        (b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n", UnsupportedError),
        (b'{"tables": [1, 2]}', UnsupportedError),
        (b'{"a": 1}\n{"a": 2}\n', UnsupportedError),
        (b"id,name,amount\n1,Smith,12.50\n2,Jones,8.00\n3,Green,1.00\n", UnsupportedError),
        (b"<?xml version='1.0'?><xbrl><v>1</v></xbrl>", UnsupportedError),
        (bytes(range(256)) * 64, UnsupportedError),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', UnsafeError),
        (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "&b;&b;"><!ENTITY b "&c;&c;"><!ENTITY c "&d;&d;">]><x/>',
            LimitError,
        ),
    ],
)
def test_refused(data: bytes, error: type[UnreadableError]) -> None:
    """Nothing, data and programs are refused with the error class that names the cause."""
    with pytest.raises(UnreadableError) as raised:
        sniff(data)
    assert type(raised.value) is error


def test_markdown_with_marks_of_html_in_its_cells_is_text() -> None:
    """Rows parted by bars are a table of text, whatever a converter left in the cells."""
    rows = "".join(f"| Item {at} | 1,{at}00 | <u> </u> |\n" for at in range(1, 6))
    filing = convert(f"# Acme\n\n| | 2020 | 2019 |\n|---|---|---|\n{rows}".encode())
    assert filing.source.kind == "text"
    assert [figure.value for table in filing.tables for figure in table.figures][:1] == ["1100"]
