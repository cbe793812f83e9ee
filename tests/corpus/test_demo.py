"""What the demo prints."""

from __future__ import annotations

import io

from rich.console import Console

from corpus.demo import Job, repairs, results_table
from schemas.filing import (
    Column,
    Engine,
    Figure,
    Filing,
    Identification,
    PagePlace,
    Repair,
    Row,
    Source,
    Table,
)

SUMMARY = {"route": "ocr", "tables": 2, "figures": 31, "proved": 28, "repaired": 1, "review": 2, "verdict": "balanced"}


def test_the_table_has_a_line_for_every_document() -> None:
    """A converted document shows its counts, a container says so, a failed one shows its sentence."""
    jobs = [
        Job("scan.png", "done", None, 3.25, "", SUMMARY),
        Job("all.zip", "done", None, 0.1, "", {}),
        Job("locked.pdf", "failed", None, 0.1, "It asks for a [password].", {}),
    ]
    screen = io.StringIO()
    Console(file=screen, width=150).print(results_table(jobs))
    lines = screen.getvalue().splitlines()
    (scan,) = [line for line in lines if "scan.png" in line]
    assert [cell.strip() for cell in scan.split("│")[2:9]] == ["ocr", "2", "31", "28", "1", "2", "3.2"]
    assert any("all.zip" in line and "container" in line for line in lines)
    assert any("locked.pdf" in line and "failed: It asks for a [password]." in line for line in lines)


def test_a_repair_is_one_line() -> None:
    """A repair tells what is printed, what is true and why."""
    figure = Figure(
        id="t0.r0.c0", row=0, column=0, raw="$ (002)", value="-0.02", nil=False, decimals=2, scale=1,
        unit="USD/shares", period=None, status="repaired", grade="rounding", confidence=0.999, needs_review=False,
        checks=(), repair=Repair(read_as="-2", reason="-1,234 / 61,700 is -0.02", checks=()),
        place=PagePlace(page=1, bbox=(0.0, 0.0, 1.0, 1.0)),
    )  # fmt: skip
    table = Table(
        id="t0", kind="income_statement", title=None, headnote=None, currency="USD", scale=1, pages=(1,), stub_heads=(),
        columns=(Column(index=0, kind="value", heads=("Three months ended", "June 30, 2011")),),
        rows=(Row(index=0, label="Basic", path=(), level=0),), figures=(figure,), texts=(),
    )  # fmt: skip
    filing = Filing(
        source=Source(sha256="0" * 64, bytes=1, kind="pdf", media_type="application/pdf"),
        engine=Engine(crossfoot="0", profile="default"), outcome="complete", verdict="balanced_with_repairs",
        filing=Identification(), pages=(), tables=(table,), checks=(), findings=(),
    )  # fmt: skip
    assert list(repairs("q2.txt", filing)) == [
        "q2.txt: Basic (June 30, 2011): '$ (002)' → -0.02, because -1,234 / 61,700 is -0.02"
    ]
