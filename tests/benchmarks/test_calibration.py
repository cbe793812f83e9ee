"""What the benchmark of confidence counts: calibration error, where the wrong figures lie, and the fitted table."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks.calibration import Judged, bins, calibration_error, diagram, interval, wrong_among_least
from benchmarks.fit_confidence import Evidence, monotone, shares
from benchmarks.scans import Tally, tally


def test_confidence_that_says_what_happens_has_no_error() -> None:
    """Nine of ten right at 0.9 is calibrated; all right at 0.9 is off by a tenth."""
    even = [Judged(0.9, number % 10 > 0) for number in range(100)]
    assert calibration_error(even) == pytest.approx(0.0)
    assert calibration_error([Judged(0.9, right=True)] * 100) == pytest.approx(0.1)


def test_the_wrong_are_sought_among_the_least_confident() -> None:
    """Of 100 figures the 2 least confident hold one of two wrong ones."""
    judged = [Judged(0.99, right=True)] * 97 + [
        Judged(0.99, right=False),
        Judged(0.2, right=False),
        Judged(0.5, right=True),
    ]
    assert wrong_among_least(judged) == (1, 2)


def test_every_figure_is_in_one_bin() -> None:
    """Bins cover all doubts from nought to one."""
    judged = [Judged(confidence, right=True) for confidence in (0.0, 0.25, 0.5, 0.9, 0.99, 0.9999, 1.0)]
    assert sum(one.figures for one in bins(judged)) == len(judged)


def test_the_diagram_is_a_picture_of_all_bins() -> None:
    """Well-formed SVG with a point for each bin of each variant."""
    judged = {"scan300": [Judged(0.99, right=True), Judged(0.4, right=False)], "fax": [Judged(0.9, right=True)]}
    picture = ET.fromstring(diagram(judged))  # noqa: S314 - our own
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}circle")) == 3


def test_an_interval_holds_the_share_it_is_about() -> None:
    """None of a hundred wrong still leaves a few percent possible."""
    low, high = interval(0, 100)
    assert low == 0.0
    assert 0.01 < high < 0.06


def test_a_likelier_reading_is_never_trusted_less() -> None:
    """Bins that contradict the order are pooled; an empty error count is no certainty."""
    table = monotone([(0.99, 100, 2), (0.9, 100, 0), (0.5, 10, 5)])
    trusts = [trust for _, trust in table]
    assert trusts == sorted(trusts, reverse=True)
    assert trusts[0] == trusts[1] < 1


def test_evidence_is_counted_by_agreement_and_probability() -> None:
    """Each piece of evidence is in the bin of its probability, 1.0 in the highest."""
    records = [(Evidence(1.0, "agreed", 1.0), True), (Evidence(0.6, "rival", 0.9), False)]
    assert list(shares(records)) == [("agreed", 0.999, 1, 0), ("rival", 0.5, 1, 1)]


def test_counts_come_back_from_rates() -> None:
    """What the scorer wrote as rates is counted again, so that documents can be added up."""
    rates = {"cells": 200, "recall": 0.99, "precision": 0.9, "silent_n": 3, "flagged": 0.1}
    one = tally(rates)
    assert one == Tally(200, 198, 220, 3, 22)
    assert (one + one).truth == 400
    assert not one.passes
    assert Tally(1000, 990, 1000, 1, 60).passes
