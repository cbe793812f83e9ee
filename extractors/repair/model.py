"""What the arithmetic says of the figures: values, statuses, checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.amounts import Amount
from schemas.filing import Check, Finding, Grade, Repair, Rival, Status, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure after all evidence is weighed.

    Attributes:
        value, decimals, nil: as read, or as repaired.
        confidence: the probability (0-1) that ``value`` is what is printed. checks: ids of all checks it is part of.
    """

    value: Amount
    decimals: int
    nil: bool
    status: Status
    grade: Grade | None
    confidence: float
    needs_review: bool
    checks: tuple[str, ...]
    repair: Repair | None = None
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every figure judged, by id; the checks in the order of their totals; what a reader should know; the verdict."""

    figures: Mapping[str, Judged]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
