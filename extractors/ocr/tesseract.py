"""The door to Tesseract: words of an image with their boxes, and the way up of a page.

Whatever the program does (not there, crashing, hanging, writing rubbish or nothing) becomes one of the errors
below; its temporary files are gone afterwards. It only ever gets the path of an image that was written here.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from extractors.ocr.image import Pixels, Quarter
from schemas.errors import LimitError, MissingProgramError, UnreadableError

if "pandas" in sys.modules:
    import pytesseract
else:
    # pytesseract offers tables for pandas and imports it where it is installed: a fifth of a second and 40 MB in every
    # process, for something that nothing here asks for
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        import pytesseract
    finally:
        del sys.modules["pandas"]

# a page takes about a second; noise that looks like print keeps the program busy for minutes
SECONDS = 60
_COLUMNS = 12
_WORD_LEVEL = "5"
_QUARTERS: dict[str, Quarter] = {"0": 0, "90": 90, "180": 180, "270": 270}


class EngineError(UnreadableError):
    """Tesseract failed on a page: it crashed, or what it wrote cannot be used."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as Tesseract gives it: pixels, top-left origin, right and bottom exclusive; confidence 0-1."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float


def find_words(grey: Pixels, dpi: float, mode: int, languages: str) -> list[Token]:
    """Read the page with one page segmentation mode (``--psm``).

    Raises:
        MissingProgramError: tesseract or a language is not installed. LimitError: it took too long.
        EngineError: it failed, or wrote what is no table of words.
    """
    if not re.fullmatch(r"[A-Za-z]\w*(\+[A-Za-z]\w*)*", languages, re.ASCII):
        raise MissingProgramError(f"There is no tesseract language called {languages!r}.")
    config = f"--psm {mode} --dpi {max(70, round(dpi))} -c tessedit_create_tsv=1"
    with _image_file(grey) as path, _calling():
        table = str(
            pytesseract.image_to_data(
                str(path), lang=languages, config=config, timeout=SECONDS, output_type=pytesseract.Output.STRING
            )
        )
    return _tokens(table)


def find_rotation(grey: Pixels, dpi: float) -> Quarter | None:
    """Degrees clockwise that set the page upright, or None when it cannot be told (little text, no osd data, noise).

    Raises:
        MissingProgramError: tesseract is not installed.
    """
    try:
        with _image_file(grey) as path, _calling():
            report = str(
                pytesseract.image_to_osd(str(path), config=f"--psm 0 --dpi {max(70, round(dpi))}", timeout=SECONDS)
            )
    except (EngineError, LimitError):
        return None
    except MissingProgramError as error:
        if "language" in error.detail:
            return None
        raise
    found = re.search(r"^Rotate: (\d+)$", report, re.MULTILINE)
    return _QUARTERS.get(found[1]) if found else None


def version() -> str:
    """The version of the tesseract that is on the path.

    Raises:
        MissingProgramError: there is none, or it does not say its version.
    """
    try:
        return str(pytesseract.get_tesseract_version())
    except (pytesseract.TesseractNotFoundError, PermissionError):
        raise _missing() from None
    except (SystemExit, ValueError, OSError) as error:
        raise MissingProgramError(f"The tesseract on the path does not say its version ({error}).") from None


def _missing() -> MissingProgramError:
    return MissingProgramError(
        "tesseract is needed to read scans and images and is not on the path (Debian: apt-get install tesseract-ocr)."
    )


class _Environment:
    """What tesseract finds in its environment; ours is as it was once the last call of any thread is over."""

    def __init__(self, **wanted: str) -> None:
        self._wanted = wanted
        self._before: dict[str, str | None] = {}
        self._calls = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        """A call begins."""
        with self._lock:
            if not self._calls:
                self._before = {name: os.environ.get(name) for name in self._wanted}
                os.environ.update(self._wanted)
            self._calls += 1

    def leave(self) -> None:
        """A call is over."""
        with self._lock:
            self._calls -= 1
            for name, value in self._before.items() if not self._calls else ():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


_environment = _Environment(OMP_THREAD_LIMIT="1", LC_ALL="C")


@contextmanager
def _image_file(grey: Pixels) -> Iterator[Path]:
    """The page as a PGM file (no time lost on compression) in a folder of its own that is always removed."""
    with tempfile.TemporaryDirectory(prefix="crossfoot-ocr-") as folder:
        path = Path(folder) / "page.pgm"
        height, width = grey.shape
        try:
            with path.open("wb") as file:
                file.write(b"P5\n%d %d\n255\n" % (width, height))
                file.write(np.ascontiguousarray(grey).data)
        except OSError as error:
            raise EngineError(f"The page could not be written as an image for tesseract ({error.strerror}).") from None
        yield path


@contextmanager
def _calling() -> Iterator[None]:
    """One thread and the C locale for the child (threads cost five times the time), and its failures as our errors."""
    _environment.enter()
    try:
        yield
    except (pytesseract.TesseractNotFoundError, PermissionError):
        raise _missing() from None
    except pytesseract.TesseractError as error:
        message = re.sub(r"\s+", " ", str(error.message)).strip()[:200]
        if re.search(r"loading language|opening data file|TESSDATA_PREFIX", message):
            raise MissingProgramError(f"tesseract lacks a language it was asked for: {message}") from None
        raise EngineError(f"tesseract failed with status {error.status}: {message}") from None
    except RuntimeError:
        raise LimitError("time", f"tesseract was stopped after {SECONDS} seconds on one page.") from None
    except UnicodeDecodeError:
        raise EngineError("tesseract wrote bytes that are not UTF-8.") from None
    except OSError as error:
        raise EngineError(f"tesseract ended without writing its result ({error.strerror}).") from None
    finally:
        _environment.leave()


def _tokens(table: str) -> list[Token]:
    lines = table.splitlines()
    if not lines or not lines[0].startswith("level\t"):
        raise EngineError("tesseract wrote no table of words.")
    tokens = []
    for line in lines[1:]:
        fields = line.split("\t")
        if fields[0] != _WORD_LEVEL:
            continue
        try:
            left, top, width, height = (int(field) for field in fields[6:10])
            confidence, text = float(fields[10]), fields[_COLUMNS - 1].strip()
        except (ValueError, IndexError):
            raise EngineError("tesseract wrote a table of words that is broken off.") from None
        if text and width > 0 and height > 0:
            tokens.append(Token(text, left, top, left + width, top + height, min(max(confidence / 100, 0.0), 1.0)))
    return tokens
