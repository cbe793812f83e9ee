"""What a person says of a result: applied to it as a new version, kept, carried over to what a later engine reads."""

from worker.jobs.corrections.applying import apply_corrections, summarize
from worker.jobs.corrections.carrying import Carried, carry_over, keep
from worker.jobs.corrections.model import Anchor, Correction, Kept, Relation, RelationTerm

__all__ = [
    "Anchor",
    "Carried",
    "Correction",
    "Kept",
    "Relation",
    "RelationTerm",
    "apply_corrections",
    "carry_over",
    "keep",
    "summarize",
]
