"""Identities: pure arithmetic on printed figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.amounts import amount
from schemas.identities import Addend, Identity, Printed, evaluate


def figures(**values: str) -> dict[str, Printed]:
    """Printed figures by name; the decimals are those of the string."""
    return {k: Printed(amount(v), len(v.partition(".")[2])) for k, v in values.items()}


def foot(total: str, *terms: str) -> Identity:
    """Total = sum of the terms."""
    return Identity("foot", total, tuple(Addend(term) for term in terms))


def test_a_sum_that_closes_is_exact() -> None:
    """29,446 + 22,326 = 51,772."""
    held = evaluate(foot("t", "a", "b"), figures(a="29446", b="22326", t="51772"))
    assert held.verdict == "exact"
    assert held.residual == 0


def test_a_sum_off_by_one_is_rounding() -> None:
    """Three figures in whole units leave 1.5 to rounding."""
    held = evaluate(foot("t", "a", "b"), figures(a="10", b="20", t="31"))
    assert held.verdict == "rounding"
    assert held.residual == 1
    assert held.tolerance == amount("1.5")


def test_a_dash_does_not_widen_the_tolerance() -> None:
    """A printed dash is an exact nought."""
    known = figures(a="10", t="11") | {"b": Printed(amount("0"), 0, nil=True)}
    assert evaluate(foot("t", "a", "b"), known).tolerance == 1
    assert evaluate(foot("t", "a", "b"), known | figures(t="12")).verdict == "broken"


def test_earnings_per_share() -> None:
    """-5,934 / 278,400 prints as (0.02), and (0.20) does not hold."""
    eps = Identity("ratio", "eps", (Addend("income"),), divisor="shares")
    known = figures(income="-5934", shares="278400", eps="-0.02")
    assert evaluate(eps, known).verdict == "rounding"
    assert evaluate(eps, known | figures(eps="-0.20")).verdict == "broken"


def test_a_ratio_without_divisor_raises() -> None:
    """Division by a printed nought is the caller's mistake."""
    with pytest.raises(ZeroDivisionError):
        evaluate(Identity("ratio", "p", (Addend("a"),), divisor="b"), figures(p="1", a="1", b="0"))


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8), st.randoms())
def test_the_order_of_addends_is_irrelevant(values: list[int], random: object) -> None:
    """A sum is the same read from the top or from the bottom."""
    known = {f"a{i}": Printed(amount(str(v)), 0) for i, v in enumerate(values)} | {"t": Printed(amount("7"), 0)}
    names = [f"a{i}" for i in range(len(values))]
    shuffled = list(reversed(names))
    assert evaluate(foot("t", *names), known) == evaluate(foot("t", *shuffled), known)


def test_the_chance_of_a_coincidence_falls_with_the_evidence() -> None:
    """No evidence leaves an even chance; ten nats leave one in twenty thousand; much more does not overflow."""
    chances = [Identity("foot", "t", (), evidence=nats).coincidence for nats in (0.0, 10.0, 10_000.0)]
    assert chances[0] == 0.5
    assert 4e-5 < chances[1] < 5e-5
    assert 0.0 <= chances[2] < 1e-200
