"""Words of one line are level, whatever their letters."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from extractors.ocr.levels import level


def ink(text: str) -> tuple[float, float]:
    """Top and bottom of a word set on a base line at 100, 60 pixels high."""
    page = Image.new("L", (1200, 200), 0)
    ImageDraw.Draw(page).text((20, 100), text, fill=255, font=ImageFont.load_default(60), anchor="ls")
    box = page.getbbox()
    assert box is not None
    return box[1], box[3]


@pytest.mark.parametrize("text", ["per", "Basic", "on", "equity", "(1,234)", "1,234", "income,", "$", "assets", "12.5"])
def test_a_word_reaches_from_the_base_line_to_the_height_of_a_capital(text: str) -> None:
    """Within a tenth of its height, in a typeface that the shares were not taken from."""
    top, bottom = level(text, *ink(text))
    high = ink("E")[1] - ink("E")[0]
    if text == "$":
        assert (top, bottom) == ink("$")
    else:
        assert abs((top + bottom) / 2 - (100 - high / 2)) < 0.12 * high


def test_a_dash_keeps_its_height() -> None:
    """What is neither a letter nor a digit stands where it stands."""
    assert level("\N{EM DASH}", 50.0, 53.0) == (50.0, 53.0)
