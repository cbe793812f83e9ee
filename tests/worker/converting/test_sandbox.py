"""One document, one child: whatever the document does, the worker learns of it and nothing is left."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.running import wait_for
from worker.confinement import confine, landlock, seccomp
from worker.confinement.outcomes import OUTCOME, RESULT
from worker.converting import sandbox as sandbox_module
from worker.converting.sandbox import Ended, Request, Sandbox
from worker.settings import Settings

needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
needs_filter = pytest.mark.skipif(not seccomp.is_known(), reason="not asked for on this machine")
SETTINGS = replace(
    Settings(),
    engine_module="tests.fakes.scripted",
    deadline_seconds=0.7,
    deadline_page_seconds=0.0,
    deadline_stretch=1.0,
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for all: a document must not trouble the next."""
    with Sandbox(SETTINGS) as made:
        yield made


@pytest.fixture
def convert(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Ended]:
    """Convert a text in the sandbox."""
    folder = tmp_path / "folder"
    folder.mkdir()

    def run(text: str, keep: Callable[[], bool] = lambda: True, every: float = 10.0) -> Ended:
        (tmp_path / "source").write_text(text)
        request = Request(str(folder), str(tmp_path / "source"), "document", 512 << 20, 60, 1 << 20)
        return sandbox.run(request, keep, every)

    return run


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that everybody may write to and that is not below the one for temporary files."""
    folder = Path("/var/tmp") / f"crossfoot-{os.getpid()}"  # noqa: S108 - a name of our own in it
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def is_gone(pid: int) -> bool:
    """Whether no process of this number lives."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_document_leaves_its_result_in_its_folder(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """The child writes files and nothing else; the outcome tells what the result holds."""
    ended = convert("hello\n")
    assert (ended.verdict, ended.outcome["state"]) == ("ended", "converted")
    result = json.loads((tmp_path / "folder" / RESULT).read_bytes())
    assert result["source"]["sha256"] == hashlib.sha256(b"hello\n").hexdigest()


def test_an_error_of_the_document_comes_back_as_it_is(convert: Callable[..., Ended]) -> None:
    """Code, sentence and place cross the border as data."""
    problem = convert("fail\n").outcome["problem"]
    assert (problem["code"], problem["place"]) == ("E_CORRUPT", "line 1")


def test_a_fault_of_the_program_names_itself(convert: Callable[..., Ended]) -> None:
    """An exception that nobody thought of is an answer, with its traceback in what the child printed."""
    ended = convert("raise\n")
    assert ended.outcome["problem"]["code"] == "E_INTERNAL"
    assert "ZeroDivisionError: a fault" in ended.outcome["problem"]["detail"]
    assert "Traceback" in ended.noise


def test_what_the_disk_refuses_is_no_fault_of_the_program(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """A full disk, met where not even the outcome can be written, is storage that failed, or a child without one."""
    assert convert("full\n").outcome["problem"]["code"] == "E_STORAGE"
    (tmp_path / "folder" / OUTCOME).unlink()
    (tmp_path / "folder" / OUTCOME).mkdir()
    ended = convert("fine\n")
    assert (ended.verdict, ended.cause) == ("crashed", "its process left no outcome that can be used")


def test_a_killed_child_is_a_crash_and_the_next_is_none(convert: Callable[..., Ended]) -> None:
    """A dead child leaves the sandbox ready for the next document."""
    ended = convert("crash\n")
    assert (ended.verdict, ended.cause) == ("crashed", "its process was killed (SIGKILL)")
    assert convert("fine\n").verdict == "ended"


def test_a_child_that_eats_memory_is_stopped_by_its_limit(convert: Callable[..., Ended]) -> None:
    """The limit on address space is the child's own; the worker does not feel it."""
    assert convert("eat 4000\n").verdict == "memory"


def test_a_library_that_aborts_for_want_of_memory_is_no_crash(convert: Callable[..., Ended]) -> None:
    """An abort with much memory in use is a limit that was reached; one with little is a crash."""
    assert convert("starve 300\n").verdict == "memory"
    assert convert("starve 1\n").verdict == "crashed"


def test_a_child_past_its_deadline_dies_with_all_it_started(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """A program that the child started does not outlive it."""
    orphan = tmp_path / "orphan"
    begun = time.monotonic()
    ended = convert(f"orphan {orphan}\nhang\n")
    assert (ended.verdict, ended.cause) == ("late", "Reading it takes longer than the 1 s allowed.")
    assert time.monotonic() - begun < 3
    wait_for(lambda: is_gone(int(orphan.read_text())), 3)


def test_what_a_child_leaves_running_is_ended_with_it(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """A child that ends well takes its forgotten programs with it too."""
    orphan = tmp_path / "orphan"
    assert convert(f"orphan {orphan}\n").verdict == "ended"
    wait_for(lambda: is_gone(int(orphan.read_text())), 3)


def test_a_lost_lease_drops_the_child(convert: Callable[..., Ended]) -> None:
    """As soon as the row says that the job is another's, the work stops."""
    begun = time.monotonic()
    assert convert("hang\n", lambda: False, 0.1).verdict == "dropped"
    assert time.monotonic() - begun < 0.6


def test_pages_move_the_deadline(tmp_path: Path) -> None:
    """A child that has told of many pages may take longer."""
    settings = replace(SETTINGS, deadline_seconds=0.1, deadline_page_seconds=0.3)
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "source").write_text("pages 20\nsleep 1.2\n")
    with Sandbox(settings) as patient:
        request = Request(str(folder), str(tmp_path / "source"), "document", 512 << 20, 60, 1 << 20)
        assert patient.run(request, lambda: True, 10.0).verdict == "ended"


def test_a_killed_zygote_is_a_crash_of_its_document_only(tmp_path: Path) -> None:
    """When the process that forks dies, its child dies too, and the next document gets a new one."""
    notes = tmp_path / "notes"
    (tmp_path / "source").write_text(f"note {notes}\nhang\n")
    (tmp_path / "fine").write_text("fine\n")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    def kill() -> bool:
        if notes.exists() and not (tmp_path / "killed").exists():
            child = int(notes.read_text())
            os.kill(int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1]), signal.SIGKILL)
            (tmp_path / "killed").touch()
        return True

    with Sandbox(replace(SETTINGS, deadline_seconds=20.0)) as sandbox:
        ended = sandbox.run(Request(str(tmp_path / "one"), str(tmp_path / "source"), "d", 1 << 29, 60, 99), kill, 0.1)
        assert (ended.verdict, ended.cause) == ("crashed", "its process disappeared")
        wait_for(lambda: is_gone(int(notes.read_text())), 3)
        fine = Request(str(tmp_path / "two"), str(tmp_path / "fine"), "d", 1 << 29, 60, 99)
        assert sandbox.run(fine, lambda: True, 10.0).verdict == "ended"


def test_a_child_can_gain_no_rights(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """The child runs with no_new_privs, no core files and few open files."""
    convert(f"status {tmp_path / 'status'}\n")
    status = (tmp_path / "status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "Max core file size        0                    0" in status


@needs_filter
def test_a_child_reaches_no_network(convert: Callable[..., Ended]) -> None:
    """Neither the child nor a program that it starts can open a socket, were it to this machine's files."""
    assert "PermissionError" in convert("socket\n").outcome["problem"]["detail"]
    assert "PermissionError" in convert("connect\n").outcome["problem"]["detail"]


def test_what_leaves_the_group_is_ended_too(tmp_path: Path) -> None:
    """Where sessions of one's own are not refused, a program in one does not outlive its document either."""
    escaped = tmp_path / "escaped"
    folder = tmp_path / "other"
    folder.mkdir()
    (tmp_path / "source").write_text(f"escape {escaped}\n")
    settings = replace(SETTINGS, engine_module="tests.fakes.unfiltered")
    with Sandbox(settings) as unfiltered:
        request = Request(str(folder), str(tmp_path / "source"), "document", 512 << 20, 60, 1 << 20)
        assert unfiltered.run(request, lambda: True, 10.0).verdict == "ended"
    assert is_gone(int(escaped.read_text()))


@needs_filter
def test_nothing_leaves_the_group(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """One signal reaches all that a document has started: none of it can have a session of its own."""
    assert "PermissionError" in convert(f"escape {tmp_path / 'escaped'}\n").outcome["problem"]["detail"]


def test_a_child_knows_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment, as the kernel keeps it too, tells of no database, no store and no broker."""
    for name in ("AWS_SECRET_ACCESS_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, "key-of-the-store")
    settings = replace(SETTINGS, database_url="postgresql://u:secret@h/d", redis_url="redis://:secret@h")
    (tmp_path / "source").write_text(f"variables {tmp_path / 'seen'}\n")
    (tmp_path / "folder").mkdir()
    with Sandbox(settings) as sandbox:
        request = Request(str(tmp_path / "folder"), str(tmp_path / "source"), "document", 512 << 20, 60, 1 << 20)
        assert sandbox.run(request, lambda: True, 10.0).verdict == "ended"
    seen = (tmp_path / "seen").read_bytes()
    assert b"PATH=" in seen
    assert b"secret" not in seen
    assert b"key-of-the-store" not in seen


@pytest.mark.parametrize("pages", [1, 2])
def test_a_child_is_told_how_many_pages_it_may_read_at_once(tmp_path: Path, pages: int) -> None:
    """Each document by itself, whatever the worker's own environment says."""
    (tmp_path / "source").write_text("pages-at-once\n")
    (tmp_path / "folder").mkdir()
    with Sandbox(replace(SETTINGS, pages_at_once=2)) as sandbox:
        folder, source = str(tmp_path / "folder"), str(tmp_path / "source")
        request = Request(folder, source, "document", 512 << 20, 60, 1 << 20, pages_at_once=pages)
        assert sandbox.run(request, lambda: True, 10.0).outcome["route"] == f"{pages}, environment None"


@pytest.mark.parametrize("said", [b"", b'{"state": "conv'])
def test_an_outcome_that_was_not_written_to_its_end_is_none(tmp_path: Path, said: bytes) -> None:
    """On a full disk a child may end well and leave half an answer: that is a crash, and no fault of ours."""
    (tmp_path / OUTCOME).write_bytes(said)
    request = Request(str(tmp_path), "source", "document", 512 << 20, 60, 1 << 20)
    assert sandbox_module._ended(request, None, {"ended": 0, "peak": 0}).verdict == "crashed"


@needs_landlock
def test_a_child_sees_and_changes_no_files_but_its_own(convert: Callable[..., Ended], outside: Path) -> None:
    """What lies outside its folder and is no program is closed to it, however open it is to everybody."""
    (outside / "file").write_text("x")
    for deed in (f"read {outside / 'file'}", f"write {outside / 'file'}", f"write {outside / 'new'}"):
        assert "PermissionError" in convert(f"{deed}\n").outcome["problem"]["detail"], deed
    assert [p.name for p in outside.iterdir()] == ["file"]


@needs_landlock
def test_a_child_can_neither_look_into_others_nor_signal_them(convert: Callable[..., Ended]) -> None:
    """The service's processes, which belong to the same user, are out of its reach."""
    assert "PermissionError" in convert(f"read /proc/{os.getpid()}/environ\n").outcome["problem"]["detail"]
    if landlock.version() >= landlock.WITH_SCOPES:
        assert "PermissionError" in convert(f"signal {os.getpid()}\n").outcome["problem"]["detail"]


@pytest.mark.skipif(os.geteuid() != 0, reason="there are no powers to give up")
def test_a_superuser_is_none_in_the_child(convert: Callable[..., Ended], tmp_path: Path) -> None:
    """Of all powers those are left that reading files takes."""
    convert(f"status {tmp_path / 'status'}\n")
    status = (tmp_path / "status").read_text()
    for kind in ("Prm", "Eff"):
        assert f"Cap{kind}:\t0000000000000006" in status


def test_what_the_kernel_lacks_is_said_and_costs_no_document(
    convert: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Landlock and seccomp the service says so and converts all the same."""
    assert confine.find_missing() == [] or landlock.version() < landlock.WITH_SCOPES
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert len(confine.find_missing()) == 2
    assert landlock.restrict(landlock.Reach((), ())) is False
    assert Path("/etc/passwd").read_bytes()  # nothing was taken from this process
    assert convert("hello\n").verdict == "ended"


def test_a_home_with_programs_of_its_own_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of programs on the PATH opens itself and the libraries beside it, not the home around it."""
    for name in ("bin", "lib", "letters"):
        (tmp_path / "home" / name).mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path / 'home' / 'bin'}{os.pathsep}/usr/bin")
    landlock.system_paths.cache_clear()
    opened = landlock.system_paths((tmp_path / "store",))
    landlock.system_paths.cache_clear()
    assert str(tmp_path / "home" / "bin") in opened
    assert str(tmp_path / "home" / "lib") in opened
    assert not {str(tmp_path / "home"), str(tmp_path / "home" / "letters")} & set(opened)
