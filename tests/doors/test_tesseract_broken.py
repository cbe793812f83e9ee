"""Tesseract missing, crashing, hanging, writing rubbish or nothing: each is one clear error or finding."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from extractors.ocr import engines, read_image, recogniser, tesseract
from extractors.page import DEFAULT
from schemas.errors import LimitError, MissingProgramError
from tests.fakes.scans import draw, encode

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
VERSION = 'if [ "$1" = "--version" ]; then echo "tesseract 5.3.0"; exit 0; fi'
Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a shell script called tesseract first on the path; temporary files go to a folder of their own."""
    programs, temporary = tmp_path / "bin", tmp_path / "temporary"
    programs.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def write(body: str) -> Path:
        script = programs / "tesseract"
        script.write_text(f"#!/bin/sh\n{VERSION}\n{body}\n")
        script.chmod(0o755)
        return temporary

    return write


def page() -> bytes:
    return encode(draw())


def test_missing_tesseract_is_a_missing_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tesseract on the path the command ends with status 7 and says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match="apt-get install tesseract-ocr") as caught:
        read_image(page(), DEFAULT)
    assert caught.value.exit_status == 7


def test_missing_language_is_a_missing_program(install: Install) -> None:
    """A language that is not installed is named in the error, not taken for a damaged page."""
    install("echo \"Failed loading language 'xyz'\" >&2; exit 1")
    with pytest.raises(MissingProgramError, match="xyz"):
        read_image(page(), DEFAULT)


def test_missing_model_is_a_missing_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the recogniser's model file the error names it and the status is 7."""
    recogniser.load.cache_clear()
    monkeypatch.setattr(recogniser, "_MODEL", Path("models") / "gone.onnx")
    with pytest.raises(MissingProgramError, match=r"gone\.onnx") as caught:
        read_image(page(), DEFAULT)
    assert caught.value.exit_status == 7


def test_a_damaged_model_is_a_missing_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model file that is none is refused with one clear sentence."""
    recogniser.load.cache_clear()
    model = tmp_path / "model.onnx"
    model.write_bytes(b"not a model" * 100)
    monkeypatch.setattr(recogniser, "model_path", lambda: model)
    with pytest.raises(MissingProgramError, match="cannot be loaded"):
        read_image(page(), DEFAULT)


def test_a_crash_becomes_a_finding_of_the_page(install: Install) -> None:
    """A tesseract that dies leaves an unread page with an error, and no temporary file."""
    temporary = install('echo "Segmentation fault" >&2; exit 139')
    document = read_image(page(), DEFAULT)
    assert [(finding.code, finding.severity) for finding in document.findings] == [("unread_page", "error")]
    assert "139" in document.findings[0].message
    assert list(temporary.iterdir()) == []


def test_a_hang_is_stopped(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tesseract that never ends is killed after the time allowed, and leaves no temporary file."""
    monkeypatch.setattr(tesseract, "SECONDS", 1)
    temporary = install("exec sleep 600")
    with pytest.raises(LimitError) as caught:
        read_image(page(), DEFAULT)
    assert caught.value.problem_code == "E_LIMIT.time"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (r"""printf '\377\376\n' > "$2.tsv" """, "UTF-8"),
        ("exit 0", "without writing"),
        (': > "$2.tsv"', "no table"),
        (f"""printf '{HEADER}\\n5\\t1\\t1\\t1\\t1\\t1\\t10\\t2' > "$2.tsv" """, "broken off"),
        (f"""printf '{HEADER}\\n' > "$2.tsv" """, "no word"),
    ],
    ids=["bad UTF-8", "nothing written", "empty file", "broken off", "no word in spite of ink"],
)
def test_rubbish_becomes_a_finding_of_the_page(install: Install, body: str, cause: str) -> None:
    """Output that is no table of words is an error finding that names the cause; nothing is read out of it."""
    temporary = install(body)
    document = read_image(page(), DEFAULT)
    assert [finding.code for finding in document.findings] == ["unread_page"]
    assert cause in document.findings[0].message
    assert document.pages[0].words == ()
    assert list(temporary.iterdir()) == []


def test_one_bad_page_does_not_lose_the_others(install: Install, tmp_path: Path) -> None:
    """When tesseract fails on the second of two pages the first keeps its words."""
    count = tmp_path / "count"
    line = "5\\t1\\t1\\t1\\t1\\t1\\t120\\t120\\t300\\t30\\t96\\tRevenue"
    install(
        f'echo x >> {count}; if [ "$(wc -l < {count})" -gt 1 ]; then exit 3; fi\n'
        f"""printf '{HEADER}\\n{line}\\n' > "$2.tsv" """
    )
    document = read_image(encode(draw(), draw()), DEFAULT)
    assert any(word.text == "Revenue" for word in document.pages[0].words)
    assert [finding.message[:7] for finding in document.findings] == ["Page 2:"]


def test_only_own_images_are_handed_over(install: Install, tmp_path: Path) -> None:
    """Tesseract gets an absolute path to a PGM written here, one thread and the C locale; our own stay as they were."""
    seen = tmp_path / "seen"
    install(f'{{ head -c 2 "$1"; echo; echo "$1"; echo "$OMP_THREAD_LIMIT $LC_ALL"; }} > {seen}; exit 1')
    before = {name: os.environ.get(name) for name in ("OMP_THREAD_LIMIT", "LC_ALL")}
    read_image(page(), DEFAULT)
    magic, path, environment = seen.read_text().splitlines()
    assert (magic, Path(path).is_absolute(), Path(path).suffix) == ("P5", True, ".pgm")
    assert environment == "1 C"
    assert {name: os.environ.get(name) for name in before} == before


def test_versions_name_both_readers() -> None:
    """The engines of a scan are tesseract and the recogniser, each with a version."""
    versions = engines()
    assert set(versions) == {"tesseract", "recogniser"}
    assert all(any(sign.isdigit() for sign in version) for version in versions.values())


def test_a_program_that_hides_its_version_is_refused(install: Install, tmp_path: Path) -> None:
    """A tesseract that answers nonsense when asked for its version is a missing program."""
    install("exit 0")
    (tmp_path / "bin" / "tesseract").write_text("#!/bin/sh\necho nonsense\n")
    with pytest.raises(MissingProgramError):
        engines()


def test_a_page_whose_way_up_takes_too_long_is_read_as_it_lies(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the question for the way up hangs, the words are asked for all the same."""
    monkeypatch.setattr(tesseract, "SECONDS", 2)
    line = "5\\t1\\t1\\t1\\t1\\t1\\t120\\t120\\t300\\t30\\t96\\tRevenue"
    install(f"""case "$*" in *"psm 0"*) exec sleep 600;; esac; printf '{HEADER}\\n{line}\\n' > "$2.tsv" """)
    document = read_image(encode(np.ascontiguousarray(np.rot90(draw()))), DEFAULT)
    assert any(word.text == "Revenue" for word in document.pages[0].words)
