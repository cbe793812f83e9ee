"""A hundred pages need no more memory than ten: nothing of a page but its packed words outlives its reading."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import extractors.ocr
from corpus.scan import Scanner, image_pdf
from extractors.convert import convert
from extractors.ocr import read_pages
from extractors.ocr.image import Scan, open_image, read_frames
from extractors.ocr.packed import PackedWords
from extractors.page import DEFAULT, Page, PagePlace, Reading, TextPlace, Word
from extractors.raster import mended
from extractors.source import Source
from schemas.errors import UnreadableError
from tests.fakes.scans import encode

WORDS = 300
# takes and frees a large piece, then pictures of pages with a smaller piece after each; says what is still resident
GAPS = """
import ctypes
from pathlib import Path
from extractors.ocr.memory import settle

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if {settled}:
    settle()
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
library.free(library.malloc(30 << 20))
before, pieces = resident(), []
for _ in range(10):
    pieces.append(library.malloc(8 << 20))
    ctypes.memset(pieces[-1], 1, 8 << 20)
    library.malloc(100 << 10)
for piece in pieces:
    library.free(piece)
print(resident() - before)
"""


def words(number: int) -> tuple[Word, ...]:
    """As many as a page has, with readings that cannot be told from one another by rounding."""
    rivals = (Reading("1,234", 1 / 3), Reading("(1,234)", 2 / 7))
    return tuple(
        Word(
            f"word{at}\N{EN DASH}",
            at / 3,
            at / 7,
            at / 3 + 20.1,
            at / 7 + 9.9,
            place=PagePlace(page=number, bbox=(at / 3, at / 7, at / 3 + 20, at / 7 + 10)),
            confidence=1 - 1 / (at + 3),
            rivals=rivals if at % 3 == 0 else (),
            bold=at % 2 == 0,
            size=at / 11,
        )
        for at in range(WORDS)
    )


def test_packed_words_come_back_to_the_last_bit() -> None:
    """Packing a page's words changes none of them, nor how many there are and in which order."""
    page = words(7)
    packed = PackedWords(page)
    assert (tuple(packed), len(packed), packed[5], packed[-2:]) == (page, WORDS, page[5], page[-2:])
    assert packed == page
    assert hash(packed) == hash(PackedWords(page))
    assert not PackedWords(())


def test_only_words_of_pages_are_packed() -> None:
    """A place that would be lost is refused."""
    with pytest.raises(TypeError):
        PackedWords([Word("1", 0.0, 0.0, 1.0, 1.0, place=TextPlace(line=1, start=0, end=1))])


def scanned(pages: int) -> bytes:
    """A PDF of so many scanned pages, each a few lines of nothing."""
    sheet = np.full((1100, 850), 255, np.uint8)
    sheet[200:220, 100:300] = 0
    return image_pdf([sheet] * pages, Scanner(dpi=100))


def test_pages_leave_little_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a page is read no more than one other is decoded, and ten more pages add less than one page's words do."""
    alive: list[weakref.ref[Any]] = []
    taken: list[int] = []

    def read(scan: Scan, number: int, _: object) -> Page:
        alive.append(weakref.ref(scan.grey))
        assert sum(ref() is not None for ref in alive) <= 2
        gc.collect()
        taken.append(tracemalloc.get_traced_memory()[0])
        return Page(number, 612.0, 792.0, route="ocr", words=words(number))

    monkeypatch.setattr(extractors.ocr, "read_scan", read)
    tracemalloc.start()
    try:
        objects = words(1)
        one = tracemalloc.get_traced_memory()[0]
        with Source(scanned(16)).on_disk(mended) as file:
            pages = read_pages(file, range(1, 17), DEFAULT)
    finally:
        tracemalloc.stop()
    assert [page.words for page in pages] == [words(number) for number in range(1, 17)]
    assert taken[15] - taken[5] < one
    assert len(objects) == WORDS


def test_the_bytes_are_released_while_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document lies on disk from the first scanned page on, and nowhere once it is converted."""
    source, seen = Source(scanned(2)), []

    def read(data: Path, numbers: list[int], _: object) -> list[Page]:
        seen.append((source.kept, data.read_bytes()[:5]))
        return [Page(number, 612.0, 792.0, route="ocr", words=words(number)) for number in numbers]

    monkeypatch.setattr(extractors.ocr, "read_pages", read)
    filing = convert(source)
    assert seen == [(False, b"%PDF-")]
    assert (filing.source.bytes, filing.source.sha256) == (source.size, Source(scanned(2)).sha256)
    with pytest.raises(RuntimeError):
        _ = source.data


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "JPEG", "GIF", "BMP"])
@pytest.mark.parametrize("damage", [0, 1000])
def test_an_image_on_disk_is_the_same(kind: str, damage: int) -> None:
    """Pages, and what is said of those that are cut off, do not depend on where the bytes lie."""
    page = np.arange(300 * 200, dtype=np.uint32).reshape(300, 200).astype(np.uint8)
    data = encode(*([page, page.T] if kind == "TIFF" else [page]), kind=kind)

    def told(data: bytes | Path) -> list[object]:
        try:
            with open_image(data, DEFAULT) as image:
                scans = list(read_frames(image, range(1, 3 if kind == "TIFF" else 2), DEFAULT))
        except UnreadableError as error:
            return [str(error)]
        return [str(scan) if isinstance(scan, UnreadableError) else (scan.flaw, scan.grey.tolist()) for scan in scans]

    data = data[: len(data) - damage]
    with Source(data).on_disk() as file:
        assert isinstance(file, Path)
        assert told(file) == told(data)


def test_the_file_is_gone_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while pages are read leaves no copy of the document behind."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened = Source(b"\0junk\n%PDF-1.4 startxref").on_disk(mended)
    file = opened.__enter__()
    assert isinstance(file, Path)
    assert file.read_bytes() == b"%PDF-1.4 startxref"
    assert not opened.__exit__(KeyError, KeyError(), None)
    assert not list(tmp_path.iterdir())


def test_without_room_on_the_disk_the_bytes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full takes more memory, and fails nothing."""

    def full(_: Path, __: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with Source(b"%PDF-1.4").on_disk(mended) as file:
        assert file == b"%PDF-1.4"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt to settle")
def test_pictures_leave_no_gaps() -> None:
    """After settling, pictures of pages are given back to the system; without, small pieces between them keep them."""
    kept = [
        int(subprocess.run([sys.executable, "-c", GAPS.format(settled=settled)], stdout=-1, check=True).stdout)
        for settled in (True, False)
    ]
    assert kept[0] < 8 << 20 < 60 << 20 < kept[1]
