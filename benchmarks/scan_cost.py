"""What reading scans costs: CPU seconds a page beside tesseract alone on the same pages, memory of few and many pages.

    python -m benchmarks.scan_cost FILE.pdf ... [--pages 10 100] [--no-memory | --only-memory]

All FILEs are converted by one command with one job, then each page image is read by ``tesseract --psm 6`` (one thread,
the image as it lies in the file); the CPU time of all processes counts, start and all: with few pages the start is a
good part of it, so the first file alone is shown too. Then documents of 10 and of 100
pages, made of the first file's pages over and over, are converted, and the peak of the largest process is printed (a
hundred pages need CROSSFOOT_DEADLINE_SECONDS on a busy machine).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pypdfium2
from PIL import Image

from corpus.scan import Scanner, image_pdf
from corpus.scan.paper import Array


class Usage(NamedTuple):
    """CPU seconds of a command with its children, and the peak memory of its largest process in MB."""

    seconds: float
    peak: float


def usage(command: Sequence[str | Path]) -> Usage:
    """Run a command to its end, silently.

    Raises:
        RuntimeError: it did not exit with 0 or 2 (a partial result).
    """
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_THREAD_LIMIT": "1"}
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def page_images(pdf: Path) -> list[tuple[Array, int]]:
    """The image of each page in grey, as it lies in the file, and its dots per inch; a page without one is drawn."""
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for page in document:
        images = [thing for thing in page.get_objects(max_depth=1) if isinstance(thing, pypdfium2.PdfImage)]
        if len(images) == 1:
            picture = images[0].get_bitmap().to_pil().convert("L")
        else:
            picture = page.render(scale=300 / 72, grayscale=True).to_pil().convert("L")
        found.append((np.asarray(picture, dtype=np.uint8), round(picture.width * 72 / page.get_width())))
    return found


def convert(source: Path, folder: Path) -> Usage:
    """Convert one file or a folder of files with one job, without repair."""
    crossfoot = Path(sys.executable).with_name("crossfoot")
    return usage([crossfoot, "convert", source, "-o", folder / "out", "--jobs", "1", "--no-repair"])


def tesseract(images: Sequence[tuple[Array, int]], folder: Path) -> float:
    """CPU seconds of tesseract alone on the images."""
    seconds = 0.0
    for number, (image, dpi) in enumerate(images):
        path = folder / f"{number}.pgm"
        Image.fromarray(image).save(path)
        seconds += usage(["tesseract", path, folder / "text", "--psm", "6", "--dpi", str(dpi)]).seconds
        path.unlink()
    return seconds


def _compare(files: Sequence[Path], folder: Path) -> None:
    """Print what one conversion of all files costs beside tesseract on each of their pages."""
    together = folder / "together"
    pages, theirs = 0, 0.0
    for number, file in enumerate(files):
        images = page_images(file)
        pages, theirs = pages + len(images), theirs + tesseract(images, folder)
        copy = together / str(number) / file.name
        copy.parent.mkdir(parents=True)
        shutil.copyfile(file, copy)
    ours = convert(together, folder)
    shutil.rmtree(together)
    print(
        f"{len(files)} files, {pages} pages: {ours.seconds / pages:.2f} CPU s a page, tesseract --psm 6 "
        f"{theirs / pages:.2f} s: {ours.seconds / theirs:.2f} x; peak of a process {ours.peak:.0f} MB"
    )


def main() -> int:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--pages", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--only-memory", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crossfoot-cost-") as scratch:
        folder = Path(scratch)
        if not options.only_memory:
            _compare(options.files[:1], folder)
        if len(options.files) > 1 and not options.only_memory:
            _compare(options.files, folder)
        for count in [] if options.no_memory else options.pages:
            images = page_images(options.files[0])
            many = [images[number % len(images)][0] for number in range(count)]
            path = folder / f"{count}.pdf"
            path.write_bytes(image_pdf(many, Scanner(dpi=images[0][1])))
            size, peak = path.stat().st_size / 2**20, convert(path, folder).peak
            print(f"{count} pages in {size:.0f} MB: peak of a process {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
