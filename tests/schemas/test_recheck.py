"""What a result says of itself is held against its own figures; each claim that they do not bear out is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from extractors.convert import convert
from schemas.filing import from_json, to_json
from schemas.recheck import recheck

PAGE = (
    "<table><tr><td></td><td>2011</td><td>2010</td></tr><tr><td>Cash</td><td>412</td><td>388</td></tr>"
    "<tr><td>Receivables</td><td>1,205</td><td>1,190</td></tr><tr><td>Inventories</td><td>877</td><td>903</td></tr>"
    "<tr><td>Total current assets</td><td>2,494</td><td>2,481</td></tr><tr><td>Staff</td><td>41</td><td>39</td></tr>"
    "</table>"
)


def result() -> dict[str, Any]:
    """A small result as JSON, two columns of it proved by their sums."""
    made: dict[str, Any] = json.loads(to_json(convert(PAGE.encode())))
    assert [check["verdict"] for check in made["checks"]] == ["exact", "exact"]
    return made


def figures(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of its table."""
    held: list[dict[str, Any]] = made["tables"][0]["figures"]
    return held


def test_an_untouched_result_is_borne_out() -> None:
    """Nothing is said of a result as it was written."""
    assert recheck(from_json(json.dumps(result()).encode())) == []


def _value(made: dict[str, Any]) -> None:
    figures(made)[0]["value"] = "512"


def _stranger(made: dict[str, Any]) -> None:
    figures(made)[-1].update(status="proved", grade="exact", checks=["k1"])


def _unknown(made: dict[str, Any]) -> None:
    figures(made)[0]["checks"] = ["k9"]


def _twice(made: dict[str, Any]) -> None:
    figures(made).append(figures(made)[0] | {"value": "1", "status": "unchecked", "grade": None, "checks": []})


def _tolerance(made: dict[str, Any]) -> None:
    made["checks"][0]["tolerance"] = "99999"


def _residual(made: dict[str, Any]) -> None:
    made["checks"][0]["residual"] = "1"


def _check_verdict(made: dict[str, Any]) -> None:
    made["checks"][0]["verdict"] = "rounding"


def _term(made: dict[str, Any]) -> None:
    made["checks"][0]["terms"][0]["figure"] = "t9.r0.c0"


def _verdict(made: dict[str, Any]) -> None:
    made["verdict"] = "unproved"


def _repaired(made: dict[str, Any]) -> None:
    figures(made)[0]["status"] = "repaired"


def _conflict(made: dict[str, Any]) -> None:
    figures(made)[-1].update(status="conflict", needs_review=False)


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (_value, "the figures say broken"),
        (_stranger, "takes no part"),
        (_unknown, "does not hold"),
        (_twice, "stands 2 times"),
        (_tolerance, "says tolerance 99999"),
        (_residual, "says residual 1"),
        (_check_verdict, "says rounding"),
        (_term, "no figure of this result"),
        (_verdict, "says unproved"),
        (_repaired, "does not say from what"),
        (_conflict, "not up for review"),
    ],
)
def test_a_claim_that_the_figures_do_not_bear_out_is_said(tamper: Callable[[dict[str, Any]], None], said: str) -> None:
    """Whatever was changed by hand or by another program is named."""
    made = result()
    tamper(made)
    found = recheck(from_json(json.dumps(made).encode()))
    assert any(said in discrepancy.message for discrepancy in found), found


@pytest.mark.parametrize(("key", "value"), [("decimals", 10**12), ("value", "\u0661\u0662\u0663"), ("value", "1e5")])
def test_figures_that_no_arithmetic_takes_are_no_result(key: str, value: object) -> None:
    """Places without end, other digits and exponents are refused where the file is read."""
    made = result()
    figures(made)[0][key] = value
    with pytest.raises(ValidationError):
        from_json(json.dumps(made).encode())
