"""Whole documents through the command line: schema, proof, truth, and the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from corpus.compare import compare
from schemas.recheck import recheck
from tests.documents.conftest import Converted, convert

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "filing.schema.json").read_text(encoding="utf-8"))


def results(converted: Converted) -> list[Path]:
    """The results of filings; errors and container indexes set aside."""
    found = sorted(converted.results.rglob("*.json"))
    return [path for path in found if not path.name.endswith(".error.json") and path.name != "index.json"]


def test_every_result_validates_against_the_published_schema(demo: Converted, corpus: Converted) -> None:
    """The JSON Schema that is handed out describes every result there is."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for path in (*results(demo), *results(corpus)):
        errors = [error.message for error in validator.iter_errors(json.loads(path.read_bytes()))]
        assert errors == [], path


def test_every_result_bears_itself_out(demo: Converted, corpus: Converted) -> None:
    """Each check evaluates to what the result says, from the JSON alone."""
    for converted in (demo, corpus):
        for path in results(converted):
            name = str(path.relative_to(converted.results)).removesuffix(".json")
            assert recheck(converted.filing(name)) == [], path


@pytest.mark.parametrize(("name", "least"), [("document.html", 0.99), ("document.pdf", 0.97), ("document.txt", 0.97)])
def test_rows_come_out_right(corpus: Converted, name: str, least: float) -> None:
    """Label and every value of a row are what the generator printed; nothing wrong goes unflagged."""
    folders = sorted(path.parent.name for path in corpus.documents.glob("*/truth.json"))
    scores = [compare(corpus.filing(f"{folder}/{name}"), corpus.truth(folder)) for folder in folders]
    assert sum(score.right for score in scores) >= least * sum(score.rows for score in scores)


def test_the_broken_and_the_encrypted_say_so(demo: Converted) -> None:
    """Each gives an error file with its code and one sentence."""
    codes = {path.name: json.loads(path.read_bytes())["code"] for path in demo.results.rglob("*.error.json")}
    assert codes == {"broken.pdf.error.json": "E_CORRUPT", "encrypted.pdf.error.json": "E_ENCRYPTED"}


def test_an_encrypted_document_opens_with_its_password(demo: Converted, tmp_path: Path) -> None:
    """--password opens what refused to open."""
    assert convert(demo.documents / "encrypted.pdf", tmp_path, "--password", "crossfoot") == 0
    assert json.loads((tmp_path / "encrypted.pdf.json").read_bytes())["tables"] != []


def test_the_same_bytes_whatever_the_surroundings(demo: Converted, tmp_path: Path) -> None:
    """Time zone, locale, hash seed, working folder and the number of jobs change nothing."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = tmp_path / "again"
    surroundings = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "4711"}
    convert(demo.documents, again, "--jobs", "1", cwd=elsewhere, **surroundings)
    for path in sorted(demo.results.rglob("*.json")):
        assert (again / path.relative_to(demo.results)).read_bytes() == path.read_bytes(), path.name
