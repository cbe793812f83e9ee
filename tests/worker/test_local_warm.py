"""What is loaded before children are forked, and what is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from extractors.ocr import memory, recogniser
from worker.local import warm
from worker.local.inputs import find_inputs

SCAN = b"%PDF-1.4\n1 0 obj\n<< /Type /XObject /Subtype /Image /Width 9 >>\nstream\n"
TEXT = b"%PDF-1.4\n1 0 obj\n<< /Type /Font >>\nendobj\n2 0 obj\n<< /Type /XObject /Subtype /Image >>\n"


@pytest.mark.parametrize(
    ("heads", "loaded"),
    [
        ((SCAN, SCAN), ["extractors.ocr", "extractors.pdf", "extractors.convert"]),
        ((SCAN, TEXT), ["extractors.pdf", "extractors.convert"]),
        ((SCAN,), []),
        ((b"\x89PNG", b"\x89PNG"), ["extractors.ocr", "extractors.convert"]),
    ],
)
def test_what_two_documents_need_is_loaded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heads: tuple[bytes, ...], loaded: list[str]
) -> None:
    """The reader of scans is loaded for two scans, not for one nor for PDFs with type; one document waits for none."""
    asked: list[str] = []
    monkeypatch.setattr(warm, "warm_up", asked.extend)
    for number, head in enumerate(heads):
        (tmp_path / f"{number}.bin").write_bytes(head)
    warm.warm(find_inputs([str(tmp_path / f"{number}.bin") for number in range(len(heads))], None, tmp_path / "-")[0])
    assert asked == loaded


def test_the_recogniser_is_loaded_before_the_fork() -> None:
    """A child that is forked after the reader of scans was warmed up reads with its parent's recogniser."""
    script = (
        "import os, numpy\n"
        "from worker.local.warm import warm_up\n"
        "warm_up(['extractors.ocr', 'extractors.gone'])\n"
        "from extractors.ocr import recogniser\n"
        "assert recogniser.load.cache_info().currsize == 1\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    cells = [numpy.full((40, 100), 255, numpy.uint8)] * 3\n"
        "    os._exit(len(recogniser.load().read(cells)))\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 3


def test_reading_scans_imports_no_pandas() -> None:
    """Pytesseract would import pandas for tables that nobody asks for; whoever wants it afterwards gets it."""
    script = "import extractors.ocr, sys; assert 'pandas' not in sys.modules; import pandas; pandas.DataFrame"
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=60, env=dict(os.environ))
    assert done.returncode == 0


def test_memory_goes_back_after_every_fourth_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser gives back what its largest cells took, four times in sixteen pages, and reads on."""
    given: list[None] = []
    monkeypatch.setattr(recogniser.Recogniser, "give_back", lambda _: given.append(None))
    for number in range(1, 17):
        memory.give_back(number)
    assert len(given) == 4
