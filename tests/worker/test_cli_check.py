"""``crossfoot check`` and ``schema``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.worker.conftest import Said

Crossfoot = Callable[..., Said]


def figure(row: int, value: str, *, status: str, checks: list[str]) -> dict[str, Any]:
    """A whole dollar amount."""
    return {
        "id": f"t0.r{row}.c0", "row": row, "column": 0, "raw": value, "value": value, "nil": False, "decimals": 0,
        "scale": 1, "unit": "USD", "period": None, "status": status, "grade": "exact" if checks else None,
        "confidence": 0.999, "needs_review": False, "checks": checks, "repair": None, "rivals": [], "place": None,
    }  # fmt: skip


@pytest.fixture
def result() -> dict[str, Any]:
    """1 + 2 = 3, proved."""
    values = [figure(row, str(row + 1), status="proved", checks=["k0"]) for row in range(3)]
    check = {
        "id": "k0", "kind": "foot", "total": "t0.r2.c0", "divisor": None, "factor": "1", "residual": "0",
        "terms": [
            {"document": None, "figure": f"t0.r{row}.c0", "value": None, "decimals": None, "weight": "1"}
            for row in range(2)
        ],
        "tolerance": "1.5", "verdict": "exact",
    }  # fmt: skip
    rows: list[dict[str, Any]] = [{"index": n, "label": "x", "path": [], "level": 0, "concept": None} for n in range(3)]
    table: dict[str, Any] = {
        "id": "t0", "kind": "other", "title": None, "headnote": None, "currency": "USD", "scale": 1, "pages": [],
        "stub_heads": [], "columns": [{"index": 0, "kind": "value", "heads": [], "period": None}], "rows": rows,
        "figures": values, "texts": [],
    }  # fmt: skip
    return {
        "schema_version": "1.0",
        "source": {
            "sha256": "0" * 64, "bytes": 1, "kind": "text", "media_type": "text/plain", "pages": None, "parent": None,
            "witnesses": [],
        },
        "engine": {
            "crossfoot": "0", "profile": "default", "tesseract": None, "poppler": None, "pdfium": None, "camelot": None,
            "recogniser": None,
        },
        "outcome": "complete", "verdict": "balanced",
        "filing": {"registrant": None, "form": None, "report_date": None, "cik": None, "accession": None},
        "pages": [], "tables": [table], "checks": [check], "findings": [],
    }  # fmt: skip


def test_a_sound_result_is_confirmed(crossfoot: Crossfoot, result: dict[str, Any]) -> None:
    """A result whose checks hold is confirmed with status 0."""
    Path("a.json").write_text(json.dumps(result), encoding="utf-8")
    said = crossfoot("check", "a.json")
    assert said.status == 0
    assert b"a.json: confirmed: 1 checks (1 exact, 0 rounding, 0 broken)" in said.out


def test_a_changed_figure_is_found(crossfoot: Crossfoot, result: dict[str, Any]) -> None:
    """A figure changed by hand leaves its check without a leg to stand on: status 3, and the check is named."""
    result["tables"][0]["figures"][0]["value"] = "7"
    Path("a.json").write_text(json.dumps(result), encoding="utf-8")
    said = crossfoot("check", "a.json")
    assert said.status == 3
    assert b"a.json: k0 says exact, but the figures say broken" in said.out


@pytest.mark.parametrize("content", ["", "{}", "no JSON", '{"schema_version": "2.0"}'])
def test_what_is_no_result(crossfoot: Crossfoot, result: dict[str, Any], content: str) -> None:
    """A file that is no result is refused by name, and the other files are checked all the same."""
    Path("bad.json").write_text(content, encoding="utf-8")
    Path("good.json").write_text(json.dumps(result), encoding="utf-8")
    said = crossfoot("check", "bad.json", "good.json")
    assert said.status == 3
    assert "bad.json" in said.err
    assert b"good.json: confirmed" in said.out


def test_schema_is_the_schema_of_results(crossfoot: Crossfoot, result: dict[str, Any]) -> None:
    """What ``schema`` prints accepts a result and refuses one with a figure that is a float."""
    schema = json.loads(crossfoot("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(result, schema)
    result["tables"][0]["figures"][0]["value"] = 1.0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, schema)


def test_version(crossfoot: Crossfoot) -> None:
    """--version names the program and its version."""
    said = crossfoot("--version")
    assert (said.status, said.out.split()[0]) == (0, b"crossfoot")
