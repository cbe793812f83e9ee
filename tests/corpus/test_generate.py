"""The command line writes what the benchmark and the demo expect."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pypdfium2
import pytest

from corpus.demo_set import PASSWORD, write_demo
from corpus.generate import main, variant


def test_a_corpus_lies_as_the_benchmark_expects_it(tmp_path: Path) -> None:
    """Each document has a folder with its renderings and its truth."""
    assert main(["corpus", str(tmp_path), "--seed", "2", "--count", "2", "--variants", "html", "pdf", "txt"]) == 0
    folders = sorted(p for p in tmp_path.iterdir())
    assert len(folders) == 2
    for folder in folders:
        assert {p.name for p in folder.iterdir()} == {"document.html", "document.pdf", "document.txt", "truth.json"}
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        assert truth["id"] == folder.name
        assert truth["variants"] == ["html", "pdf", "txt"]
        assert truth["pages"] == len(pypdfium2.PdfDocument(folder / "document.pdf"))


def test_the_same_command_writes_the_same_bytes(tmp_path: Path) -> None:
    """Two runs into two folders differ in no byte, scans included."""
    for name in ("a", "b"):
        main(
            ["corpus", str(tmp_path / name), "--seed", "4", "--count", "1", "--variants", "html", "pdf", "txt", "lofax"]
        )
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 5
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_damaged_text_records_its_damage(tmp_path: Path) -> None:
    """``txt=ocr`` writes document.txt with damage, and the truth lists every damaged place."""
    main(["corpus", str(tmp_path), "--seed", "6", "--count", "1", "--variants", "txt=ocr", "--general", "0"])
    folder = next(tmp_path.iterdir())
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["damage"]
    for hit in truth["damage"]:
        rows = [r for r in truth["tables"][hit["table"]]["rows"] if r["kind"] == "data"]
        cells = [c for c in rows[hit["row"]]["cells"] if c["scored"] and c["col"] == hit["col"]]
        assert [c["value"] for c in cells] == [hit["true_value"]]


@pytest.mark.parametrize("text", ["doc", "html=fancy", "txt=latin", "scan300=xerox"])
def test_an_unknown_variant_or_style_is_refused(text: str) -> None:
    """The error names what there is."""
    with pytest.raises(ValueError, match="there are"):
        variant(text)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo documents."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


def test_the_demo_has_a_document_of_every_kind(demo: Path) -> None:
    """At least twelve, none empty, the broken and the encrypted one as they say."""
    files = sorted(demo.iterdir())
    assert len(files) >= 12
    assert all(f.stat().st_size > 500 for f in files)
    for name in ("broken.pdf", "encrypted.pdf"):
        with pytest.raises(pypdfium2.PdfiumError):
            pypdfium2.PdfDocument(demo / name)
    assert len(pypdfium2.PdfDocument(demo / "encrypted.pdf", password=PASSWORD)) == 1


def test_the_submission_holds_three_documents_behind_its_header(demo: Path) -> None:
    """One HTML, one fixed-width text, one exhibit of words."""
    text = (demo / "edgar-submission.txt").read_text(encoding="utf-8")
    assert text.startswith("<SEC-DOCUMENT>")
    assert text.count("<DOCUMENT>") == text.count("</DOCUMENT>") == 3
    assert "COMPANY CONFORMED NAME:" in text


def test_the_bundle_opens_and_climbs_nowhere(demo: Path) -> None:
    """The ZIP holds two documents in folders of their own."""
    with zipfile.ZipFile(demo / "bundle.zip") as box:
        assert box.testzip() is None
        assert box.namelist() == ["2001/balance.html", "2002/operations.txt"]
