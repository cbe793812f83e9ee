"""A document of very many figures: what it takes grows with them, and stays within the memory that texts are given."""

import random
import subprocess
import sys
from pathlib import Path

ROWS, COLUMNS = 1500, 20
# from its words to its JSON: 2.7 measured; 4.4 where each model has a set of its own and the words are kept
KILOBYTES_A_FIGURE = 3.4
SCRIPT = """
import resource, sys
from extractors.convert import convert
from schemas.filing import to_json
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
few, many = (open(path, "rb").read() for path in sys.argv[1:])
to_json(convert(few))
before = peak()
filing = convert(many)
to_json(filing)
print(sum(len(table.figures) for table in filing.tables), peak() - before)
"""


def test_memory_of_a_figure(tmp_path: Path) -> None:
    """Each takes so much and no more, so that a text of 400,000 fits into what the service gives one."""
    paths = (tmp_path / "few.txt", tmp_path / "many.txt")
    for path, rows in zip(paths, (20, ROWS), strict=True):
        path.write_text("".join(f"Item {row:<15}{_figures()}\n" for row in range(rows)))
    told = subprocess.run([sys.executable, "-c", SCRIPT, *paths], capture_output=True, text=True, check=True)
    figures, kilobytes = map(int, told.stdout.split())
    assert figures == ROWS * COLUMNS
    assert kilobytes / figures < KILOBYTES_A_FIGURE


def _figures() -> str:
    """A row of a table without rhyme or reason."""
    return "".join(f"{random.randrange(10, 99_999):>9,}" for _ in range(COLUMNS))
