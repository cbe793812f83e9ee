"""Image files: which are opened, how large they may be, what damage does, how many pixels make an inch."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from extractors.ocr import read_image
from extractors.ocr.image import Scan, count_frames, open_image, read_frame
from extractors.page import DEFAULT
from schemas.errors import EmptyError, LimitError, UnreadableError, UnsupportedError
from tests.fakes.scans import draw, encode


def read(data: bytes) -> Scan:
    with open_image(data, DEFAULT) as image:
        return read_frame(image, 1, DEFAULT)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_the_three_formats_give_their_pixels_and_resolution(kind: str) -> None:
    """PNG, JPEG and TIFF come as grey pixels with the dpi of their metadata."""
    scan = read(encode(draw(), kind=kind))
    assert scan.grey.shape == (1100, 1700)
    assert scan.dpi == pytest.approx((200, 200), abs=0.5)
    assert scan.grey.min() < 30
    assert scan.grey[0, 0] > 240


def test_an_eps_is_never_opened_whatever_its_name() -> None:
    """PostScript is refused without a program being started for it."""
    with pytest.raises(UnsupportedError):
        open_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", DEFAULT)


def test_a_page_of_too_many_pixels_is_refused_before_decoding() -> None:
    """A bomb of a header alone is a limit, not a memory error."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(LimitError) as caught:
        open_image(header + b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xaeB`\x82", DEFAULT)
    assert caught.value.problem_code == "E_LIMIT.pixels"


def test_the_profile_sets_the_limit_of_pixels() -> None:
    """A page of 1.87 million pixels is refused where one million are allowed."""
    with pytest.raises(LimitError):
        open_image(encode(draw(), kind="PNG"), replace(DEFAULT, max_pixels=1_000_000))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_truncated_file_is_damaged(kind: str) -> None:
    """Half a file is never read as a whole page."""
    data = encode(draw(), kind=kind)
    with pytest.raises(UnreadableError) as caught:
        read_image(data[: len(data) // 2], DEFAULT)
    assert caught.value.code == "E_CORRUPT"


def test_more_pages_than_allowed_is_a_limit() -> None:
    """The pages of a TIFF are counted, and only so many."""
    with open_image(encode(draw(), draw(), draw()), DEFAULT) as image, pytest.raises(LimitError):
        count_frames(image, replace(DEFAULT, max_pages=2))


def test_blank_paper_is_an_empty_document() -> None:
    """A page without ink, and a single pixel, are empty."""
    with pytest.raises(EmptyError):
        read_image(encode(np.full((1100, 850), 250, np.uint8), kind="PNG"), DEFAULT)
    with pytest.raises(EmptyError):
        read_image(encode(np.full((1, 1), 0, np.uint8), kind="PNG"), DEFAULT)


def test_sixteen_bits_and_transparency_become_grey_on_white() -> None:
    """A 16-bit page keeps its tones; what is transparent is paper, not black."""
    deep = read(saved(Image.fromarray(np.full((40, 40), 0x8000, np.uint16)), "PNG"))
    assert deep.grey[0, 0] == 0x80
    clear = read(saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"))
    assert clear.grey[0, 0] == 255


def test_a_photo_is_turned_as_its_metadata_ask() -> None:
    """EXIF orientation 6 (turn 90 degrees clockwise) is done and counted as rotation."""
    image = Image.new("L", (300, 200), 255)
    image.paste(0, (0, 0, 50, 50))
    exif = Image.Exif()
    exif[0x0112] = 6
    scan = read(saved(image, "JPEG", exif=exif))
    assert scan.grey.shape == (300, 200)
    assert scan.rotation == 90
    assert scan.grey[10, 190] < 50


def test_resolution_is_guessed_where_the_metadata_cannot_be_true() -> None:
    """A page 2550 x 3300 said to have 72 dpi would be 46 inches long: it is letter paper at 300."""
    assert read(saved(Image.new("L", (2550, 3300), 255), "PNG", dpi=(72, 72))).dpi == (300, 300)
    assert read(saved(Image.new("L", (2550, 3300), 255), "PNG")).dpi == (300, 300)


def test_a_coarse_fax_without_metadata_has_half_as_many_lines() -> None:
    """1728 pixels wide and 1078 high is a fax page sent at 98 lines per inch."""
    assert read(saved(Image.new("1", (1728, 1078), 1), "TIFF")).dpi == (204, 98)
