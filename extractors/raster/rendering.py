"""A page as pixels: the embedded image when the page is nothing else, otherwise rendered by poppler.

One page at a time, in grey, never through PNG: a page of letter size at 300 dpi takes a tenth of a second and 8 MB.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pdf2image
import pdf2image.exceptions
import pypdfium2 as pdfium
import pypdfium2.raw as native

from extractors.page import Profile
from extractors.raster.drawings import Picture, read_drawing
from extractors.raster.geometry import Plane
from extractors.raster.opening import mended, open_pdf
from extractors.raster.pages import load_page, plane_of
from schemas.errors import LimitError, MissingProgramError, UnreadableError

Pixels = npt.NDArray[np.uint8]

DPI = 300
_LEAST_DPI = 72
_SECONDS = 60
# share of the page that an image must cover to be the page; below this resolution rendering is no worse
_COVER = 0.9
_LEAST_IMAGE_DPI = 90
_FEW_OBJECTS = 2000
_POPPLER_ERRORS = (
    pdf2image.exceptions.PDFPageCountError,
    pdf2image.exceptions.PDFSyntaxError,
    pdf2image.exceptions.PDFInfoNotInstalledError,
    pdf2image.exceptions.PDFPopplerTimeoutError,
)


def poppler_version() -> str:
    """The version of poppler, "22.12.0" for example.

    Raises:
        MissingProgramError: pdftoppm is not installed.
    """
    program = shutil.which("pdftoppm")
    if program is None:
        raise MissingProgramError("pdftoppm (package poppler-utils) is not installed; scanned PDF pages need it.")
    done = subprocess.run([program, "-v"], capture_output=True, check=False, timeout=_SECONDS)
    found = re.search(rb"version (\S+)", done.stderr + done.stdout)
    return found[1].decode("ascii", "replace") if found else "unknown"


def count_with_poppler(data: bytes, profile: Profile) -> int | None:
    """How many pages poppler sees; None where it is not installed or cannot open the file."""
    if shutil.which("pdfinfo") is None:
        return None
    try:
        info = pdf2image.pdfinfo_from_bytes(mended(data), userpw=profile.password or "", timeout=_SECONDS)
    except (*_POPPLER_ERRORS, ValueError):
        return None
    return int(info["Pages"])


def render_page(data: bytes | Path, number: int, profile: Profile) -> tuple[Pixels, float]:
    """Page ``number`` (from 1) in grey (0 black, 255 white), upright as the PDF wants it shown, and its dpi.

    Pixels are square: a fax whose dpi differ across and down is stretched. The top left pixel is the top left corner
    of the page, so that a pixel times 72 / dpi is a point.

    Raises:
        UnreadableError: it cannot be rendered. LimitError: its image has too many pixels, or poppler takes too long.
        MissingProgramError: pdftoppm is not installed.
    """
    with open_pdf(data, profile) as pdf:
        page = load_page(pdf, number)
        try:
            plane = plane_of(page)
            found = _embedded(page, plane, profile)
        finally:
            page.close()
    if found is not None:
        return found
    dpi = _dpi(plane, profile)
    return _rendered(data, number, dpi, profile), float(dpi)


def _dpi(plane: Plane, profile: Profile) -> int:
    """The usual dpi, or what keeps a poster within the limit of pixels."""
    area = plane.width * plane.height / 72**2
    dpi = min(DPI, math.floor(math.sqrt(profile.max_pixels / area)))
    if dpi < _LEAST_DPI:
        inches = f"{plane.width / 72:.0f} x {plane.height / 72:.0f} inches"
        raise LimitError("pixels", f"A page of {inches} cannot be rendered legibly within {profile.max_pixels} pixels.")
    return dpi


def _rendered(data: bytes | Path, number: int, dpi: int, profile: Profile) -> Pixels:
    if shutil.which("pdftoppm") is None or shutil.which("pdfinfo") is None:
        poppler_version()
        raise MissingProgramError("pdfinfo (package poppler-utils) is not installed; scanned PDF pages need it.")
    try:
        render: Any = pdf2image.convert_from_bytes if isinstance(data, bytes) else pdf2image.convert_from_path
        images = render(
            mended(data) if isinstance(data, bytes) else data,
            dpi=dpi,
            first_page=number,
            last_page=number,
            grayscale=True,
            use_cropbox=True,
            userpw=profile.password or "",
            timeout=_SECONDS,
        )
    except pdf2image.exceptions.PDFPopplerTimeoutError:
        raise LimitError("time", f"Page {number} took more than {_SECONDS} seconds to render.") from None
    except (*_POPPLER_ERRORS, OSError, ValueError) as error:
        raise UnreadableError(f"Page {number} cannot be rendered: {str(error).splitlines()[0][:200]}") from None
    if not images:
        # poppler says nothing about a page past the end
        raise UnreadableError(f"Page {number} cannot be rendered: poppler does not find it.")
    return np.asarray(images[0].convert("L"), dtype=np.uint8)


def _embedded(page: Any, plane: Plane, profile: Profile) -> tuple[Pixels, float] | None:
    """The one image that is the page, laid on a page-sized sheet; None when the page must be rendered."""
    drawing = read_drawing(page, _FEW_OBJECTS)
    if len(drawing.pictures) != 1 or drawing.paths or not drawing.complete or not _silent(page):
        return None
    picture = drawing.pictures[0]
    across, down = _image_size(picture)
    _check_size(across, down, profile)
    a, b, c, d, _, _ = picture.matrix
    if min(a, d) <= 0 or max(abs(b), abs(c)) > 0.01 * min(a, d):
        return None
    left, top, right, bottom = Plane(plane.left, plane.bottom, plane.right, plane.top, 0).box(*picture.box)
    width, height = plane.right - plane.left, plane.top - plane.bottom
    shown = max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(bottom, height) - max(top, 0))
    dpi = max(across / (right - left), down / (bottom - top)) * 72
    if shown < _COVER * width * height or dpi < _LEAST_IMAGE_DPI:
        return None
    grey = _pixels(picture)
    if grey is None:
        return None
    scale = dpi / 72
    sheet = _sheet(grey, (left * scale, top * scale, right * scale, bottom * scale), (width * scale, height * scale))
    return np.ascontiguousarray(np.rot90(sheet, -plane.turn // 90)), dpi


def _silent(page: Any) -> bool:
    """True when the page has no visible text."""
    for item in page.get_objects(filter=[native.FPDF_PAGEOBJ_TEXT], max_depth=12):
        if native.FPDFTextObj_GetTextRenderMode(item.raw) != native.FPDF_TEXTRENDERMODE_INVISIBLE:
            return False
    return True


def _image_size(picture: Picture) -> tuple[int, int]:
    across, down = native.c_uint(), native.c_uint()
    if not native.FPDFImageObj_GetImagePixelSize(picture.handle, across, down):
        raise UnreadableError("The image on the page is damaged.")
    return across.value, down.value


def _check_size(across: int, down: int, profile: Profile) -> None:
    if across * down > profile.max_pixels:
        detail = f"The image on the page has {across} x {down} pixels, more than the {profile.max_pixels} allowed."
        raise LimitError("pixels", detail)


def _pixels(picture: Picture) -> Pixels | None:
    """The image as stored, in grey; None where it is a mask or inverted, which only a renderer sorts out."""
    raw = native.FPDFImageObj_GetBitmap(picture.handle)
    if not raw:
        return None
    # the wrapper's buffer frees the bitmap: destroying it by hand as well would free it twice
    pixels = np.array(pdfium.PdfBitmap.from_raw(raw).to_numpy(), dtype=np.uint8)
    if pixels.ndim == 3:
        colours = pixels[:, :, :3].astype(np.uint16)
        # blue, green and red as the eye weighs them, in 256ths
        pixels = np.asarray((colours @ np.array([29, 150, 77], np.uint16)) >> 8, np.uint8)
    return pixels if pixels.mean() > 100 else None


def _sheet(grey: Pixels, box: tuple[float, float, float, float], size: tuple[float, float]) -> Pixels:
    """The image stretched over ``box`` of a white sheet of ``size`` (pixels); what hangs over the edges is cut."""
    left, top, right, bottom = (round(edge) for edge in box)
    wide, high = right - left, bottom - top
    if (wide, high) != (grey.shape[1], grey.shape[0]):
        # whole rows and columns are repeated: nothing is smoothed away
        rows = (np.arange(high) * grey.shape[0] // high).clip(0, grey.shape[0] - 1)
        columns = (np.arange(wide) * grey.shape[1] // wide).clip(0, grey.shape[1] - 1)
        grey = grey[rows][:, columns]
    sheet = np.full((round(size[1]), round(size[0])), 255, np.uint8)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, sheet.shape[1]), min(bottom, sheet.shape[0])
    sheet[y0:y1, x0:x1] = grey[y0 - top : y1 - top, x0 - left : x1 - left]
    return sheet
