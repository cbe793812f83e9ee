"""The children of ``crossfoot convert``: a document's end is that of its process, and nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from worker.confinement import seccomp

PROGRAM = """
import sys
from pathlib import Path
from tests.fakes import hostile
from worker.cli import main
from worker.local import children
def work(task, folder, tell_pages):
    hostile.work(task, folder, tell_pages)
children.__dict__["work"] = work
sys.argv = ["crossfoot", "convert", *sys.argv[1:]]
sys.exit(main())
"""
ROOT = Path(__file__).parents[2]


def convert(tmp_path: Path, *lines: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``crossfoot convert`` of a program."""
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "tmp").mkdir(exist_ok=True)
    (tmp_path / "in" / "a.txt").write_text("\n".join(lines))
    modules = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    variables = {"TMPDIR": str(tmp_path / "tmp"), "CROSSFOOT_DEADLINE_SECONDS": "5", "PYTHONPATH": modules}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "in" / "a.txt"), "-o", str(tmp_path / "out")],
        env={**os.environ, **variables, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_program_that_lives_on_holds_no_result_up(tmp_path: Path) -> None:
    """A grandchild that holds all its parents' pipes is ended with the document, which is done."""
    begun = time.monotonic()
    done = convert(
        tmp_path,
        "import time",
        "if os.fork() == 0:",
        "    open(folder / 'child', 'w'); time.sleep(60)",
        "say()",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "a.txt.json").read_bytes() == b"{}"
    assert time.monotonic() - begun < 5
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", ["outcome.json", "noise.log", "result.json"])
@pytest.mark.parametrize("how", ["os.mkfifo(NAME)", "os.symlink('/etc/passwd', NAME)", "os.symlink('/dev/zero', NAME)"])
def test_what_a_child_leaves_leads_nobody_astray(tmp_path: Path, name: str, how: str) -> None:
    """Pipes, links and devices are a crash of the document."""
    done = convert(
        tmp_path,
        f"NAME = folder / {name!r}",
        "say()",
        "NAME.unlink(missing_ok=True)",
        how,
        f"if 'noise' in {name!r}: os._exit(9)",
    )
    assert "It took down the process that read it" in done.stderr
    assert not (tmp_path / "out" / "a.txt.json").exists()
    assert "root:" not in done.stderr


def test_folders_without_end_are_removed(tmp_path: Path) -> None:
    """The folder for temporary files is as empty as it was."""
    convert(tmp_path, "for _ in range(3000): os.mkdir('d'); os.chdir('d')", "say()")
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.skipif(not seccomp.is_known(), reason="not asked for on this machine")
def test_programs_that_flee_are_ended(tmp_path: Path) -> None:
    """No process of a document outlives its conversion."""
    chain = "    while os.fork() == 0: pass"
    convert(tmp_path, "for _ in range(20):", "  if os.fork() == 0:", f"  {chain}", "    os._exit(0)", "say()")
    left = [p for p in Path("/proc").glob("[0-9]*/cwd") if str(tmp_path) in _target(p)]
    assert left == []


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def test_a_child_finds_no_secrets_of_its_caller(tmp_path: Path) -> None:
    """The environment as the kernel keeps it has only what says how programs run."""
    done = convert(
        tmp_path,
        "seen = open('/proc/self/environ', 'rb').read()",
        "import subprocess",
        "import posix",
        "seen += subprocess.run(['env'], capture_output=True).stdout + repr([os.environ, posix.environ]).encode()",
        "report([b'key-of-the-store' in seen, b'secret-database' in seen, b'PATH=' in seen])",
        AWS_SECRET_ACCESS_KEY="key-of-the-store",  # noqa: S106 - made up
        CROSSFOOT_DATABASE_URL="postgresql://u:secret-database@h/d",
    )
    assert "[false, false, true]" in done.stderr
