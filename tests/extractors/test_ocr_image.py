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
from extractors.ocr.image import Scan, count_frames, is_noise, open_image, read_frame
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


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
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


def png(width: int, height: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one bit a pixel; ``chunks`` stand before the pixels."""
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    parts = [head, *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def test_a_jpeg_that_is_cut_off_is_read_as_far_as_it_goes_and_says_so() -> None:
    """Half a JPEG is never a whole page: what is there comes with a sentence about what is not."""
    data = encode(draw(), kind="JPEG")
    assert "cut off" in read(data[: len(data) // 2]).flaw
    assert not read(data).flaw


@pytest.mark.parametrize("kind", ["GIF", "BMP"])
def test_pictures_of_the_web_and_of_screens_are_read(kind: str) -> None:
    """GIF and BMP come as grey pixels too."""
    scan = read(saved(Image.fromarray(draw()), kind))
    assert scan.grey.shape == (1100, 1700)
    assert scan.grey.min() < 30


def test_a_note_that_unpacks_without_bounds_is_passed_over() -> None:
    """The pixels of a PNG are read although a note in it is a bomb, and it is said."""
    note = (b"zTXt", b"a\0\0" + zlib.compress(b" " * (80 << 20)))
    scan = read(png(16, 16, b"\0\xff\xff" * 16, note))
    assert scan.grey.min() == 255
    assert "unpacks" in scan.flaw


def test_pages_in_a_circle_are_a_limit() -> None:
    """A TIFF whose page names itself as the next one has no end."""
    entries = [(256, 4, 8), (257, 4, 8), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (279, 4, 64)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", 8) + b"\xff" * 64
    with pytest.raises(LimitError) as caught:
        open_image(data, DEFAULT)
    assert caught.value.problem_code == "E_LIMIT.pages"


def test_more_pages_than_can_be_read_in_time_are_a_limit() -> None:
    """A thousand pages and one are refused, however small they are."""
    page = Image.new("L", (4, 4), 255)
    data = saved(page, "TIFF", save_all=True, append_images=[page] * 1000)
    with open_image(data, DEFAULT) as image, pytest.raises(LimitError) as caught:
        count_frames(image, DEFAULT)
    assert caught.value.problem_code == "E_LIMIT.pages"


def test_a_bitmap_whose_header_lies_is_damaged() -> None:
    """A bitmap is not compressed: one of 130 bytes does not hold four billion pixels."""
    head = struct.pack("<IiiHHIIiiII", 40, 1 << 31 - 1, -(1 << 31 - 1), 1, 24, 0, 0, 0, 0, 0, 0)
    with pytest.raises(UnreadableError) as caught:
        open_image(b"BM" + struct.pack("<IHHI", 130, 0, 0, 54) + head + b"\0" * 76, DEFAULT)
    assert caught.value.problem_code == "E_CORRUPT"


def test_a_fax_of_rubbish_is_damaged() -> None:
    """What libtiff only mutters about is an error: the page is not blank but unreadable."""
    rubbish = np.random.default_rng(7).bytes(4000)
    entries = [(256, 4, 1700), (257, 4, 2200), (258, 3, 1), (259, 3, 4), (262, 3, 0), (273, 4, 8), (279, 4, 4000)]
    entries[5] = (273, 4, 8 + 2 + 12 * len(entries) + 4)
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", 0) + rubbish
    assert "damaged" in read(data).flaw


def test_random_dots_are_noise_and_print_and_screens_are_not() -> None:
    """Noise is told from a page of print and from an even screen of dots."""
    dots = np.random.default_rng(3).integers(0, 2, (400, 400), dtype=np.uint8) * 255
    screen = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (200, 200))
    assert is_noise(dots)
    assert not is_noise(screen)
    assert not is_noise(draw())


def test_a_small_picture_without_ink_is_no_blank_page() -> None:
    """An icon is converted with a word about it; a blank page of full size is an error."""
    document = read_image(png(64, 64, (b"\0" + b"\xff" * 8) * 64), DEFAULT)
    assert [finding.code for finding in document.findings] == ["small_picture"]
    with pytest.raises(EmptyError):
        read_image(png(800, 1000, (b"\0" + b"\xff" * 100) * 1000), DEFAULT)
