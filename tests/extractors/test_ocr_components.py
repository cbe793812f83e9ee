"""Components of ink: numbered, painted, counted and asked for on the plane of the page."""

from __future__ import annotations

import numpy as np

from extractors.ocr.components import find_components
from extractors.ocr.image import Pixels


def page() -> Pixels:
    """A block of 20 x 10 pixels and, below it to the right, one of 4 x 4 whose corners touch a third."""
    ink = np.zeros((100, 200), dtype=np.uint8)
    ink[30:40, 50:70] = ink[60:64, 120:124] = ink[64:66, 124:130] = 255
    return ink


def test_boxes_are_told_on_the_page() -> None:
    """Left, top, width, height and area count from the corner of the page; what touches at corners is one."""
    assert find_components(page()).stats[1:].tolist() == [[50, 30, 20, 10, 200], [120, 60, 10, 6, 28]]


def test_what_is_chosen_is_painted() -> None:
    """Only the chosen component is painted; with the paper chosen so is everything outside the ink."""
    ink, components = page(), find_components(page())
    second = components.paint(np.array([False, False, True]))
    assert (second[60:66, 120:130] == ink[60:66, 120:130]).all()
    assert np.count_nonzero(second) == 28
    assert np.count_nonzero(components.paint(np.array([True, False, True]))) == ink.size - 200


def test_components_are_found_at_their_places() -> None:
    """Pixels say which component they belong to, how many lie under other ink, and what reaches into a box."""
    components, other = find_components(page()), np.zeros((100, 200), dtype=np.uint8)
    other[:35, :60] = 255
    assert components.numbers(np.array([31, 65]), np.array([69, 129])).tolist() == [1, 2]
    assert components.count(other)[1:].tolist() == [50, 0]
    assert components.reaches(2, (0, 0, 121, 61))
    assert not components.reaches(2, (0, 0, 120, 100))


def test_a_page_without_ink_has_only_paper() -> None:
    """Nothing is found, and nothing painted, where nothing is."""
    components = find_components(np.zeros((10, 10), dtype=np.uint8))
    assert len(components.stats) == 1
    assert not components.paint(np.array([False])).any()
