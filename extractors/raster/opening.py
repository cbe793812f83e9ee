"""A PDF is opened and checked before anything is read from it."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as native

from extractors.page import Profile
from schemas.errors import EmptyError, EncryptedError, LimitError, UnreadableError

_HEADER = b"%PDF-"
# mail gateways and web servers put junk before the header; pdfium itself forgives 1 KB
_JUNK = 1 << 16
_ROOT = re.compile(rb"(?<![0-9])([0-9]{1,10})\s+[0-9]{1,5}\s+obj\s*<<[^>]{0,200}?/Type\s*/Catalog\b")
_NO_CAUSE = (native.FPDF_ERR_SUCCESS, native.FPDF_ERR_FORMAT)
_NO_PAGES = re.compile(rb"/Kids\s*\[\s*\]")


class Pdf:
    """An open PDF; ``with`` closes it. Pages are counted from 1."""

    def __init__(self, document: Any, page_count: int) -> None:
        self.document = document
        self.page_count = page_count

    def __enter__(self) -> Pdf:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.document.close()


def pdfium_version() -> str:
    """The version of pdfium, "159.0.8149.0" for example."""
    info = pdfium.version.PDFIUM_INFO
    return ".".join(str(part) for part in (info.major, info.minor, info.build, info.patch))


def mended(data: bytes) -> bytes:
    """The bytes as both readers take them: from the header on, to the last that is no nought, with a trailer.

    A trailer is added only where the file has none and ends with a whole object: then nothing but its end is missing.
    """
    at = data.find(_HEADER, 0, _JUNK)
    data = (data[at:] if at > 0 else data).rstrip(b"\0")
    if b"trailer" in data or b"startxref" in data or not data.endswith((b"endobj", b"endobj\n", b"endobj\r\n")):
        return data
    roots = list(_ROOT.finditer(data))
    if not roots:
        return data
    return data + b"\ntrailer\n<< /Root %s 0 R >>\nstartxref\n0\n%%%%EOF\n" % roots[-1][1]


def open_pdf(data: bytes | Path, profile: Profile) -> Pdf:
    """Open a PDF, or a file of one that is ``mended``; with only an owner password it opens without any.

    Raises:
        EncryptedError: it asks for a password that was not given or is wrong, or for an unknown kind of key.
        EmptyError: it has no page. LimitError: it has more pages than the profile allows.
        UnreadableError: pdfium finds no PDF in the bytes.
    """
    try:
        document = pdfium.PdfDocument(mended(data) if isinstance(data, bytes) else data, password=profile.password)
    except pdfium.PdfiumError as error:
        no_cause = getattr(error, "err_code", None) in _NO_CAUSE
        if no_cause and isinstance(data, bytes) and _NO_PAGES.search(data):
            raise EmptyError("The PDF has no pages.") from None
        raise _refusal(error, profile) from None
    try:
        count = len(document)
    except pdfium.PdfiumError:
        count = 0
    if count == 0:
        document.close()
        raise EmptyError("The PDF has no pages.")
    if count > profile.max_pages:
        document.close()
        raise LimitError("pages", f"The PDF has {count} pages, more than the {profile.max_pages} allowed.")
    return Pdf(document, count)


def _refusal(error: Any, profile: Profile) -> UnreadableError:
    code = getattr(error, "err_code", None)
    if code == native.FPDF_ERR_PASSWORD:
        wrong = "The password does not open the PDF." if profile.password else "The PDF asks for a password."
        return EncryptedError(wrong)
    if code == native.FPDF_ERR_SECURITY:
        return EncryptedError("The PDF is encrypted in a way that a password alone does not open.")
    return UnreadableError("The PDF is damaged: no page tree can be read from it.")
