"""The scanned corpus: short filings in many typefaces, each through one kind of damage, so that weak spots show.

Typefaces and kinds of damage are dealt out in turn, each in an order drawn from the seed: every typeface meets other
kinds of damage with every seed. Nothing smaller than ``scan.legible`` is set; a table too wide for its page even so
is set across (landscape), and left out where that does not help either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from corpus import render_pdf, scan
from corpus.filings import make
from corpus.fonts import SCANNED
from corpus.layouts import Layout, draw
from corpus.model import Filing, Paragraph, Table
from corpus.pdf_table import TableBox
from corpus.truth import dump, truth

VARIANT = "scan300"  # the name under which the benchmark's scorer knows a scan
SIZES = (6.5, 7.0, 7.5, 8.0, 8.0, 9.0, 9.0, 10.0, 10.0, 11.0, 12.0)
# points between the margins of an upright A4 page, of half of it, of a letter page that lies across
_UPRIGHT, _HALF, _ACROSS = 495.0, 238.0, 692.0
_MOST_TABLES = 3


@dataclass(frozen=True, slots=True)
class Made:
    """How a document of the scanned corpus was made."""

    id: str
    kind: str
    font: str
    damage: str
    size: float
    dpi: int
    pages: int


def deal(seed: int, count: int, damages: tuple[str, ...] = scan.DAMAGES) -> Iterator[tuple[int, str, str, str]]:
    """(number, kind of typeface, typeface, damage) of each document."""
    rng = Random(f"scans {seed}")
    faces = [(kind, name) for kind, names in SCANNED.items() for name in names]
    kinds = list(damages)
    for number in range(count):
        if number % len(faces) == 0:
            rng.shuffle(faces)
        if number % len(kinds) == 0:
            rng.shuffle(kinds)
        kind, name = faces[number % len(faces)]
        yield number, kind, name, kinds[number % len(kinds)]


def write_scans(out: Path, seed: int, count: int, damages: tuple[str, ...] = scan.DAMAGES) -> list[Made]:
    """``count`` scanned documents in folders of their own with their truth; ``made.json`` says how each was made."""
    made = []
    for number, kind, font, damage in deal(seed, count, damages):
        filing, layout = _drawn(seed * 1000 + number, font, damage)
        if not filing.tables:
            continue
        paper = render_pdf.render(filing, layout)
        folder = out / filing.id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{VARIANT}.pdf").write_bytes(scan.render(paper, damage, filing.id))
        pages = render_pdf.page_count(paper)
        (folder / "truth.json").write_text(dump(truth(filing, layout.numbers, [VARIANT], pages)), encoding="utf-8")
        made.append(Made(filing.id, kind, font, damage, layout.size, scan.scanner_of(damage, filing.id).dpi, pages))
    (out / "made.json").write_text(json.dumps([_plain(m) for m in made], indent=1), encoding="utf-8")
    return made


def _plain(made: Made) -> dict[str, object]:
    return {name: getattr(made, name) for name in Made.__slots__}


def _drawn(seed: int, font: str, damage: str) -> tuple[Filing, Layout]:
    """A filing of a few tables and the way it is set."""
    filing = make(seed, notes_most=2)
    rng = Random(f"scanned {seed}")
    least = scan.legible(scan.scanner_of(damage, filing.id))
    size = min(max(rng.choice(SIZES), least), scan.LARGEST)
    layout = replace(draw(filing, seed), font=font, size=size, smallest=least, rotated=False)
    _shorten(filing, rng)
    if not all(_fits(t, layout, _HALF) for t in filing.tables):
        layout = replace(layout, side_by_side=False)
    if scan.scanner_of(damage, filing.id).spread:
        layout = replace(layout, landscape=False)
    elif not layout.landscape and not all(_fits(t, layout, _UPRIGHT) for t in filing.tables):
        layout = replace(layout, landscape=True, side_by_side=False)
    room = _ACROSS if layout.landscape else _UPRIGHT
    filing.blocks[:] = [b for b in filing.blocks if isinstance(b, Paragraph) or _fits(b, layout, room)]
    return filing, layout


def _fits(table: Table, layout: Layout, room: float) -> bool:
    """True when the table is set in legible type within so many points."""
    return TableBox(table, layout, room).size >= layout.smallest


def _shorten(filing: Filing, rng: Random) -> None:
    """Keep a stretch of a few tables with the sentences between them."""
    places = [i for i, block in enumerate(filing.blocks) if isinstance(block, Table)]
    if len(places) > _MOST_TABLES:
        first = rng.randrange(len(places) - _MOST_TABLES + 1)
        begin = places[first - 1] + 1 if first else 0
        filing.blocks[:] = filing.blocks[begin : places[first + _MOST_TABLES - 1] + 1]
