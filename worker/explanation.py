"""A figure of a result explained to a person: its checks as an accountant writes them, its rivals, or why no proof.

Everything comes from the result itself; each check is evaluated again, so what is printed is what the figures say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from schemas.amounts import Amount, amount, canonical, decimals_of, product, quotient, total, trimmed, whole
from schemas.errors import UnreadableError, UsageError
from schemas.filing import Check, Figure, Filing, HtmlPlace, PagePlace, Place, Rival, Table, Term, TextPlace
from schemas.identities import Evaluation, Printed, evaluate, key_of
from schemas.recheck import carried, identity_of, printed

_NAMED = 6  # figures named when one is asked for that is not there
_KINDS = {
    "foot": "a sum",
    "cross_foot": "a sum across columns or periods",
    "tie_out": "two printings that must agree",
    "roll_forward": "opening balance and changes",
    "ratio": "a quotient",
}
_VERDICTS = {"exact": "holds exactly", "rounding": "holds within rounding", "broken": "does not hold"}
_ORDER = tuple(_VERDICTS)
_MOST_NATS = 20.0  # beyond them a chance is nought in any reckoning
_WORDS = 60  # characters of a label


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a proof: sign, amount, what it is, and where."""

    sign: str
    amount: str
    label: str
    where: str


def explain_figure(filing: Filing, name: str) -> list[str]:
    """The lines that explain one figure.

    Raises:
        UsageError: the result holds no figure of that id.
        UnreadableError: a check names figures that the result does not hold.
    """
    return _Explanation(filing, name).lines()


def accounted(value: Amount, decimals: int, nil: bool = False) -> str:
    """A value as accountants write it: thousands apart, negatives in parentheses, a dash for a printed dash."""
    if nil:
        return "-"
    text = f"{abs(value):,.{decimals}f}"
    return f"({text})" if value < 0 else text


def place_in_words(place: Place | None) -> str:
    """Where a figure is printed."""
    if isinstance(place, PagePlace):
        left, top, right, bottom = place.bbox
        return f"page {place.page} at {left:g}-{right:g} x {top:g}-{bottom:g} pt"
    if isinstance(place, TextPlace):
        return f"line {place.line}, characters {place.start}-{place.end}"
    if isinstance(place, HtmlPlace):
        return f"HTML table {place.table}, row {place.row}, cell {place.cell}"
    return "nowhere"


class _Explanation:
    """One figure in its result."""

    def __init__(self, filing: Filing, name: str) -> None:
        self.filing = filing
        self.known: dict[str, tuple[Table, Figure]] = {
            figure.id: (table, figure) for table in filing.tables for figure in table.figures
        }
        if name not in self.known:
            raise UsageError(self._unknown(name))
        self.table, self.figure = self.known[name]
        self.checks = [
            check
            for check in filing.checks
            if name in {check.total, check.divisor, *(t.figure for t in check.terms if t.document is None)}
        ]

    def _unknown(self, name: str) -> str:
        """That there is no such figure, with some that are, those of the same row or table first."""
        if not self.known:
            return f"There is no figure {name!r}: this result holds none."
        parts = name.split(".")
        for length in range(len(parts), -1, -1):
            start = ".".join(parts[:length])
            near = [key for key in self.known if not length or key == start or key.startswith(f"{start}.")]
            if near:
                break
        more = ", …" if len(near) > _NAMED else ""
        return f"There is no figure {name!r} in this result; there is {', '.join(near[:_NAMED])}{more}."

    def lines(self) -> list[str]:
        found = [*self._head()]
        ranked = sorted(self.checks, key=lambda check: _ORDER.index(self._evaluated(check).verdict))
        for check in ranked:
            found += ["", *self._proof(check)]
        found += ["", *self._verdict()]
        return found

    # --- the figure itself ------------------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        figure = self.figure
        value = accounted(amount(figure.value), figure.decimals, figure.nil)
        yield f"{figure.id}  {value}  ({_unit(figure)})"
        yield f"  {self._label(figure)}"
        heads = self._heads(figure)
        title = self.table.title or f"table {self.table.id}"
        yield f"  {title}{', ' if heads else ''}{heads}"
        yield f"  printed as {figure.raw!r}, {place_in_words(figure.place)}" if figure.raw else "  nothing is printed"
        grade = f", {figure.grade}" if figure.grade else ""
        review = ", needs review" if figure.needs_review else ""
        yield f"  {figure.status}{grade}, confidence {figure.confidence:.4f}{review}"

    def _label(self, figure: Figure) -> str:
        table = self.known[figure.id][0]
        row = next((row for row in table.rows if row.index == figure.row), None)
        words = [text for text in (*row.path, row.label) if text] if row else []
        return " > ".join(words) or f"row {figure.row}, without a label"

    def _heads(self, figure: Figure) -> str:
        table = self.known[figure.id][0]
        column = next((column for column in table.columns if column.index == figure.column), None)
        return " / ".join(column.heads) if column else ""

    # --- the checks -------------------------------------------------------------------------------------------------

    def _figures(self, check: Check, changed: Mapping[str, Printed] | None = None) -> dict[str, Printed]:
        """The members of a check as the arithmetic sees them, some of them otherwise."""
        names = [check.total, *(t.figure for t in check.terms if t.document is None)]
        names += [check.divisor] if check.divisor else []
        missing = [name for name in names if name not in self.known]
        if missing:
            raise UnreadableError(f"{check.id} refers to {missing[0]}, which is no figure of this result.")
        found = {name: printed(self.known[name][1]) for name in names}
        for term, addend in zip(check.terms, identity_of(check).terms, strict=True):
            if term.document is not None:
                found[key_of(addend)] = carried(term)
        return {**found, **(changed or {})}

    def _evaluated(self, check: Check, changed: Mapping[str, Printed] | None = None) -> Evaluation:
        try:
            return evaluate(identity_of(check), self._figures(check, changed))
        except ZeroDivisionError:
            return Evaluation(amount(check.residual), amount(check.tolerance), "broken")

    def _proof(self, check: Check) -> Iterator[str]:
        """A check with its members, each with label and place, and what is left."""
        state = self._evaluated(check)
        yield f"{check.id}: {_KINDS[check.kind]}, {_VERDICTS[state.verdict]}"
        lines = [self._term(term, first=not place) for place, term in enumerate(check.terms)]
        if check.divisor:
            lines.append(self._own("/", check.divisor))
        if check.factor != "1":
            lines.append(_Line("x", f"{amount(check.factor):,f}", _factor(check), ""))
        wide = max(len(line.amount) for line in [*lines, self._own("=", check.total)])
        for line in lines:
            yield _set(line, wide)
        yield f"      {'-' * (wide + 2)}"
        yield _set(self._own("=", check.total), wide)
        reached, places = self._reached(check), self._places(check)
        if state.verdict == "exact":
            yield f"      residual 0{self._luck(check, state)}"
        else:
            yield (
                f"      computed {accounted(round(reached, places), places)}, residual {trimmed(state.residual)}; "
                f"rounding explains up to {trimmed(state.tolerance)}{self._luck(check, state)}"
            )
        if check.evidence is not None:
            yield f"      {_believed(check.evidence)}"

    def _luck(self, check: Check, state: Evaluation) -> str:
        """How rarely an unrelated total would hold as well: by its significant digits, or by what rounding allows."""
        reached = abs(amount(self.known[check.total][1].value))
        if state.verdict == "broken" or not reached:
            return ""
        if state.verdict == "exact":
            once = 10 ** len(canonical(reached).replace(".", "").strip("0"))
        else:
            once = int(quotient(reached, product(whole(2), state.tolerance))) if state.tolerance else 0
        return f"; by chance once in {once:,}" if once > 1 else ""

    def _own(self, sign: str, name: str) -> _Line:
        """A figure of this result as a line."""
        figure = self.known[name][1]
        value = accounted(amount(figure.value), figure.decimals, figure.nil)
        label = _short(self._label(figure))
        if self._heads(figure) != self._heads(self.figure):
            label += f" [{_short(self._heads(figure))}]"
        mark = "  <" if name == self.figure.id else ""
        return _Line(sign, value, label, f"{name}, {place_in_words(figure.place)}{mark}")

    def _term(self, term: Term, *, first: bool) -> _Line:
        weight = amount(term.weight)
        sign = "-" if weight < 0 else "" if first else "+"
        if term.document is not None:
            held = carried(term)
            value = accounted(held.value, held.decimals)
            line = _Line(sign, value, "in another document", f"{term.figure} of {term.document[:12]}…")
        else:
            line = self._own(sign, term.figure)
        return line if abs(weight) == 1 else replace(line, sign=f"{sign}{abs(weight):f} x".strip())

    def _reached(self, check: Check) -> Amount:
        """What the terms make."""
        figures, identity = self._figures(check), identity_of(check)
        summed = total([product(term.weight, figures[key_of(term)].value) for term in identity.terms])
        if identity.divisor is None:
            return product(identity.factor, summed)
        return product(identity.factor, quotient(summed, figures[identity.divisor].value))

    def _places(self, check: Check) -> int:
        shown = max(figure.decimals for figure in self._figures(check).values())
        return self.known[check.total][1].decimals + 4 if check.divisor else shown

    # --- what follows -----------------------------------------------------------------------------------------------

    def _verdict(self) -> Iterator[str]:
        status = self.figure.status
        if status == "confirmed":
            yield from self._confirmed()
        elif self.figure.repair is not None:
            yield from self._repaired()
        elif status == "proved":
            yield from self._proved()
        elif status == "conflict":
            yield "No proof, in conflict: a check does not hold, and this figure is among those that may be misread."
        else:
            yield from self._unproved()
        if self.figure.repair is None and self.figure.rivals:
            yield "Other readings:"
            yield from self._rivals(self.figure.rivals)
        for finding in self.filing.findings:
            if self.figure.id in finding.figures:
                yield f"Finding {finding.code}: {finding.message}"

    def _confirmed(self) -> Iterator[str]:
        yield "Confirmed: a person said that this is what is printed."
        repair = self.figure.repair
        if repair is not None and repair.read_as is not None:
            yield f"Read before as {repair.read_as} ({repair.reason}): {self._effect(amount(repair.read_as))}."

    def _proved(self) -> Iterator[str]:
        held = [check for check in self.checks if self._evaluated(check).verdict != "broken"]
        broken = len(self.checks) - len(held)
        also = f"; {_count(broken, 'check')} of it {'does' if broken == 1 else 'do'} not hold" if broken else ""
        yield f"Proved by {', '.join(check.id for check in held)}{also}."

    def _repaired(self) -> Iterator[str]:
        repair = self.figure.repair
        if repair is None:
            return
        yield f"Repaired: {repair.reason}."
        if repair.read_as is not None:
            yield f"As read, {self._effect(amount(repair.read_as))}."
        if repair.rivals:
            yield "Rivals, and why they lost:"
            yield from self._rivals(repair.rivals)
        else:
            yield "No other reading comes near."

    def _rivals(self, rivals: Sequence[Rival]) -> Iterator[str]:
        for rival in rivals:
            value = amount(rival.value)
            shown = accounted(value, max(decimals_of(value), self.figure.decimals))
            yield f"  {shown} (probability {rival.probability:.4f}): {self._effect(value)}"

    def _effect(self, value: Amount) -> str:
        """What another value of the figure would do to its checks."""
        if not self.checks:
            return "no check could tell"
        read = {self.figure.id: Printed(value, max(decimals_of(value), self.figure.decimals))}
        broken, held = [], []
        for check in self.checks:
            state = self._evaluated(check, read)
            if state.verdict == "broken":
                broken.append(f"{check.id} would be off by {trimmed(state.residual)}")
            else:
                held.append(check.id)
        if not broken:
            return f"{', '.join(held)} would hold too; the printed form speaks less for it"
        return "; ".join(broken) + (f"; {', '.join(held)} would hold" if held else "")

    def _unproved(self) -> Iterator[str]:
        """Why nothing vouches for the figure."""
        if not self.checks:
            yield "No proof: no sum, balance, quotient or second printing in this document takes it in."
            return
        held = [check for check in self.checks if self._evaluated(check).verdict != "broken"]
        if not held:
            yield f"No proof: {', '.join(check.id for check in self.checks)} would prove it, but none holds."
        elif all(check.kind == "ratio" and check.total != self.figure.id for check in held):
            yield "No proof: a quotient has too few digits to vouch for the figures it comes from."
        elif self.figure.nil or not amount(self.figure.value):
            yield "No proof: noughts that sum to nought prove nothing."
        elif self.figure.unit == "percent" or self.figure.unit.endswith("/shares"):
            yield "No proof: a sum of percents or of per-share figures never proves alone; too many agree by chance."
        else:
            yield "No proof: what holds leans on figures that are themselves repaired or in doubt."


def _set(line: _Line, wide: int) -> str:
    return f"  {line.sign:>3} {line.amount:>{wide}}   {line.label}  ({line.where})".replace("  ()", "")


def _short(text: str) -> str:
    return text if len(text) <= _WORDS else f"…{text[1 - _WORDS :]}"


def _unit(figure: Figure) -> str:
    if figure.scale == 1:
        return figure.unit
    return f"{figure.unit} x {figure.scale:,}"


def _factor(check: Check) -> str:
    return "as a percentage" if check.factor == "100" else "difference of scale"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _believed(evidence: float) -> str:
    """How surely a relation is meant: over all rows or columns, with its labels."""
    once = 1.0 + exp(min(max(evidence, 0.0), _MOST_NATS))
    sure = f"a coincidence once in {once:,.0f}" if evidence < _MOST_NATS else "no coincidence"
    return f"the relation is believed at {evidence:.1f} nats: {sure}"
