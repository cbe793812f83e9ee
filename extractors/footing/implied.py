"""What tables and documents say of a figure that is not legible: the same fact, or longer periods less the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from extractors.footing.facts import Fact, Name, Sheet
from extractors.footing.periods import split_periods
from schemas.amounts import Amount, total
from schemas.filing import Duration, Period


def find_implied(own: Sequence[Sheet], others: Sequence[Sheet], blanks: frozenset[str]) -> Iterator[tuple[str, Amount]]:
    """Ids of blank figures with the values that facts imply, one for each way.

    Args:
        own: the tables of the document, its blanks among the facts. others: those of its witnesses.
    """
    sheets = [*own, *others]
    durations = {p for sheet in sheets for p in sheet.periods if isinstance(p, Duration)}
    splits = split_periods(durations)
    for sheet in own:
        for name, period, fact in sheet.facts():
            if fact.figure not in blanks or fact.document is not None:
                continue
            known = _Known(sheets, name, fact, blanks)
            yield from ((fact.figure, value) for value in known.values(period))
            for longest, parts in splits:
                if period == longest:
                    yield from ((fact.figure, value) for value in known.summed(parts))
                elif period in parts:
                    rest = tuple(part for part in parts if part != period)
                    left = [whole - part for whole in known.values(longest) for part in known.summed(rest)]
                    yield from ((fact.figure, value) for value in left)


class _Known:
    """The facts of one name that are legible."""

    def __init__(self, sheets: Sequence[Sheet], name: Name, fact: Fact, blanks: frozenset[str]) -> None:
        self.sheets, self.name, self.fact, self.blanks = sheets, name, fact, blanks

    def values(self, period: Period) -> list[Amount]:
        """What is printed for a period, each value once."""
        facts = [sheet.like(self.name, period, self.fact) for sheet in self.sheets]
        legible = [f for f in facts if f is not None and not (f.document is None and f.figure in self.blanks)]
        return list(dict.fromkeys(fact.value for fact in legible))

    def summed(self, parts: Sequence[Period]) -> list[Amount]:
        """The sum over periods, where each is printed with one value."""
        every = [self.values(part) for part in parts]
        return [total([values[0] for values in every])] if all(len(values) == 1 for values in every) else []
