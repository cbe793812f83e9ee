"""Containers and broken things: EDGAR full submissions, ZIP archives, a PDF cut off in the middle."""

from __future__ import annotations

import io
import textwrap
import zipfile
from collections.abc import Sequence

from corpus.model import Filing


def _header(filing: Filing) -> str:
    date = filing.report_date.replace("-", "")
    lines = (
        "ACCESSION NUMBER:\t\t" + filing.accession,
        "CONFORMED SUBMISSION TYPE:\t" + filing.form,
        "PUBLIC DOCUMENT COUNT:\t\t2",
        "CONFORMED PERIOD OF REPORT:\t" + date,
        "FILED AS OF DATE:\t\t" + date,
        "",
        "FILER:",
        "",
        "\tCOMPANY DATA:\t",
        "\t\tCOMPANY CONFORMED NAME:\t\t\t" + filing.company.upper(),
        "\t\tCENTRAL INDEX KEY:\t\t\t" + filing.cik,
        "\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tUNKNOWN SIC - 0000 [0000]",
        "\t\tSTATE OF INCORPORATION:\t\t\tDE",
        "\t\tFISCAL YEAR END:\t\t\t1231",
        "",
        "\tFILING VALUES:",
        "\t\tFORM TYPE:\t\t" + filing.form,
        "\t\tSEC ACT:\t\t1934 Act",
    )
    return "\n".join(lines)


def _document(kind: str, number: int, name: str, body: str) -> str:
    head = f"<DOCUMENT>\n<TYPE>{kind}\n<SEQUENCE>{number}\n<FILENAME>{name}\n<DESCRIPTION>{kind}\n"
    return f"{head}<TEXT>\n{body}</TEXT>\n</DOCUMENT>\n"


def edgar_submission(filing: Filing, documents: Sequence[tuple[str, str, str]]) -> str:
    """A full submission text file.

    Args:
        filing: whose header it gets.
        documents: (type, file name, content) of each part, ``("10-K", "main.htm", "<html>…")`` for example.
    """
    date = filing.report_date.replace("-", "")
    head = f"<SEC-DOCUMENT>{filing.accession}.txt : {date}\n<SEC-HEADER>{filing.accession}.hdr.sgml : {date}\n"
    head += f"{_header(filing)}\n</SEC-HEADER>\n"
    parts = [_document(kind, i, name, body) for i, (kind, name, body) in enumerate(documents, 1)]
    return head + "".join(parts) + "</SEC-DOCUMENT>\n"


def cover(filing: Filing) -> str:
    """A short text document without a table, as exhibits often are."""
    text = (
        f"{filing.company} hereby consents to the incorporation by reference of its report for the period to "
        f"{filing.report_date} in the registration statements named in the index of exhibits."
    )
    return "EXHIBIT 23\n\n" + "\n".join(textwrap.wrap(text, 78)) + "\n"


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A ZIP of the files, dated to the first day that a ZIP can name, so that its bytes never change."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            box.writestr(entry, data)
    return file.getvalue()


def truncated(data: bytes, share: float = 0.3) -> bytes:
    """The first part of a file whose transfer broke off: no cross-reference table, no end."""
    return data[: int(len(data) * share)]
