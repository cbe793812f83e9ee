"""Containers are taken apart without letting anything climb out of them."""

import binascii
import hashlib
import io
import zipfile

import pytest

from extractors.containers import find_parts, open_container, read_header, safe_name
from schemas.errors import EmptyError, EncryptedError, LimitError, UnreadableError, UnsafeError, UnsupportedError

HEADER = """<SEC-DOCUMENT>0000912057-01-000001.txt : 20010214
<SEC-HEADER>0000912057-01-000001.hdr.sgml : 20010214
ACCESSION NUMBER:\t\t0000912057-01-000001
CONFORMED SUBMISSION TYPE:\t10-Q
CONFORMED PERIOD OF REPORT:\t20001231

FILER:
\tCOMPANY DATA:
\t\tCOMPANY CONFORMED NAME:\t\t\tNORTH LAKE MILLS INC
\t\tCENTRAL INDEX KEY:\t\t\t0000123456
</SEC-HEADER>
"""


def document(kind: str, name: str, body: str) -> str:
    return f"<DOCUMENT>\n<TYPE>{kind}\n<SEQUENCE>1\n<FILENAME>{name}\n<TEXT>\n{body}\n</TEXT>\n</DOCUMENT>\n"


def uuencoded(data: bytes) -> str:
    lines = [binascii.b2a_uu(data[i : i + 45]).decode() for i in range(0, len(data), 45)]
    return "begin 644 copy.pdf\n" + "".join(lines) + "`\nend"


def archive(*members: tuple[str, bytes], link: str | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if name == link else 0o644) << 16
            box.writestr(entry, data)
    return file.getvalue()


def test_submission_gives_its_documents_and_says_what_it_left_out() -> None:
    """Documents come out in order under safe names with the header's identity; data and pictures are named."""
    pdf = b"%PDF-1.4 " + bytes(range(256))
    data = (
        HEADER
        + document("10-Q", "q.htm", "<XBRL>\n<html><p>Sales 1,234</html>\n</XBRL>")
        + document("EX-27", "", "Total assets 9")
        + document("EX-99.1", "../x y.pdf", f"<PDF>\n{uuencoded(pdf)}\n</PDF>")
        + document("XML", "R2.htm", "<html>1,234</html>")
        + document("GRAPHIC", "logo.jpg", uuencoded(b"\xff\xd8\xff"))
        + document("EX-99.2", "empty.txt", "")
    ).encode()
    container = open_container(data, "0000912057-01-000001.txt")
    assert container is not None
    assert [(p.number, p.name, p.data) for p in container.parts] == [
        (1, "q.htm", b"<html><p>Sales 1,234</html>"),
        (2, "ex-27.txt", b"Total assets 9"),
        (3, "x_y.pdf", pdf),
    ]
    assert [s.name for s in container.skipped] == ["R2.htm", "logo.jpg", "empty.txt"]
    origin = container.parts[0].origin
    assert origin.parent == hashlib.sha256(data).hexdigest()
    assert origin.header is not None
    assert origin.header.model_dump() == {
        "registrant": "NORTH LAKE MILLS INC",
        "form": "10-Q",
        "report_date": "2000-12-31",
        "cik": "0000123456",
        "accession": "0000912057-01-000001",
    }


def test_documents_without_an_end() -> None:
    """A document that is not closed ends where the next one starts."""
    data = b"<SEC-DOCUMENT>x\n" + b"<DOCUMENT>\n<TYPE>10-K\n<TEXT>\n" * 3 + b"Sales 1,234\n"
    container = open_container(data, "x.txt")
    assert container is not None
    assert [part.data.strip() for part in container.parts] == [b"Sales 1,234"]
    assert len(container.skipped) == 2
    assert container.left_out is not None
    assert "3 documents" in container.left_out


def encoded(name: bytes, content: bytes) -> bytes:
    lines = (binascii.b2a_uu(content[i : i + 45]) for i in range(0, len(content), 45))
    return b"begin 644 " + name + b"\n" + b"".join(lines) + b"`\nend\n"


def zipped(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.xml", b"\0" * size)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "body", "lost"),
    [
        (b"GRAPHIC", encoded(b"logo.gif", bytes(range(200)) * 9), False),
        (b"GRAPHIC", encoded(b"logo.gif", bytes(range(200)) * 9)[:1500] + b"\n~~~~\n", True),
        (b"ZIP", encoded(b"data.zip", zipped(1000)), False),
        (b"ZIP", encoded(b"data.zip", zipped(30_000_000)), True),
        (b"ZIP", encoded(b"data.zip", zipped(1000)[:-30]), True),
    ],
)
def test_what_was_left_out_is_told_from_what_is_no_document(kind: bytes, body: bytes, lost: bool) -> None:
    """Pictures and data that belong to a filing are passed over; damaged ones and bombs leave it partial."""
    document = b"<DOCUMENT>\n<TYPE>10-K\n<TEXT>\nSales 1,234\n</TEXT>\n</DOCUMENT>\n"
    other = b"<DOCUMENT>\n<TYPE>" + kind + b"\n<FILENAME>x.y\n<TEXT>\n" + body + b"</TEXT>\n</DOCUMENT>\n"
    container = open_container(b"<SEC-DOCUMENT>x\n" + document + other, "x.txt")
    assert container is not None
    assert [part.data.strip() for part in container.parts] == [b"Sales 1,234"]
    assert (container.left_out is not None) == lost


@pytest.mark.parametrize(
    "data",
    [
        b"<TABLE>\n<S> <C>\nSales 1,234\n</TABLE>\n",
        b"<DOCUMENT>\n<TYPE>10-K\n<TEXT>\nSales 1,234\n</TEXT>\n</DOCUMENT>\n",
        b"<html><p>Sales 1,234</html>",
        b"<SEC-DOCUMENT>x\n<SEC-HEADER>y\n</SEC-HEADER>\nSales 1,234\n",
        b"",
    ],
)
def test_one_text_is_no_container(data: bytes) -> None:
    """A table, a wrapper around a single text, and a text after a submission's head are that text and no container."""
    assert find_parts(data, "a.txt") is None


def test_header_of_two_companies_names_the_subject() -> None:
    """Of a filer and a subject company the filing is about the subject."""
    text = (
        "FILED BY:\nCOMPANY CONFORMED NAME: BUYER CO\nCENTRAL INDEX KEY: 1\n"
        "SUBJECT COMPANY:\nCOMPANY CONFORMED NAME: TARGET CO\nCENTRAL INDEX KEY: 2\n"
    )
    header = read_header(text)
    assert header is not None
    assert (header.registrant, header.cik) == ("TARGET CO", "0000000002")
    assert read_header("nothing of the kind") is None


def test_archive_gives_files_and_passes_over_hidden_ones() -> None:
    """Folders say nothing, hidden files are named as skipped, the rest are parts."""
    data = archive(("q2/report.html", b"<p>1"), ("q2/", b""), ("__MACOSX/._report.html", b"x"), ("../up.txt", b"y"))
    container = open_container(data, "a.zip")
    assert container is not None
    assert [(p.number, p.name, p.data) for p in container.parts] == [(1, "report.html", b"<p>1")]
    assert [s.name for s in container.skipped] == ["report.html", "up.txt"]


def test_archive_that_climbs_out_is_refused() -> None:
    """When nothing but escaping names and what lies behind a link is left, the archive is unsafe."""
    data = archive(("../../e.txt", b"x"), ("/abs.txt", b"x"), ("l", b"/etc"), ("l/passwd", b"x"), link="l")
    with pytest.raises(UnsafeError):
        find_parts(data, "a.zip")


def test_archive_bomb_is_refused() -> None:
    """An archive that unpacks to hundreds of times its size is not unpacked."""
    with pytest.raises(LimitError) as raised:
        find_parts(archive(("a.html", b"\0" * 32_000_000)), "a.zip")
    assert raised.value.limit == "ratio"


def test_archive_that_lies_about_its_sizes_is_refused() -> None:
    """The announced size is not believed: a member that goes on past it is damage, not a part."""
    data = bytearray(archive(("a.html", b"\0" * 8_000_000)))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(UnreadableError):
        find_parts(bytes(data), "a.zip")


def test_encrypted_member_asks_for_the_password() -> None:
    """A member flagged as encrypted is an encrypted document, not a damaged one."""
    data = bytearray(archive(("a.html", b"<p>1")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    with pytest.raises(EncryptedError):
        find_parts(bytes(data), "a.zip")
    with pytest.raises(EncryptedError):
        find_parts(bytes(data), "a.zip", password="wrong")  # noqa: S106 - the wrong one


@pytest.mark.parametrize("flag", [b"", b"\1"], ids=["damaged", "encrypted"])
def test_a_member_that_cannot_be_read_leaves_the_others(flag: bytes) -> None:
    """It is left out and said to be; where every member is so, the archive is."""
    data = bytearray(archive(("a.html", b"<p>1" * 99), ("b.html", b"<p>2")))
    if flag:
        data[6] |= flag[0]
        data[data.index(b"PK\x01\x02") + 8] |= flag[0]
    else:
        data[data.index(b"a.html") + 8] ^= 0xFF
    container = open_container(bytes(data), "a.zip")
    assert container is not None
    assert [(part.number, part.name) for part in container.parts] == [(1, "b.html")]
    assert container.left_out is not None
    assert container.left_out.startswith("a.html: ")
    assert container.locked == bool(flag)
    alone = bytearray(archive(("a.html", b"<p>1" * 99)))
    alone[alone.index(b"a.html") + 8] ^= 0xFF
    with pytest.raises(UnreadableError, match="member of the archive is damaged"):
        open_container(bytes(alone), "a.zip")


def test_a_document_in_a_form_that_is_not_read_is_left_out_and_said() -> None:
    """It may be the filing itself: nobody may take what is left for the whole. A picture beside a page is none."""
    docx = archive(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>"))
    for name, data in (
        ("a.docx", docx),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.rtf", b"{\\rtf1"),
        ("a.gz", b"\x1f\x8b"),
    ):
        container = open_container(archive((name, data), ("b.html", b"<p>1"), ("c.png", b"\x89PNG")), "a.zip")
        assert container is not None
        assert [part.name for part in container.parts] == ["b.html", "c.png"]
        assert container.left_out is not None
        assert container.left_out.endswith(", which is not read.")
        with pytest.raises(UnsupportedError, match="which is not read"):
            open_container(archive((name, data)), "a.zip")
    inner = open_container(archive(("inner.zip", archive(("a.html", b"<p>1"))), ("torn.zip", docx[:40])), "a.zip")
    assert inner is not None
    assert inner.left_out is None


@pytest.mark.parametrize(
    ("method", "error", "said"),
    [(98, UnsupportedError, "method 98"), (99, EncryptedError, "encrypted with AES")],
)
def test_a_member_packed_in_another_way_says_so(method: int, error: type[Exception], said: str) -> None:
    """It is not told to ask for a password that would not help."""
    data = bytearray(archive(("a.html", b"<p>1" * 99), ("b.html", b"<p>2")))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + offset] = method
    container = open_container(bytes(data), "a.zip")
    assert container is not None
    assert said in (container.left_out or "")
    assert not container.locked
    alone = bytearray(archive(("a.html", b"<p>1" * 99)))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        alone[alone.index(mark) + offset] = method
    with pytest.raises(error, match=said):
        open_container(bytes(alone), "a.zip")


def test_office_file_and_damaged_archive_are_refused() -> None:
    """A spreadsheet is a ZIP but no container of documents; half an archive is damaged."""
    with pytest.raises(UnsupportedError):
        find_parts(archive(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")), "a.xlsx")
    with pytest.raises(UnreadableError, match="no list of its members at its end") as damaged:
        find_parts(archive(("a.html", b"<p>1"))[:60], "a.zip")
    assert damaged.value.place == "a.zip"


@pytest.mark.parametrize("members", [(), (("folder/", b""),)])
def test_an_archive_without_files_is_empty(members: tuple[tuple[str, bytes], ...]) -> None:
    """Nothing comes out of it, which nobody may take for a success."""
    with pytest.raises(EmptyError, match="holds no files"):
        find_parts(archive(*members), "a.zip")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("-rf.txt", "rf.txt"),
        ("..\\a b.htm", "a_b.htm"),
        ("\x1b[2J.pdf", "2J.pdf"),
        ("...", "part"),
        ("x" * 200 + ".html", "x" * 95 + ".html"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    """Names keep their ending and lose what could leave the folder or be taken for an option."""
    assert safe_name(name) == safe
