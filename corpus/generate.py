"""The command line of the corpus.

    python -m corpus.generate demo OUTDIR
    python -m corpus.generate corpus OUTDIR --seed N --count K --variants html pdf txt scan300 fax
    python -m corpus.generate truth OUTDIR --seed N --count K

``corpus`` writes ``OUTDIR/<id>/document.html document.pdf scan300.pdf … truth.json``, laid out as the benchmark expects it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from corpus import render_html, render_pdf, render_text, scan
from corpus.demo_set import write_demo
from corpus.filings import make
from corpus.layouts import Layout, draw
from corpus.model import Filing
from corpus.truth import dump, truth

FILES = {"html": "document.html", "pdf": "document.pdf", "txt": "document.txt"}
SCANS = tuple(scan.PRESETS)


def file_name(variant: str) -> str:
    """Where a variant lies inside its document's folder.

    Raises:
        KeyError: no variant has that name.
    """
    if variant in FILES:
        return FILES[variant]
    if variant not in SCANS:
        raise KeyError(f"no variant {variant!r}; there are {', '.join((*FILES, *SCANS))}")
    return f"{variant}.pdf"


def variants_of(filing: Filing, layout: Layout, variants: Sequence[str]) -> dict[str, bytes]:
    """The asked-for renderings of one filing, by file name."""
    out: dict[str, bytes] = {}
    paper = render_pdf.render(filing, layout) if any(v not in {"html", "txt"} for v in variants) else b""
    for variant in variants:
        name = file_name(variant)
        if variant == "html":
            out[name] = render_html.render(filing, layout).encode()
        elif variant == "txt":
            out[name] = render_text.render(filing, layout).encode()
        elif variant == "pdf":
            out[name] = paper
        else:
            out[name] = scan.render(paper, variant, filing.id)
    return out


def write_corpus(out: Path, seed: int, count: int, variants: Sequence[str], *, general_share: float = 0.15) -> None:
    """``count`` filings drawn from ``seed``, each in a folder of its own with its truth."""
    for number in range(count):
        filing = make(seed * 1000 + number, general_share=general_share)
        layout = draw(filing, seed)
        folder = out / filing.id
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in variants_of(filing, layout, variants).items():
            (folder / name).write_bytes(data)
        (folder / "truth.json").write_text(dump(truth(filing, layout.numbers, variants)), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run one of the three commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m corpus.generate", description="Write documents whose figures are known.")
    parser.add_argument("what", choices=("demo", "corpus", "truth"))
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
    for variant in options.variants:
        try:
            file_name(variant)
        except KeyError as error:
            parser.error(str(error.args[0]))
    variants = options.variants if options.what == "corpus" else []
    write_corpus(options.out, options.seed, options.count, variants, general_share=options.general)
    print(f"{options.count} documents in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
