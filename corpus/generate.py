"""The command line of the corpus.

    python -m corpus.generate demo OUTDIR
    python -m corpus.generate corpus OUTDIR --seed N --count K --variants html pdf txt scan300 fax
    python -m corpus.generate truth OUTDIR --seed N --count K
    python -m corpus.generate scans OUTDIR --seed N --count K
    python -m corpus.generate sonus OUTDIR

``corpus`` writes ``OUTDIR/<id>/document.html document.pdf scan300.pdf … truth.json``, laid out as the benchmark
expects it. A variant may name a style: ``html=old``, ``txt=ocr``, ``txt=markdown``, ``scan300=hard``,
``scan200=random`` write the file of the variant in that style, so that the benchmark scores it under its name.
``scans`` deals out typefaces and kinds of damage to short documents (``OUTDIR/made.json`` lists which; ``scan300.pdf``
is their name whatever the resolution).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus import render_html, render_ocr, render_pdf, render_text, scan, sonus
from corpus.demo_set import write_demo
from corpus.filings import make
from corpus.fonts import EMBEDDED
from corpus.layouts import Layout, draw
from corpus.model import Filing
from corpus.render_ocr import Reading
from corpus.scans import write_scans
from corpus.truth import damage_truth, dump, truth

FILES = {"html": "document.html", "pdf": "document.pdf", "txt": "document.txt"}
SCANS = tuple(scan.PRESETS)
DIALECTS = ("1990s", "ocr", "markdown", "pipes")


@dataclass(frozen=True, slots=True)
class Variant:
    """A file to write: its name in the benchmark and the style in which it is written."""

    name: str
    style: str = ""

    @property
    def file(self) -> str:
        """Where it lies inside its document's folder."""
        return FILES.get(self.name, f"{self.name}.pdf")


def variant(text: str) -> Variant:
    """Read ``name`` or ``name=style``.

    Raises:
        ValueError: no such variant, or no such style of it.
    """
    name, _, style = text.partition("=")
    styles = {"html": tuple(render_html.WRITERS), "txt": DIALECTS, "pdf": ("hidden",)}.get(name, (*SCANS, "random"))
    if name not in FILES and name not in SCANS:
        raise ValueError(f"no variant {name!r}; there are {', '.join((*FILES, *SCANS))}")
    if style and style not in styles:
        raise ValueError(f"no style {style!r} of {name}; there are {', '.join(styles)}")
    return Variant(name, style)


def _text(filing: Filing, layout: Layout, dialect: str) -> Reading:
    """The filing as text in one of the dialects, with the damage that was put into it."""
    if dialect == "ocr":
        return render_ocr.collapsed(filing, layout, filing.seed)
    if dialect in {"markdown", "pipes"}:
        return render_ocr.markdown(filing, layout, filing.seed, form="tab" if dialect == "markdown" else "pipe")
    return Reading(render_text.render(filing, layout))


def _scan(filing: Filing, layout: Layout, v: Variant) -> bytes:
    """A scan of the filing, set in type that is legible at the scanner's resolution."""
    preset = v.style or v.name
    least = scan.legible(scan.scanner_of(preset, filing.id))
    font = EMBEDDED.get(layout.font, layout.font)
    size = min(max(layout.size, least), 12.0)
    paper = render_pdf.render(filing, replace(layout, font=font, size=size, smallest=least))
    return scan.render(paper, preset, filing.id)


def write_filing(folder: Path, filing: Filing, layout: Layout, variants: Sequence[Variant]) -> None:
    """One filing in a folder of its own: the asked-for renderings and their truth."""
    folder.mkdir(parents=True, exist_ok=True)
    page = replace(layout, hidden_text=any(v.style == "hidden" for v in variants))
    paper = render_pdf.render(filing, page) if any(v.name == "pdf" for v in variants) else b""
    document = truth(filing, layout.numbers, [v.name for v in variants], render_pdf.page_count(paper))
    for v in variants:
        if v.name == "html":
            data = render_html.render(filing, replace(layout, html=v.style or layout.html)).encode()
        elif v.name == "txt":
            reading = _text(filing, layout, v.style)
            data = reading.text.encode()
            document["damage"] = damage_truth(filing, reading.damage)
        else:
            data = paper if v.name == "pdf" else _scan(filing, layout, v)
        (folder / v.file).write_bytes(data)
    (folder / "truth.json").write_text(dump(document), encoding="utf-8")


def write_corpus(out: Path, seed: int, count: int, variants: Sequence[Variant], *, general_share: float = 0.15) -> None:
    """``count`` filings drawn from ``seed``, each in a folder of its own with its truth."""
    for number in range(count):
        filing = make(seed * 1000 + number, general_share=general_share)
        write_filing(out / filing.id, filing, draw(filing, seed), variants)


def write_sonus(out: Path) -> None:
    """The two Sonus documents with their damage, laid out like the corpus."""
    for quarter, reading in ((2, sonus.q2_text()), (3, sonus.q3_markdown())):
        filing = sonus.filing(quarter)
        folder = out / filing.id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "document.txt").write_text(reading.text, encoding="utf-8")
        document = truth(filing, sonus.LAYOUT.numbers, ["txt"])
        document["damage"] = damage_truth(filing, reading.damage)
        (folder / "truth.json").write_text(dump(document), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m corpus.generate", description="Write documents whose figures are known."
    )
    parser.add_argument("what", choices=("demo", "corpus", "truth", "scans", "sonus"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--variants", nargs="+", default=["html", "pdf", "txt"], metavar="|".join((*FILES, *SCANS)))
    parser.add_argument("--general", type=float, default=0.15, help="share of documents that hold general tables")
    options = parser.parse_args(arguments)
    if options.what == "demo":
        names = write_demo(options.out)
        print(f"{len(names)} documents in {options.out}")
        return 0
    if options.what == "scans":
        print(f"{len(write_scans(options.out, options.seed, options.count))} documents in {options.out}")
        return 0
    if options.what == "sonus":
        write_sonus(options.out)
        print(f"2 documents in {options.out}")
        return 0
    try:
        variants = [variant(v) for v in options.variants] if options.what == "corpus" else []
    except ValueError as error:
        parser.error(str(error))
    write_corpus(options.out, options.seed, options.count, variants, general_share=options.general)
    print(f"{options.count} documents in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
