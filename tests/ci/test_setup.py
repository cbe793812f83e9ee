"""The set-up script and the pins: what a fresh machine gets, and what a second run does not do again."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    line
    for name in ("system-packages.txt", "system-packages-corpus.txt", "system-packages-tests.txt")
    for line in (ROOT / "docker" / name).read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
}
# programs that write down how they were called; a fake python makes a fake .venv
FAKES = {
    "apt-get": """echo "apt-get $*" >>"$LOG"
        { true <&9; } 2>/dev/null && echo "holds the lock" >>"$LOG"
        exit ${APT:-0}""",
    "sudo": 'echo "sudo" >>"$LOG"; exec "$@"',
    "id": 'echo "${FAKE_UID:-0}"',
    "dpkg-query": 'case " $MISSING " in *" ${@: -1} "*) exit 1;; *) printf "install ok installed";; esac',
    "python3": """case "$*" in
        -V) echo "Python ${FAKE_VERSION:-3.11.2}";;
        -c*) exit "${TOO_OLD:-0}";;
        *venv*) echo venv >>"$LOG"; mkdir -p .venv/bin
            printf '#!/bin/bash\\necho "${@: 1:3}" >>"$LOG"; exit "${PIP:-0}"\\n' >.venv/bin/python
            printf '#!/bin/bash\\n' >.venv/bin/crossfoot; chmod +x .venv/bin/*;;
        esac""",
}


@dataclass
class Machine:
    """A copy of what set-up reads, in a folder, on a machine where outside programs only write down their calls."""

    folder: Path

    def setup(self, **environment: str) -> tuple[int, list[str], str]:
        """Run it: its status, the calls of outside programs, what it said."""
        log = self.folder / "log"
        log.write_text("", encoding="ascii")
        path = f"{self.folder / 'fakes'}:/usr/bin:/bin"
        variables = {"PATH": path, "LOG": str(log), "MISSING": "", **environment}
        said = subprocess.run(
            [".ci/setup"], cwd=self.folder, env=variables, capture_output=True, text=True, check=False
        )
        return said.returncode, log.read_text(encoding="ascii").splitlines(), said.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing is set up yet."""
    lists = [f"docker/system-packages{kind}.txt" for kind in ("", "-corpus", "-tests")]
    for name in (".ci/setup", *lists):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text("", encoding="ascii")
    (tmp_path / "fakes").mkdir()
    for name, body in FAKES.items():
        program = tmp_path / "fakes" / name
        program.write_text(f"#!/bin/bash\n{body}\n", encoding="ascii")
        program.chmod(0o755)
    return Machine(tmp_path)


def test_a_fresh_machine_gets_everything(machine: Machine) -> None:
    """Missing packages are installed, and only those; then the virtual environment with hashed pins."""
    status, calls, _ = machine.setup(MISSING="tesseract-ocr python3-venv")
    assert status == 0
    assert calls[0] == "apt-get update -q"
    assert calls[1].endswith("--no-install-recommends python3-venv tesseract-ocr")
    assert calls[2:] == ["venv", "-m pip install", "-m pip install"]


def test_a_second_run_does_nothing(machine: Machine) -> None:
    """Where nothing has changed, neither apt nor pip is asked."""
    machine.setup(MISSING="tesseract-ocr")
    assert machine.setup() == (0, [], "")


def test_an_empty_virtual_environment_is_filled(machine: Machine) -> None:
    """A folder .venv that holds nothing is as good as none."""
    (machine.folder / ".venv").mkdir()
    assert machine.setup()[1][0] == "venv"


def test_a_failure_is_made_good_by_the_next_run(machine: Machine) -> None:
    """Where pip fails half way, set-up fails, and the next run takes it up again."""
    status, calls, _ = machine.setup(PIP="1")
    assert (status, calls) == (1, ["venv", "-m pip install"])
    status, calls, _ = machine.setup()
    assert status == 0
    assert calls[-2:] == ["-m pip install", "-m pip install"]
    assert machine.setup() == (0, [], "")


def test_packages_that_cannot_be_installed_stop_set_up(machine: Machine) -> None:
    """Where apt fails nothing is built on what is missing."""
    status, calls, _ = machine.setup(MISSING="redis-server", APT="100")
    assert (status, calls) == (100, ["apt-get update -q"])
    assert not (machine.folder / ".venv").exists()


@pytest.mark.parametrize("user", ["0", "1000"])
def test_no_package_holds_the_lock(machine: Machine, user: str) -> None:
    """A service that starts when its package is installed must not make every later run wait for its end."""
    _, calls, _ = machine.setup(MISSING="redis-server", FAKE_UID=user)
    assert "apt-get update -q" in calls
    assert "holds the lock" not in calls


def test_no_python_at_all(machine: Machine) -> None:
    """A Python that is not there is not called too old."""
    status, calls, said = machine.setup(PYTHON="python9")
    assert (status, calls) == (1, [])
    assert "python9 is not installed" in said


@pytest.mark.parametrize("changed", ["requirements-dev.txt", "pyproject.toml", "FAKE_VERSION"])
def test_new_pins_or_another_python_are_installed(machine: Machine, changed: str) -> None:
    """Pins or a Python that differ from those of the last run send pip to work again."""
    machine.setup()
    if changed == "FAKE_VERSION":
        _, calls, _ = machine.setup(FAKE_VERSION="3.12.0")
    else:
        (machine.folder / changed).write_text("# changed\n", encoding="ascii")
        _, calls, _ = machine.setup()
    assert "-m pip install" in calls


def test_sudo_is_used_where_needed(machine: Machine) -> None:
    """A person who is not root needs sudo for system packages, and for nothing else."""
    _, calls, _ = machine.setup(FAKE_UID="1000", MISSING="redis-server")
    assert calls.count("sudo") == 2
    assert calls[1] == "apt-get update -q"


def test_neither_root_nor_sudo(machine: Machine) -> None:
    """Without any right to install, the missing packages are named."""
    (machine.folder / "fakes" / "sudo").unlink()
    tools = machine.folder / "tools"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "flock", "grep", "sha256sum", "cat"):
        (tools / name).symlink_to(shutil.which(name) or name)
    path = f"{machine.folder / 'fakes'}:{tools}"
    status, calls, said = machine.setup(FAKE_UID="1000", MISSING="redis-server", PATH=path)
    assert (status, calls) == (1, [])
    assert "redis-server" in said


def test_an_old_python_is_refused(machine: Machine) -> None:
    """A Python that cannot run the program is named before anything is built."""
    status, calls, said = machine.setup(TOO_OLD="1")
    assert (status, calls) == (1, [])
    assert "3.11" in said


def pins(name: str) -> dict[str, str]:
    """Package -> version of a requirements file."""
    text = (ROOT / name).read_text(encoding="ascii")
    return {found[1].lower(): found[2] for found in re.finditer(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


def test_pins_agree_with_the_project() -> None:
    """Every dependency of the project stands in the requirements with its version, and every pin has a hash."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["build-system"]["requires"]
    development = asked + project["project"]["optional-dependencies"]["dev"]
    for name, wanted in (("requirements.txt", asked), ("requirements-dev.txt", development)):
        held = pins(name)
        for requirement in wanted:
            package, _, version = re.sub(r"\[.*\]", "", requirement).partition("==")
            assert held.get(package.lower()) == version, f"{name}: {requirement}; run make pins"
        blocks = re.split(r"^(?=[\w.-]+==)", (ROOT / name).read_text(encoding="ascii"), flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in block for block in blocks)


def test_both_sets_of_pins_agree_and_name_no_host() -> None:
    """What runs is what was tested; where packages come from is the machine's affair."""
    tested = pins("requirements-dev.txt")
    assert {name: tested.get(name) for name in pins("requirements.txt")} == pins("requirements.txt")
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert not re.search(r"://|--index|--find|--extra-index|--trusted", (ROOT / name).read_text(encoding="ascii"))


def test_the_image_installs_what_set_up_installs() -> None:
    """The Dockerfile reads the same list of system packages, and makes sure that the rooms are ours."""
    text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert "docker/system-packages.txt" in text
    assert "--require-hashes" in text
    assert '["crossfoot"]' in text
    assert {"tesseract-ocr", "poppler-utils", "redis-server", "python3-venv"} <= PACKAGES
