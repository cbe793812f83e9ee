"""Stage: the cells of tables become figures and texts."""

from extractors.figures.model import Body, ReadFigure

__all__ = ["Body", "ReadFigure"]
