"""Image files into grey pages: PNG, JPEG and multi-page TIFF, one page in memory at a time.

Only the three formats are ever tried, so that nothing starts an outside program (an EPS named .png would start
Ghostscript). The number of pixels is known before any of them is decoded.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from extractors.page import Profile
from schemas.errors import LimitError, UnreadableError, UnsupportedError

Pixels = npt.NDArray[np.uint8]
Quarter = Literal[0, 90, 180, 270]

FORMATS = ("PNG", "JPEG", "TIFF")
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
    """

    grey: Pixels
    dpi: tuple[float, float]
    rotation: Quarter = 0


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
        if count > profile.max_pages:
            raise LimitError("pages", f"The image has more than {profile.max_pages} pages.")


def open_image(data: bytes, profile: Profile) -> Image.Image:
    """Open the file without decoding a pixel.

    Raises:
        LimitError: too many pixels. UnsupportedError: none of the three formats. UnreadableError: damaged header.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except _BOMBS:
            raise LimitError("pixels", "The image has more pixels than can be read.") from None
        except UnidentifiedImageError:
            if data[:4] in (b"II*\0", b"MM\0*") or data[:8] == b"\x89PNG\r\n\x1a\n" or data[:2] == b"\xff\xd8":
                raise UnreadableError("The image is damaged: its header cannot be read.") from None
            raise UnsupportedError("The bytes are neither a PNG nor a JPEG nor a TIFF.") from None
        except _DAMAGE as error:
            raise UnreadableError(f"The image is damaged: {error}.") from error
    _check_size(image, profile, 1)
    return image


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
            image.load()
            turn = _EXIF_QUARTERS.get(image.getexif().get(_EXIF_ORIENTATION, 1), 0)
            grey = _grey(image)
        except _BOMBS:
            raise LimitError("pixels", "The page is larger than can be read.", f"page {number}") from None
        except _DAMAGE as error:
            raise UnreadableError(f"The image is damaged: {error}.", f"page {number}") from error
    across, down = _resolution(image)
    if turn in (90, 270):
        across, down = down, across
    return Scan(np.ascontiguousarray(np.rot90(grey, -turn // 90)), (across, down), turn)


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
