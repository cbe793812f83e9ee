"""Convert a folder of documents with truth and print how much of it comes out right, per variant.

    python benchmarks/filings.py FILINGS SCORER_DIR [--variant html pdf ...] [--docs ID ...] [--jobs 2] [--no-repair]

FILINGS holds ``<id>/document.html``, ``document.pdf``, ``scan300.pdf``, … and ``truth.json`` (``python -m
corpus.generate corpus`` writes such folders). SCORER_DIR holds ``predictions.py`` and ``score.py``, which need numpy
and rapidfuzz: they run under ``--python``, this interpreter by default.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = {
    "html": "document.html",
    "pdf": "document.pdf",
    "txt": "document.txt",
    "scan300": "scan300.pdf",
    "scan200": "scan200.pdf",
    "fax": "fax.pdf",
}


def main() -> int:
    """Run the three programs one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filings", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--variant", nargs="*", default=list(FILES), choices=list(FILES))
    parser.add_argument("--docs", nargs="*")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--no-repair", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--keep", type=Path, help="keep results and predictions in this folder")
    parser.add_argument("--show", help="list the wrong cells of one document")
    options = parser.parse_args()
    work = options.keep or Path(tempfile.mkdtemp(prefix="crossfoot-bench-"))
    chosen = _selection(options, work / "documents")
    results, predictions = work / "results", work / "predictions"
    for folder in (results, predictions):
        shutil.rmtree(folder, ignore_errors=True)
    crossfoot = Path(sys.executable).with_name("crossfoot")
    extra = ["--no-repair"] if options.no_repair else []
    subprocess.run([crossfoot, "convert", chosen, "-o", results, "--jobs", options.jobs, *extra], check=False)
    subprocess.run([options.python, options.scorer / "predictions.py", results, predictions], check=True)
    show = ["--show", options.show] if options.show else []
    docs = ["--docs", *options.docs] if options.docs else []
    score = [options.python, options.scorer / "score.py", predictions, options.filings, "--brief"]
    finished = subprocess.run([*score, "--variant", *options.variant, *docs, *show], check=False)
    if not options.keep:
        shutil.rmtree(work, ignore_errors=True)
    return finished.returncode


def _selection(options: argparse.Namespace, chosen: Path) -> Path:
    """The chosen documents and variants as links in a folder of the same shape."""
    shutil.rmtree(chosen, ignore_errors=True)
    for folder in sorted(path.parent for path in options.filings.glob("*/truth.json")):
        if options.docs and folder.name not in options.docs:
            continue
        for variant in options.variant:
            source = folder / FILES[variant]
            if source.exists():
                (chosen / folder.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, chosen / folder.name / source.name)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
