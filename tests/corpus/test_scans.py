"""The scanned corpus deals out every typeface and every damage, and nothing in it is smaller than can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
import pytest

from corpus import fonts, scan
from corpus.scans import deal, write_scans


def test_every_typeface_and_every_damage_has_its_turn() -> None:
    """As many documents as there are typefaces meet all of them, and all kinds of damage."""
    faces = {name for names in fonts.SCANNED.values() for name in names}
    dealt = list(deal(5, len(faces)))
    assert {name for _, _, name, _ in dealt} == faces
    assert {damage for *_, damage in dealt} == set(scan.DAMAGES)


def test_at_least_twelve_typefaces_of_all_kinds_are_installed() -> None:
    """None of them is replaced by a standard font, which each machine would draw differently."""
    assert {"serif", "sans", "condensed", "monospaced", "old-style figures", "typewriter"} <= set(fonts.SCANNED)
    names = [name for names in fonts.SCANNED.values() for name in names]
    assert len(set(names)) >= 12
    assert all(fonts.face(name).regular == name for name in names)


@pytest.mark.parametrize("damage", ["dpi150", "q30"])
def test_scanned_documents_have_truth_and_say_how_they_were_made(tmp_path: Path, damage: str) -> None:
    """Each has its scan, its truth and a line in made.json; type is 6.5-12 points, 8.6 at 150 dpi."""
    made = write_scans(tmp_path, 3, 2, (damage,))
    assert json.loads((tmp_path / "made.json").read_text())[0]["font"] == made[0].font
    for document in made:
        folder = tmp_path / document.id
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        assert truth["tables"]
        assert len(pypdfium2.PdfDocument(folder / "scan300.pdf")) == document.pages
        assert scan.legible(scan.PRESETS[damage]) <= document.size <= 12
