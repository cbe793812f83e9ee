"""Stage: the cells of tables become figures and texts."""

from extractors.figures.model import Body, ReadFigure
from extractors.figures.reading import read_figures

__all__ = ["Body", "ReadFigure", "read_figures"]
