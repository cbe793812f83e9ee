"""The documents of ``make demo``: one of each kind, named for what it is, small enough to be read in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from corpus import containers, render_html, render_ocr, render_pdf, render_text, scan, sonus
from corpus.filings import make
from corpus.layouts import Layout, NumberStyle
from corpus.model import Filing, Paragraph
from corpus.render_ocr import Reading

PASSWORD = "crossfoot"  # noqa: S105 - printed in the file's own name: the demo shows what an encrypted document gives
LOOK = Layout(NumberStyle(), font="LiberationSerif", size=9.5, footer="number")


def brief(seed: int, kinds: Sequence[str], most: int = 2) -> Filing:
    """The first tables of some kinds of a generated filing in dollars, with the first sentence before them."""
    filing = next(f for f in (make(seed + 1000 * k, general_share=0.0) for k in count()) if f.currency == "USD")
    firsts = {t.kind: t for t in reversed(filing.tables)}
    tables = [t for t in filing.tables if t.kind in kinds and firsts[t.kind] is t][:most]
    sentences = [b for b in filing.blocks if isinstance(b, Paragraph)][:1]
    return replace(filing, blocks=[*sentences, *tables])


def _pdf(seed: int, kinds: Sequence[str], look: Layout, most: int = 3) -> bytes:
    return render_pdf.render(brief(seed, kinds, most), look)


def _submission() -> bytes:
    main, other = brief(41, ("income statement", "balance sheet")), brief(41, ("cash flows",), 1)
    page = render_html.render(main, replace(LOOK, html="edgar"))
    text = render_text.render(other, replace(LOOK, leaders=True))
    parts = [
        (main.form, "report.htm", page),
        ("EX-99", "flows.txt", text),
        ("EX-23", "consent.txt", containers.cover(main)),
    ]
    return containers.edgar_submission(main, parts).encode()


def _bundle() -> bytes:
    first, second = brief(51, ("balance sheet",), 1), brief(52, ("income statement",), 1)
    files = [
        ("2001/balance.html", render_html.render(first, replace(LOOK, html="simple")).encode()),
        ("2002/operations.txt", render_text.render(second, replace(LOOK, leaders=True)).encode()),
    ]
    return containers.archive(files)


def _encoded(reading: Reading) -> bytes:
    return reading.text.encode()


STATEMENTS = ("balance sheet", "income statement", "cash flows", "note")

DEMO: dict[str, Callable[[], bytes]] = {
    "sonus-q2-ocr-text.txt": lambda: _encoded(sonus.q2_text()),
    "sonus-q3-markdown.md": lambda: _encoded(sonus.q3_markdown()),
    "ocr-damaged.txt": lambda: _encoded(render_ocr.collapsed(brief(11, STATEMENTS, 3), LOOK, 1, 2)),
    "text-layer.pdf": lambda: _pdf(21, STATEMENTS, LOOK, 4),
    "ruled.pdf": lambda: _pdf(
        22, ("note", "income statement"), replace(LOOK, rules="ruled", font="LiberationSans", size=8.5), 2
    ),
    "scan-300dpi.pdf": lambda: scan.render(_pdf(23, ("balance sheet",), LOOK, 1), "scan300", "demo"),
    "fax.pdf": lambda: scan.render(
        _pdf(24, ("income statement",), replace(LOOK, size=10.5, font="LiberationSans"), 1), "fax", "demo"
    ),
    "scan.png": lambda: scan.picture(
        _pdf(25, ("cash flows",), replace(LOOK, font="DejaVuSerif", size=8.0), 1), "scan200", "demo", "PNG"
    ),
    "photocopy.jpg": lambda: scan.picture(
        _pdf(26, ("income statement",), replace(LOOK, size=11), 1), "copy", "demo", "JPEG"
    ),
    "pages.tif": lambda: scan.picture(
        _pdf(27, ("income statement", "balance sheet"), replace(LOOK, split=False, size=10.5), 2), "fax", "demo", "TIFF"
    ),
    "report.html": lambda: render_html.render(
        brief(31, STATEMENTS, 4), replace(LOOK, html="edgar", rules="shaded")
    ).encode(),
    "report-1996.txt": lambda: render_text.render(brief(32, STATEMENTS, 4), replace(LOOK, leaders=True)).encode(),
    "edgar-submission.txt": _submission,
    "bundle.zip": _bundle,
    "broken.pdf": lambda: containers.truncated(_pdf(28, ("balance sheet",), LOOK, 1)),
    "encrypted.pdf": lambda: render_pdf.render(brief(29, ("balance sheet",), 1), LOOK, PASSWORD),
}


def write_demo(out: Path) -> list[str]:
    """Write the demo documents into ``out``; returns their names."""
    out.mkdir(parents=True, exist_ok=True)
    for name, render in DEMO.items():
        (out / name).write_bytes(render())
    return list(DEMO)
