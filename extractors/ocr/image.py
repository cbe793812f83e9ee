"""Image files into grey pages: PNG, JPEG, multi-page TIFF, GIF and BMP, one page in memory at a time.

Only these formats are ever tried, so that nothing starts an outside program (an EPS named .png would start
Ghostscript). The number of pixels is known before any of them is decoded.
"""

from __future__ import annotations

import io
import os
import struct
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, UnidentifiedImageError

from extractors.page import Profile
from schemas.errors import LimitError, UnreadableError, UnsupportedError

Pixels = npt.NDArray[np.uint8]
Quarter = Literal[0, 90, 180, 270]

FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "BMP")
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# each page of a scan takes a second at least: no more are read within any deadline
_MOST_PAGES = 1000
_MOST_TOLD = 10_000
# what a note in a PNG may unpack to is PIL's limit; without its notes it is the same picture
_PNG_NOTES = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf")
_FLAW = "flaw"
# in print one step from pixel to pixel in twelve crosses an edge, in noise every second; a screen of dots does too,
# but is even once it is blurred
_NOISY_STEPS = 0.3
_NOISY_BLURRED = 0.22
# what PIL raises on damaged files, besides the errors of its own
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_EXIF_ORIENTATION = 0x0112
_EXIF_QUARTERS: dict[int, Quarter] = {3: 180, 6: 90, 8: 270}
# widths of Group 3 and 4 fax lines; with half as many lines as wide the page was sent at 98 lines per inch
_FAX_WIDTHS = (1728, 2048, 2432)


@dataclass(frozen=True, slots=True)
class Scan:
    """One page as scanned: 0 is black, 255 white.

    Attributes:
        dpi: pixels per inch across and down.
        rotation: degrees clockwise that the metadata ask for and that have been done.
        flaw: a sentence about what could not be decoded, "" where all was.
    """

    grey: Pixels
    dpi: tuple[float, float]
    rotation: Quarter = 0
    flaw: str = ""


def count_frames(image: Image.Image, profile: Profile) -> int:
    """How many pages the file has.

    Raises:
        LimitError: more than the profile allows. UnreadableError: the chain of pages is broken.
    """
    count = 0
    while True:
        try:
            image.seek(count)
        except EOFError:
            return count
        except _BOMBS:
            raise LimitError("pixels", "A page of the image is larger than can be read.", f"page {count + 1}") from None
        except _DAMAGE as error:
            raise UnreadableError(
                f"The list of pages in the image is damaged ({error}).", f"page {count + 1}"
            ) from error
        count += 1
        if count > min(profile.max_pages, _MOST_PAGES):
            raise LimitError("pages", f"The image has more than {min(profile.max_pages, _MOST_PAGES)} pages.")


def open_image(data: bytes | Path, profile: Profile) -> Image.Image:
    """Open an image, of which a file is not held in memory, without decoding a pixel.

    Raises:
        LimitError: too many pixels, or pages without end. UnsupportedError: none of the formats.
        UnreadableError: damaged header.
    """
    file = data if isinstance(data, Path) else None
    data = data.read_bytes() if isinstance(data, Path) else data
    if data.startswith(_TIFF):
        _check_chain(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = _opened(data, file)
        except _BOMBS:
            if data.startswith(b"BM"):
                # not compressed: the file would have to hold them all
                raise UnreadableError("The image is damaged: its header names more pixels than it holds.") from None
            raise LimitError("pixels", "The image has more pixels than can be read.") from None
        except UnidentifiedImageError:
            if data.startswith((*_TIFF, _PNG, b"\xff\xd8", b"GIF8", b"BM")):
                raise UnreadableError("The image is damaged: its header cannot be read.") from None
            raise UnsupportedError("The bytes are neither a PNG nor a JPEG, TIFF, GIF or BMP.") from None
        except _DAMAGE as error:
            raise UnreadableError(f"The image is damaged: {error}.") from error
    try:
        _check_size(image, profile, 1)
    except UnreadableError:
        image.close()
        raise
    return image


def _opened(data: bytes, file: Path | None) -> Image.Image:
    """What PIL makes of the header; a PNG whose notes are too large is opened without them."""
    try:
        return Image.open(file or io.BytesIO(data), formats=FORMATS)
    except ValueError:
        if not data.startswith(_PNG):
            raise
        image = Image.open(io.BytesIO(_without_notes(data)), formats=FORMATS)
        image.info[_FLAW] = "A note in the image unpacks to more than is allowed and was passed over."
        return image


def _without_notes(data: bytes) -> bytes:
    """A PNG without the chunks that hold texts and colour profiles."""
    kept = [_PNG]
    at = len(_PNG)
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in _PNG_NOTES:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def _check_chain(data: bytes) -> None:
    """Each page of a TIFF names the next.

    Raises:
        LimitError: the chain comes back to a page it has been at.
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    big = int.from_bytes(data[2:4], order) == 43
    count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if big else (2, 12, 4)

    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at : at + length], order)

    seen: set[int] = set()
    at = number(8 if big else 4, offset_bytes)
    while 0 < at < len(data):
        if at in seen:
            raise LimitError("pages", "The pages of the image form a circle: it has no end.", f"page {len(seen) + 1}")
        seen.add(at)
        at = number(at + count_bytes + number(at, count_bytes) * entry_bytes, offset_bytes)


def read_frame(image: Image.Image, number: int, profile: Profile) -> Scan:
    """Decode one page (1-based).

    Raises:
        LimitError: too many pixels. UnreadableError: the page is cut off or damaged.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image.seek(number - 1)
            _check_size(image, profile, number)
            flaw = _load(image)
            turn = _EXIF_QUARTERS.get(image.getexif().get(_EXIF_ORIENTATION, 1), 0)
            grey = _grey(image)
        except _BOMBS:
            raise LimitError("pixels", "The page is larger than can be read.", f"page {number}") from None
        except _DAMAGE as error:
            raise UnreadableError(f"The image is damaged: {error}.", f"page {number}") from error
    across, down = _resolution(image)
    if turn in (90, 270):
        across, down = down, across
    return Scan(np.ascontiguousarray(np.rot90(grey, -turn // 90)), (across, down), turn, flaw)


def _load(image: Image.Image) -> str:
    """Decode the page; a sentence about what was missing, "" where nothing was.

    Raises:
        one of _DAMAGE: it cannot be decoded, or part of it is missing. A JPEG is an exception: what is there of it
        can be read, and many lack nothing but the end mark.
    """
    flaw = str(image.info.get(_FLAW, ""))
    if image.format == "TIFF":
        with _told() as told:
            image.load()
        # libtiff says on standard error what it could not decode, and hands out the rest
        errors = [line for line in told if "warning" not in line.lower()]
        return flaw or (f"Part of the image is damaged: {errors[0][:200]}" if errors else "")
    try:
        image.load()
    except OSError:
        if image.format != "JPEG":
            raise
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        return "The image is cut off: what is missing at its end was not read."
    return flaw


@contextmanager
def _told() -> Iterator[list[str]]:
    """What libraries in C print on standard error meanwhile, line by line, once it is over."""
    lines: list[str] = []
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines += file.read(_MOST_TOLD).decode(errors="replace").splitlines()


def is_noise(grey: Pixels) -> bool:
    """True for what is no page of print but random dots: OCR takes minutes and finds figures in it."""
    dark = grey < (int(grey.min()) + int(grey.max())) // 2
    if dark.shape[0] < 2 or dark.shape[1] < 2:
        return False
    steps = ((dark[:, 1:], dark[:, :-1]), (dark[1:], dark[:-1]))
    if any(np.count_nonzero(one != other) / one.size < _NOISY_STEPS for one, other in steps):
        return False
    blurred = cv2.blur(dark.astype(np.float32), (3, 3))
    return float(blurred.std()) > _NOISY_BLURRED * float(dark.std())


def read_frames(image: Image.Image, numbers: range, profile: Profile) -> Iterator[Scan | UnreadableError]:
    """The pages one after the other; one that cannot be decoded comes as its error."""
    for number in numbers:
        try:
            yield read_frame(image, number, profile)
        except UnreadableError as error:
            yield error


def _check_size(image: Image.Image, profile: Profile, number: int) -> None:
    width, height = image.size
    if width * height > profile.max_pixels:
        raise LimitError(
            "pixels",
            f"The page has {width} x {height} pixels; at most {profile.max_pixels} are read.",
            f"page {number}",
        )
    if width < 1 or height < 1:
        raise UnreadableError("The image has no pixels.", f"page {number}")


def _grey(image: Image.Image) -> Pixels:
    """8-bit grey, whatever the mode; what is transparent lies on white paper."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N"):
        return (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image).astype(np.float64))
        low, high = float(values.min()), float(values.max())
        return ((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, layer)
    return np.array(image.convert("L"), dtype=np.uint8)


def _resolution(image: Image.Image) -> tuple[float, float]:
    """Pixels per inch, from the metadata where they give a page of plausible size, else from the size in pixels."""
    width, height = image.size
    try:
        across, down = (float(value) for value in image.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        across = down = 0.0
    if all(40 <= value <= 2540 for value in (across, down)):
        long = max(width / across, height / down)
        if 2.0 <= long <= 24.0 and min(across, down) / max(across, down) > 0.3:
            return across, down
    if width in _FAX_WIDTHS and height < 0.8 * width:
        return 204.0, 98.0
    # letter and A4 are 11 to 11.7 inches long: taken as 11, points come out right within a few percent
    guess = min(max(max(width, height) / 11.0, 50.0), 1200.0)
    return guess, guess
