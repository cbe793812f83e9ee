"""Documents of our own making, generated once and converted once for all tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from corpus.generate import main as generate
from schemas.filing import Filing, from_json

CROSSFOOT = Path(sys.executable).with_name("crossfoot")
SEED = 7


@dataclass(frozen=True, slots=True)
class Converted:
    """A folder of documents and the folder of their results, file by file under the same name."""

    documents: Path
    results: Path

    def filing(self, name: str) -> Filing:
        """The result of a document, validated against the models."""
        return from_json((self.results / f"{name}.json").read_bytes())

    def truth(self, folder: str) -> dict[str, Any]:
        """The truth beside a document."""
        loaded: dict[str, Any] = json.loads((self.documents / folder / "truth.json").read_text(encoding="utf-8"))
        return loaded


def convert(documents: Path, results: Path, *options: str, cwd: Path | None = None, **environment: str) -> int:
    """Run ``crossfoot convert`` as a person would; the exit status."""
    command = [str(CROSSFOOT), "convert", str(documents), "-o", str(results), *options]
    finished = subprocess.run(
        command, env={**os.environ, **environment}, cwd=cwd, check=False, capture_output=True, timeout=600
    )
    return finished.returncode


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The documents of the demo, converted."""
    folder = tmp_path_factory.mktemp("demo")
    generate(["demo", str(folder / "documents")])
    convert(folder / "documents", folder / "results", "--jobs", "2")
    return Converted(folder / "documents", folder / "results")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Generated filings as HTML, PDF and text, converted; one of them as a scan."""
    folder = tmp_path_factory.mktemp("corpus")
    base = ["corpus", str(folder / "documents"), "--seed", str(SEED)]
    generate([*base, "--count", "8", "--variants", "html", "pdf", "txt"])
    convert(folder / "documents", folder / "results", "--jobs", "2")
    return Converted(folder / "documents", folder / "results")
