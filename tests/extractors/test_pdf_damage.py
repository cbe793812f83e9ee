"""Broken and hostile PDFs: what cannot be read fails with its cause, what was passed over is said."""

from __future__ import annotations

import zlib

import pytest

from extractors.page import DEFAULT, Document
from extractors.pdf import read_pdf
from extractors.raster import find_damage
from schemas.errors import EmptyError, LimitError, UnreadableError

CONTENT = b"BT /F1 12 Tf 72 720 Td (Sales 1,234) Tj 0 -16 Td (Costs 1,100) Tj ET"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
BOX = b"/MediaBox [0 0 612 792]"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def page(box: bytes = BOX, resources: bytes = b"") -> bytes:
    entries = b"/Type /Page /Parent 2 0 R %s /Contents 4 0 R" % box
    return b"<< %s /Resources << /Font << /F1 5 0 R >> %s >> >>" % (entries, resources)


def pdf(replaced: dict[int, bytes] | None = None) -> bytes:
    """A page of two lines; objects may be replaced, and others added."""
    objects = {
        1: CATALOG,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: page(),
        4: stream(CONTENT),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    } | (replaced or {})
    data = b"%PDF-1.7\n"
    places = []
    for number, body in sorted(objects.items()):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return data + end % (len(places) + 1, table, len(places) + 1, len(data))


def read(data: bytes) -> Document:
    return read_pdf(data, DEFAULT)


def errors(document: Document) -> set[str]:
    return {finding.code for finding in document.findings if finding.severity == "error"}


def words(document: Document) -> list[str]:
    return [word.text for page in document.pages for word in page.words]


def test_a_sound_file_has_no_findings() -> None:
    """What pdfium reads from a sound file is all there is; noughts after its end are nothing."""
    for data in (pdf(), pdf() + b"\0" * 5000):
        document = read(data)
        assert words(document) == ["Sales", "1,234", "Costs", "1,100"]
        assert not document.findings


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdf()[: pdf().index(b"xref\n0")], "rebuilt"),
        (pdf()[: pdf().index(b"startxref")] + b"startxref\n9999999\n%%EOF\n", "rebuilt"),
        (pdf({4: stream(CONTENT).replace(b"/Length ", b"/Length 99999999")}), "stream_length"),
        (pdf({4: stream(b"[" * 300 + b"]" * 300 + b" TJ\n" + CONTENT)}), "nested_too_deep"),
        (pdf({3: page(b"/MediaBox [0 0 0 0]")}), "page_size"),
        (pdf({3: page(b"/MediaBox [0 0 9000 9000]")}), "page_size"),
        (pdf({3: page(b"")}), "page_size"),
        (
            pdf(
                {
                    3: page(resources=b"/XObject << /X 6 0 R >>"),
                    6: stream(
                        b"/X Do",
                        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>",
                    ),
                }
            ),
            "form_loop",
        ),
        (pdf({4: stream(CONTENT + b" BT 3 Tr /F1 12 Tf 72 720 Td (Sales 9,999) Tj ET")}), "hidden_text"),
    ],
)
def test_what_was_mended_or_passed_over_makes_the_result_partial(data: bytes, code: str) -> None:
    """The print is read, and an error among the findings says what is wrong with the file."""
    document = read(data)
    assert words(document) == ["Sales", "1,234", "Costs", "1,100"]
    assert errors(document) == {code}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ({1: CATALOG.replace(b">>", b"/Outlines " + b"[" * 5000 + b"]" * 5000 + b">>")}, UnreadableError),
        ({4: b"4 0 R"}, UnreadableError),
        (
            {
                4: stream(
                    zlib.compress(CONTENT),
                    b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2000000000 >>",
                )
            },
            UnreadableError,
        ),
        ({2: b"<< /Type /Pages /Kids [] /Count 0 >>"}, EmptyError),
        ({4: stream(b"q Q")}, EmptyError),
        ({3: page(b"/MediaBox [0 0 99999 99999]")}, LimitError),
        (
            {
                5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
                6: stream(zlib.compress(b"1 beginbfrange <00> <7fffffff> <0041> endbfrange"), b"/Filter /FlateDecode"),
            },
            LimitError,
        ),
    ],
)
def test_what_cannot_be_read_fails_with_its_cause(objects: dict[int, bytes], expected: type[UnreadableError]) -> None:
    """Depth, contents that are none, no pages, blank pages, impossible sizes and maps are told apart."""
    with pytest.raises(UnreadableError) as caught:
        read(pdf(objects))
    assert type(caught.value) is expected


def test_half_a_file_is_not_mended() -> None:
    """A file that ends inside an object was cut off: it is damaged, not a shorter document."""
    data = pdf({4: stream(CONTENT * 40)})
    with pytest.raises(UnreadableError) as caught:
        read(data[: len(data) // 2])
    assert caught.value.problem_code == "E_CORRUPT"


def test_contents_that_say_nothing_are_not_taken_for_a_blank_page() -> None:
    """A page whose content is rubbish is partial, not empty."""
    assert errors(read(pdf({4: stream(b"zz no hex", b"/Filter /ASCIIHexDecode")}))) == {"unread_content"}


def test_content_in_another_file_is_named_and_not_fetched() -> None:
    """A stream that lies in a file of this machine stays unread."""
    document = read(pdf({4: stream(b"", b"/F (/etc/hostname)")}))
    assert [finding.code for finding in document.findings] == ["external_content"]
    assert not words(document)


def test_bytes_without_an_object_are_no_fault_of_the_program() -> None:
    """What looks for damage takes whatever it is given."""
    assert {finding.code for finding in find_damage(b"%PDF-1.7\n")} == {"rebuilt", "page_size"}


def test_scripts_are_noted() -> None:
    """What would run in a viewer is told, and the result is complete."""
    action = b"/OpenAction << /S /JavaScript /JS (app.beep\\(0\\)) >> >>"
    findings = find_damage(pdf({1: CATALOG.replace(b">>", action)}))
    assert [(finding.code, finding.severity) for finding in findings] == [("active_content", "info")]


def test_an_inherited_page_box_moves_the_words() -> None:
    """A media box that the page has from its parent and that starts elsewhere counts as its own."""
    own = read(pdf({3: page(b"/MediaBox [50 60 662 852]")}))
    parent = b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [50 60 662 852] >>"
    inherited = read(pdf({2: parent, 3: page(b"")}))
    assert inherited.pages[0].words == own.pages[0].words
    assert not inherited.findings
