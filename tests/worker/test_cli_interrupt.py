"""Ctrl-C, a broken output, and results that do not depend on circumstances."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import engine
from tests.worker.test_cli_convert import gone, tree

PROGRAM = (sys.executable, engine.__file__)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, number: int, status: int) -> None:
    """Ctrl-C ends with 130: no child, no program of a child, no temporary file is left, finished results stay."""
    (tmp_path / "a.txt").write_text("OK", encoding="ascii")
    (tmp_path / "b.txt").write_text(f"HANG {tmp_path / 'pid'}", encoding="ascii")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [
        *PROGRAM,
        "convert",
        str(tmp_path / "a.txt"),
        str(tmp_path / "b.txt"),
        "-o",
        str(tmp_path / "out"),
        "-j",
        "1",
    ]
    running = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(scratch)}, stderr=subprocess.PIPE)
    wait_for(tmp_path / "pid")
    running.send_signal(number)
    _, err = running.communicate(timeout=20)
    assert running.returncode == status
    assert b"Traceback" not in err
    assert tree(str(tmp_path / "out")) == {"a.txt.json"}
    assert list(scratch.iterdir()) == []
    assert gone(int((tmp_path / "pid").read_text(encoding="ascii")))


def wait_for(file: Path) -> None:
    """Until a file holds something."""
    end = time.monotonic() + 20
    while not (file.exists() and file.stat().st_size):
        assert time.monotonic() < end, f"{file} never came"
        time.sleep(0.02)


def test_circumstances_do_not_show(tmp_path: Path) -> None:
    """Time zone, locale, hash seed, working folder and --jobs change no byte of any result."""
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"SLOW {number}" if number % 2 else f"OK {number}", encoding="ascii")
    seen = []
    for jobs, zone, locale, seed in (("1", "UTC", "C", "0"), ("3", "Asia/Kathmandu", "C.UTF-8", "4711")):
        out, folder = tmp_path / "out" / jobs, tmp_path / "cwd" / jobs
        folder.mkdir(parents=True)
        environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed}
        words = [*sorted(str(file) for file in tmp_path.glob("*.txt")), "-o", str(out), "--jobs", jobs]
        subprocess.run([*PROGRAM, "convert", *words], env=environment, cwd=folder, check=True)
        seen.append({file.name: file.read_bytes() for file in out.iterdir()})
    assert seen[0] == seen[1]
    assert len(seen[0]) == 5


def test_nothing_is_asked_of_a_network_or_database(tmp_path: Path) -> None:
    """Converting imports neither Redis nor Celery nor a database."""
    (tmp_path / "a.txt").write_text("OK", encoding="ascii")
    code = (
        "import runpy, sys, atexit\n"
        "unwanted = {'redis', 'celery', 'sqlite3'}\n"
        "atexit.register(lambda: print(*{m.split('.')[0] for m in sys.modules} & unwanted, file=sys.stderr))\n"
        f"sys.argv = ['crossfoot', 'convert', {str(tmp_path / 'a.txt')!r}]\n"
        f"runpy.run_path({engine.__file__!r}, run_name='__main__')\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("{")
    assert said.stderr.strip() == ""


def test_a_terminal_sees_a_bar(tmp_path: Path) -> None:
    """On a terminal the progress stands on standard error, messages above it, and standard output stays clean."""
    for name, content in (("a.txt", "SLOW"), ("b.txt", "CORRUPT")):
        (tmp_path / name).write_text(content, encoding="ascii")
    ours, theirs = os.openpty()
    words = ["convert", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "-o", str(tmp_path / "out"), "-j", "1"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    running = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    out, _ = running.communicate(timeout=20)
    screen = b""
    try:
        while block := os.read(ours, 65536):
            screen += block
    except OSError:  # the other end is closed: that is how a terminal says so
        pass
    os.close(ours)
    assert (running.returncode, out) == (6, b"")
    assert b"2/2" in screen
    assert b"b.txt: Its first page is torn. [E_CORRUPT]" in screen
