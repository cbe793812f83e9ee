"""Repairs and differences in words, for people."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.figures import ReadFigure
from extractors.footing.channel import bare, printed_form
from extractors.numbers import Style
from schemas.amounts import Amount, canonical, trimmed
from schemas.identities import Evaluation, Figures, Identity, key_of


def name_change(figure: ReadFigure, value: Amount, places: int, style: Style) -> str:
    """What became of the printed figure on its way, "lost decimal point" for example."""
    read, true = bare(figure.raw, style), printed_form(value, places)
    digits_read, digits_true = ("".join(c for c in text if c.isdigit()) for text in (read, true))
    if digits_read == digits_true or digits_read.lstrip("0") == digits_true.lstrip("0"):
        if "." in true and "." not in read:
            return "lost decimal point"
        if (value < 0) != (figure.number.value < 0):
            return "lost or added sign"
        return "misplaced mark"
    if sorted(digits_read) == sorted(digits_true):
        return "digits in another order"
    if digits_read.endswith(digits_true):
        return "a currency sign or mark read as a digit"
    if len(digits_read) == len(digits_true):
        return "misread digit"
    return "lost digit" if len(digits_read) < len(digits_true) else "added digit"


def write_identity(identity: Identity, figures: Figures) -> str:
    """An identity with its figures, as an accountant would write it: ``51,772 = 29,446 + 22,326``."""
    parts: list[str] = []
    for term in identity.terms:
        value = (term.printed or figures[key_of(term)]).value
        if term.weight < 0:
            value = -value
        sign = "-" if value < 0 else "+"
        parts.append(f"{sign} {_number(abs(value))}" if parts else _number(value))
    total = _number(figures[identity.total].value)
    if identity.divisor is None:
        return f"{total} = {_shortened(parts)}"
    factor = "" if identity.factor == 1 else f"{_number(identity.factor)} × "
    return f"{total} = {factor}{' '.join(parts)} / {_number(figures[identity.divisor].value)}"


def write_reason(change: str, identity: Identity, figures: Figures, check: str) -> str:
    """Why a repair is the only one, in one clause: what was lost and the identity that then holds."""
    return f"{change}; only so {write_identity(identity, figures)} ({check})"


def write_difference(identity: Identity, figures: Figures, state: Evaluation) -> str:
    """A broken check in one sentence."""
    return f"{write_identity(identity, figures)} does not hold: the difference is {trimmed(state.residual)}."


def _number(value: Amount) -> str:
    text = canonical(value)
    whole, point, places = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{places}"


def _shortened(parts: Sequence[str], most: int = 8) -> str:
    """The addends, the middle of a long sum left out."""
    if len(parts) <= most:
        return " ".join(parts)
    return " ".join([*parts[: most - 2], f"+ … ({len(parts) - most + 1} more)", parts[-1]])
