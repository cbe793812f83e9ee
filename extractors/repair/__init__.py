"""Stage: checks are evaluated, broken ones repaired where only one reading closes them, every figure judged."""

from extractors.repair.model import Judged, Outcome
from extractors.repair.proving import prove_figures
from extractors.repair.repairing import THRESHOLD, repair_figures
from extractors.repair.views import find_relations

__all__ = ["THRESHOLD", "Judged", "Outcome", "find_relations", "prove_figures", "repair_figures"]
