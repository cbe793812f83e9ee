"""``crossfoot explain``: the proof of a figure in words, and a clear answer where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.amounts import Amount, amount
from schemas.filing import Check, Filing, Finding, Instant, Repair, Rival, Term, TextPlace, to_json
from tests.fakes.results import result
from tests.worker.conftest import Said

Crossfoot = Callable[..., Said]

LABELS = ("Current assets", "Cash", "Receivables", "Total current assets")
PERIOD = Instant(instant="2011-06-30")


def values(*texts: str) -> dict[int, Amount]:
    """Figures of the rows after the section label."""
    return {row: amount(text) for row, text in enumerate(texts, 1)}


def footing(verdict: str = "exact", residual: str = "0") -> Check:
    """Cash and receivables make current assets."""
    return Check(
        id="k1", kind="foot", total="t1.r3.c0", residual=residual, tolerance="1.5", verdict=verdict,  # type: ignore[arg-type]
        terms=tuple(Term(figure=f"t1.r{row}.c0", weight="1") for row in (1, 2)),
    )  # fmt: skip


def changed(filing: Filing, name: str, **changes: object) -> Filing:
    """The filing with one figure otherwise."""
    table = filing.tables[0]
    figures = tuple(f.model_copy(update=changes) if f.id == name else f for f in table.figures)
    return filing.model_copy(update={"tables": (table.model_copy(update={"figures": figures}),)})


@pytest.fixture
def balance() -> Filing:
    """73,401 + 39,080 = 112,481, proved, the first printed at a place of a text."""
    filing = result("a" * 64, LABELS, (PERIOD, values("73401", "39080", "112481")))
    filing = filing.model_copy(update={"checks": (footing(),)})
    return changed(filing, "t1.r1.c0", place=TextPlace(line=12, start=30, end=36))


def explained(crossfoot: Crossfoot, folder: Path, filing: Filing, name: str) -> str:
    """What the command prints of a figure."""
    (folder / "result.json").write_bytes(to_json(filing))
    said = crossfoot("explain", "result.json", name)
    assert said.status == 0, said.err
    return said.out.decode()


def test_a_sum_is_written_with_labels_places_and_residual(
    crossfoot: Crossfoot, tmp_path: Path, balance: Filing
) -> None:
    """Addends, signs and total stand below one another, each with its label, id and place."""
    lines = explained(crossfoot, tmp_path, balance, "t1.r3.c0").splitlines()
    assert "k1: a sum, holds exactly" in lines
    assert "       73,401   Current assets > Cash  (t1.r1.c0, line 12, characters 30-36)" in lines
    assert "    +  39,080   Current assets > Receivables  (t1.r2.c0, nowhere)" in lines
    assert "    = 112,481   Current assets > Total current assets  (t1.r3.c0, nowhere  <)" in lines
    assert "      residual 0; by chance once in 1,000,000" in lines
    assert lines[-1] == "Proved by k1."


@pytest.mark.parametrize(
    ("nats", "said"), [(1.0, "1.0 nats: a coincidence once in 4"), (27.31, "27.3 nats: no coincidence")]
)
def test_the_evidence_of_a_relation_is_told(
    crossfoot: Crossfoot, tmp_path: Path, balance: Filing, nats: float, said: str
) -> None:
    """A weak relation is seen to be weak; results of older engines say nothing of it."""
    check = footing().model_copy(update={"evidence": round(nats, 1)})
    known = balance.model_copy(update={"checks": (check,)})
    assert f"      the relation is believed at {said}" in explained(crossfoot, tmp_path, known, "t1.r3.c0").splitlines()
    assert "is believed" not in explained(crossfoot, tmp_path, balance, "t1.r3.c0")


def test_a_repair_says_why_and_why_its_rivals_lost(crossfoot: Crossfoot, tmp_path: Path, balance: Filing) -> None:
    """The plain reading and each rival are told with what they would do to the checks."""
    repair = Repair(
        read_as="39030", reason="misread digit; only so 112,481 = 73,401 + 39,080 (k1)", checks=("k1",),
        rivals=(Rival(value="39680", probability=0.0004),),
    )  # fmt: skip
    filing = changed(balance, "t1.r2.c0", status="repaired", raw="39,030", repair=repair)
    said = explained(crossfoot, tmp_path, filing, "t1.r2.c0")
    assert "printed as '39,030'" in said
    assert "Repaired: misread digit; only so 112,481 = 73,401 + 39,080 (k1)." in said
    assert "As read, k1 would be off by 50." in said
    assert "  39,680 (probability 0.0004): k1 would be off by -600" in said


def test_a_conflict_shows_the_broken_check_and_the_rivals(
    crossfoot: Crossfoot, tmp_path: Path, balance: Filing
) -> None:
    """What is computed, what is left, and which reading would close it."""
    filing = changed(
        balance, "t1.r2.c0", value="39030", status="conflict", grade=None, needs_review=True,
        rivals=(Rival(value="39080", probability=0.6),),
    )  # fmt: skip
    finding = Finding(code="ambiguous_repair", severity="warning", message="It differs.", figures=("t1.r2.c0",))
    filing = filing.model_copy(update={"checks": (footing("broken", "50"),), "findings": (finding,)})
    said = explained(crossfoot, tmp_path, filing, "t1.r2.c0")
    assert "k1: a sum, does not hold" in said
    assert "computed 112,431, residual 50; rounding explains up to 1.5" in said
    assert "needs review" in said
    assert "  39,080 (probability 0.6000): k1 would hold too" in said
    assert "Finding ambiguous_repair: It differs." in said


def test_a_figure_that_nothing_covers_says_so(crossfoot: Crossfoot, tmp_path: Path, balance: Filing) -> None:
    """No check takes it in: that is the reason."""
    filing = changed(balance.model_copy(update={"checks": ()}), "t1.r1.c0", status="unchecked", grade=None)
    said = explained(crossfoot, tmp_path, filing, "t1.r1.c0")
    assert said.splitlines()[-1].startswith("No proof: no sum, balance, quotient or second printing")


def test_the_dividend_of_a_quotient_is_not_proved_by_it(crossfoot: Crossfoot, tmp_path: Path, balance: Filing) -> None:
    """A quotient that holds vouches for itself alone, and the explanation says why."""
    ratio = Check(
        id="k1", kind="ratio", total="t1.r3.c0", terms=(Term(figure="t1.r1.c0", weight="1"),), divisor="t1.r2.c0",
        residual="0.001", tolerance="0.5", verdict="rounding",
    )  # fmt: skip
    filing = changed(balance, "t1.r3.c0", value="2")
    filing = changed(filing.model_copy(update={"checks": (ratio,)}), "t1.r1.c0", status="unchecked", grade=None)
    said = explained(crossfoot, tmp_path, filing, "t1.r1.c0")
    assert "    / 39,080   Current assets > Receivables" in said
    assert said.splitlines()[-1] == "No proof: a quotient has too few digits to vouch for the figures it comes from."


def test_a_term_of_a_witness_is_named_with_its_document(crossfoot: Crossfoot, tmp_path: Path, balance: Filing) -> None:
    """What another document prints is shown with its value, id and the start of its sha256."""
    tie = Check(
        id="k1", kind="tie_out", total="t1.r1.c0", residual="0", tolerance="1", verdict="exact",
        terms=(Term(document="b" * 64, figure="t9.r4.c1", value="73401", decimals=0, weight="1"),),
    )  # fmt: skip
    filing = balance.model_copy(update={"checks": (tie,)})
    said = explained(crossfoot, tmp_path, filing, "t1.r1.c0")
    assert "73,401   in another document  (t9.r4.c1 of bbbbbbbbbbbb…)" in said


def test_an_unknown_figure_is_a_usage_error_that_names_known_ones(
    crossfoot: Crossfoot, tmp_path: Path, balance: Filing
) -> None:
    """Status 2, with figures of the same table to choose from."""
    (tmp_path / "result.json").write_bytes(to_json(balance))
    said = crossfoot("explain", "result.json", "t1.r9.c0")
    assert said.status == 2
    assert "There is no figure 't1.r9.c0'" in said.err
    assert "t1.r1.c0, t1.r2.c0, t1.r3.c0" in said.err
    assert said.out == b""


@pytest.mark.parametrize("content", [b"{}", b"no json", b'{"schema_version": "2.0"}'])
def test_what_is_no_result_is_unreadable(crossfoot: Crossfoot, tmp_path: Path, content: bytes) -> None:
    """Status 3 and a sentence, for a file that is no result of version 1."""
    (tmp_path / "result.json").write_bytes(content)
    said = crossfoot("explain", "result.json", "t1.r1.c0")
    assert said.status == 3
    assert "result.json is no result of version 1" in said.err


def test_a_missing_file_is_unreadable(crossfoot: Crossfoot) -> None:
    """Status 3 where there is no such file."""
    assert crossfoot("explain", "absent.json", "t1.r1.c0").status == 3


def test_a_result_that_names_missing_figures_is_unreadable(
    crossfoot: Crossfoot, tmp_path: Path, balance: Filing
) -> None:
    """A check of figures that are not there is damage of the result, not a fault of the program."""
    stray = footing().model_copy(update={"total": "t7.r1.c0"})
    (tmp_path / "result.json").write_bytes(to_json(balance.model_copy(update={"checks": (stray,)})))
    said = crossfoot("explain", "result.json", "t1.r1.c0")
    assert said.status == 3
    assert "k1 refers to t7.r1.c0" in said.err
