"""A machine that was set up has everything that is used, and the repository names everything that is set up.

What is missing here would not be missed elsewhere: a developer's machine has more than a fresh one, a typeface that is
not there is stood in for, and a library may come along with another until that one changes its mind.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from corpus import fonts

ROOT = Path(__file__).parents[2]
ROOMS = ("worker", "extractors", "schemas")
AROUND = ("corpus", "tests", "benchmarks")


def declared() -> tuple[set[str], set[str]]:
    """The distributions that the rooms may import, and those that everything around them may."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rooms = {_name(line) for line in project["dependencies"]}
    return rooms, rooms | {_name(line) for line in project["optional-dependencies"]["dev"]}


def _name(requirement: str) -> str:
    """``"psycopg[binary]==3.3.9"`` → ``"psycopg"``."""
    return re.split(r"[\[=]", requirement, maxsplit=1)[0].lower()


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("room", ROOMS + AROUND)
def test_what_is_imported_is_asked_for(room: str) -> None:
    """Every library that a room imports is a dependency of the project, not a guest of another library."""
    owners = packages_distributions()
    allowed = declared()[room in AROUND]
    ours = {*ROOMS, *AROUND}
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / room).rglob("*.py")
        for name in imported(path)
        if name not in sys.stdlib_module_names | ours
        and not {owner.lower().replace("_", "-") for owner in owners.get(name, ())} & allowed
    }
    assert not undeclared


def test_nothing_is_missing(tmp_path: Path) -> None:
    """``crossfoot doctor`` finds every program, language and package that it knows to be needed."""
    told = subprocess.run(
        [Path(sys.executable).with_name("crossfoot"), "doctor"],
        env={**os.environ, "CROSSFOOT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="the packages of typefaces are Debian's")
def test_no_typeface_is_stood_in_for() -> None:
    """Every typeface that the documents are set in is installed; a missing one would be replaced without a word."""
    files = {name for regular, bold, _ in fonts.FILES.values() for name in (regular, bold)}
    assert {name for name in files if not (fonts.ROOT / name).is_file()} == set()


def test_packages_that_doctor_advises_are_set_up() -> None:
    """Where doctor says which Debian package a program is from, set-up installs that package."""
    text = (ROOT / "worker" / "cli" / "doctor.py").read_text(encoding="utf-8")
    advised = set(re.findall(r'_program\("[^"]+", "[^"]+", "([^"]+)"', text))
    assert advised
    assert advised <= set((ROOT / "docker" / "system-packages.txt").read_text(encoding="ascii").splitlines())


def test_git_ignores_nothing_that_is_needed() -> None:
    """No file of ours is kept out of a clone by a line of .gitignore."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "-z", *ROOMS, *AROUND, "docker", ".ci"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    made = re.compile(r"__pycache__/|\.pyc$|^corpus/generated/|_cache/|\.hypothesis/|^$")
    assert [name for name in listed if not made.search(name)] == []
