"""A result of the same company proves, and repairs, what this document prints of the same fact."""

from dataclasses import replace

from extractors.footing import find_identities
from extractors.footing.doubts import read_doubts
from extractors.repair import repair_figures
from schemas import filing as out
from schemas.amounts import amount
from tests.fakes.results import result
from tests.fakes.statements import Statement, statement

QUARTER = out.Duration(start="2011-04-01", end="2011-06-30")
SHA = "a" * 64


def witness(*values: tuple[str, str], review: bool = False) -> out.Filing:
    """A result with one column, the quarter, and a row for each (label, value)."""
    figures = tuple(
        out.Figure(
            id=f"t1.r{row}.c0", row=row, column=0, raw=value, value=value, nil=False, decimals=0, scale=1000,
            unit="USD", period=None, status="proved", grade="exact", confidence=0.9999, needs_review=review,
            checks=(), repair=None, place=None,
        )
        for row, (_, value) in enumerate(values)
    )  # fmt: skip
    table = out.Table(
        id="t1", kind="other", title=None, headnote=None, currency="USD", scale=1000, pages=(), stub_heads=(),
        columns=(out.Column(index=0, kind="value", heads=(), period=QUARTER),),
        rows=tuple(out.Row(index=row, label=label, path=(), level=0) for row, (label, _) in enumerate(values)),
        figures=figures, texts=(),
    )  # fmt: skip
    return out.Filing(
        source=out.Source(sha256=SHA, bytes=1, kind="text", media_type="text/plain"),
        engine=out.Engine(crossfoot="0.1.0", profile="default"),
        outcome="complete", verdict="balanced", filing=out.Identification(), pages=(), tables=(table,), checks=(),
        findings=(),
    )  # fmt: skip


def document(text: str) -> Statement:
    """A statement with one column, the quarter."""
    return statement(text, periods=(QUARTER,))


def test_a_fact_of_the_witness_proves_the_figure() -> None:
    """Same label, period and unit: a tie-out whose term carries the witness' hash and value."""
    own = document("Backlog of orders | 20,317")
    identities = find_identities(own.tables, own.bodies, own.meaning, [witness(("Backlog of orders", "20317"))])
    outcome = repair_figures(own.bodies, own.meaning, identities)
    assert outcome.figures["t1.r0.c0"].status == "proved"
    term = outcome.checks[0].terms[0]
    assert (term.document, term.figure, term.value) == (SHA, "t1.r0.c0", "20317")


def test_a_figure_of_the_witness_that_needs_review_proves_nothing() -> None:
    """Doubt is not evidence."""
    own = document("Backlog of orders | 20,317")
    doubtful = witness(("Backlog of orders", "20317"), review=True)
    assert find_identities(own.tables, own.bodies, own.meaning, [doubtful]) == []


def test_another_fact_of_the_witness_is_left_alone() -> None:
    """The same figure under other words is no tie-out."""
    own = document("Backlog of orders | 20,317")
    assert find_identities(own.tables, own.bodies, own.meaning, [witness(("Inventories", "20317"))]) == []


def test_visible_damage_in_a_text_puts_its_other_figures_in_doubt() -> None:
    """A text with impossible figures came out of a recogniser; a clean one is read with certainty."""
    place = out.TextPlace(line=1, start=0, end=1)

    def as_text(own: Statement) -> Statement:
        bodies = tuple(
            replace(b, figures=tuple(replace(f, place=place, confidence=1.0) for f in b.figures)) for b in own.bodies
        )
        return replace(own, bodies=bodies)

    clean = as_text(document("Cash | 20,317\nLand | 4,118"))
    damaged = as_text(document("Cash | 20,317\nLand | 0,118"))
    assert read_doubts(clean.bodies, clean.meaning) == {}
    doubts = read_doubts(damaged.bodies, damaged.meaning)
    assert 0 < doubts["t1.r0.c0"] < doubts["t1.r1.c0"]
    assert damaged.figures()["t1.r1.c0"].number.value == amount("118")


NINE, NINE_NEXT = (out.Duration(start=f"{year}-01-01", end=f"{year}-09-30") for year in (2010, 2011))
SIX, SIX_NEXT = (out.Duration(start=f"{year}-01-01", end=f"{year}-06-30") for year in (2010, 2011))
THIRD, THIRD_NEXT = (out.Duration(start=f"{year}-07-01", end=f"{year}-09-30") for year in (2010, 2011))
NINE_MONTHS = """
Research           | 1,888  | 1,565
Marketing          | 2,064  | 1,468
Administration     | 6,974  | 1,926
Total compensation | 10,926 | 4,959
"""
CUT = """
Research           | 61   | 505
Marketing          | 64   | 408
Administration     | 4,94 | 796
Total compensation | 6,21 | 1,709
"""
LABELS = [line.split("|")[0].strip() for line in CUT.strip().splitlines()]
SIX_MONTHS = dict(enumerate(map(amount, ("1271", "1417", "2027", "4715"))))
SIX_LATER = dict(enumerate(map(amount, ("1060", "1060", "1130", "3250"))))


def cut_off() -> Statement:
    """Nine months, and a quarter of which one column lost its last digits."""
    nine = statement(NINE_MONTHS, periods=(NINE, NINE_NEXT))
    return nine.beside(statement(CUT, periods=(THIRD, THIRD_NEXT), name="t2"))


def test_a_sound_year_tells_how_the_cut_column_beside_it_adds_up() -> None:
    """Nine months less the six of the witness is the quarter, in a column of which no figure is whole."""
    own = cut_off()
    half = result(SHA, LABELS, (SIX, SIX_MONTHS), (SIX_NEXT, SIX_LATER))
    identities = find_identities(own.tables, own.bodies, own.meaning, [half])
    # in so short a document sums that only round are not known to be rare
    outcome = repair_figures(own.bodies, own.meaning, identities, threshold=0.8)
    found = [outcome.figures[f"t2.r{row}.c0"] for row in range(4)]
    assert [str(figure.value) for figure in found] == ["617", "647", "4947", "6211"]
    assert {figure.status for figure in found} == {"repaired"}


def test_without_the_witness_the_cut_column_is_not_guessed() -> None:
    """What only another document can prove stays as read and needs review."""
    own = cut_off()
    outcome = repair_figures(own.bodies, own.meaning, find_identities(own.tables, own.bodies, own.meaning))
    found = [outcome.figures[f"t2.r{row}.c0"] for row in range(4)]
    assert all(figure.needs_review and figure.status != "repaired" for figure in found)
