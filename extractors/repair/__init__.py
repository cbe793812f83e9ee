"""Stage: checks are evaluated, broken ones repaired where only one reading closes them, every figure judged."""

from extractors.repair.model import Judged, Outcome
from extractors.repair.repairing import THRESHOLD, repair_figures

__all__ = ["THRESHOLD", "Judged", "Outcome", "repair_figures"]
