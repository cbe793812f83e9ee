"""What a recogniser makes of printed figures: pairs (printed, read) from generated scans.

    python -m corpus.misreadings FACES OUT.json [--pages 12] [--seed 1]

FACES is ``fit`` (the typefaces whose misreadings the noisy channel of repair is fitted on) or ``held`` (others, from
which ``benchmarks/repair.py`` draws the errors that it injects). Tesseract reads pages of nothing but figures, without
the re-reading, cleaning and grammar of the product, so that its raw misreadings show.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from corpus.fonts import FILES, ROOT
from corpus.scan import PRESETS, Array, scanned

FACES = {
    "fit": ("LiberationSerif", "LiberationSans", "DejaVuSerif", "DejaVuCondensed", "LiberationMono", "Gentium"),
    "held": ("Carlito", "Caladea", "ComputerModern", "OpenSans", "Garamond", "Typewriter", "LiberationNarrow"),
}
SCANNERS = ("scan200", "mid", "hard", "fax", "lofax", "copy")
ROWS, COLUMNS, SIZE = 44, 4, (1700, 2200)
LEFT, TOP, STEP, ADVANCE = 330, 90, 46, 380

Pair = tuple[str, str]


def figure(rng: Random) -> str:
    """A figure as statements print it: one to seven digits, commas, some decimals, parentheses, currency signs."""
    digits = rng.choice((1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7))
    value = rng.randrange(10 ** (digits - 1), 10**digits)
    text = f"{value:,}"
    if rng.random() < 0.15:
        text = f"{rng.randrange(0, 90)}.{rng.randrange(100):02d}"
    if rng.random() < 0.25:
        text = f"({text})"
    return f"$ {text}" if rng.random() < 0.12 else text


def drawn(face: str, points: float, dpi: int, rng: Random) -> tuple[Array, list[list[str]]]:
    """A page of figures, right-aligned in columns, with what is printed in each row and column."""
    font = ImageFont.truetype(ROOT / FILES[face][0], round(points * dpi / 72))
    page = Image.new("L", SIZE, 255)
    pen = ImageDraw.Draw(page)
    texts = [[figure(rng) for _ in range(COLUMNS)] for _ in range(ROWS)]
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            pen.text((LEFT + column * ADVANCE, TOP + row * STEP), text, fill=0, font=font, anchor="rt")
    return np.array(page, dtype=np.uint8), texts


def read(page: Array, folder: Path) -> Iterator[tuple[float, float, float, str]]:
    """The words of Tesseract: right edge, top, bottom (as shares of the page), text."""
    path = folder / "page.png"
    Image.fromarray(page).save(path)
    command = ("tesseract", str(path), "stdout", "--psm", "6", "--dpi", "200", "tsv")
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    output = subprocess.run(command, capture_output=True, check=True, env=environment, text=True).stdout
    height, width = page.shape
    for line in output.splitlines()[1:]:
        fields = line.split("\t")
        if len(fields) == 12 and fields[11].strip():
            left, top, wide, high = (int(field) for field in fields[6:10])
            yield (left + wide) / width, top / height, (top + high) / height, fields[11].strip()


def page_pairs(face: str, scanner: str, rng: Random, folder: Path) -> Iterator[Pair]:
    """(printed, read) for the figures of one page; nothing where no word lies in the place of a figure."""
    page, texts = drawn(face, rng.choice((7.5, 8.5, 9.5, 11.0)), 200, rng)
    seen: dict[tuple[int, int], list[str]] = {}
    for right, top, bottom, text in read(scanned(page, PRESETS[scanner], rng), folder):
        row = round(((top + bottom) / 2 * SIZE[1] - TOP - 14) / STEP)
        column = round((right * SIZE[0] - LEFT + 60) / ADVANCE)
        seen.setdefault((row, column), []).append(text)
    for row, line in enumerate(texts):
        for column, printed in enumerate(line):
            found = " ".join(seen.get((row, column), ()))
            if found:
                yield printed, found


def pairs(faces: str, pages: int, seed: int) -> list[Pair]:
    """The pairs of so many pages, typefaces and scanners in turn."""
    rng = Random(seed)
    found: list[Pair] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(pages):
            face = FACES[faces][number % len(FACES[faces])]
            scanner = SCANNERS[number // len(FACES[faces]) % len(SCANNERS)]
            found += page_pairs(face, scanner, rng, Path(folder))
    return found


def main() -> None:
    """Write the pairs that differ, with the number of all and what was printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", choices=sorted(FACES))
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=42)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = pairs(options.faces, options.pages, options.seed)
    wrong = [pair for pair in found if pair[0] != pair[1]]
    marks = Counter(mark for printed, _ in found for mark in printed if mark != " ")
    made = f"corpus.misreadings {options.faces} {options.out.name} --pages {options.pages} --seed {options.seed}"
    told = {"made by": made, "read": len(found), "printed": dict(sorted(marks.items())), "misread": wrong}
    options.out.write_text(json.dumps(told, indent=0))
    print(f"{len(found)} figures read, {len(wrong)} of them otherwise than printed")


if __name__ == "__main__":
    main()
