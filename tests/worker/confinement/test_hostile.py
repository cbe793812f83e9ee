"""A reader that was taken over, in the real sandbox: what it leaves leads nobody astray, holds nobody up, goes."""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from worker.blobs import Blobs
from worker.confinement import appetite, landlock, remains, seccomp
from worker.confinement.confine import find_closed
from worker.confinement.outcomes import MalformedError, read_outcome
from worker.converting.conversion import convert_job
from worker.converting.sandbox import Ended, Request, Sandbox
from worker.database import Database
from worker.jobs.deliveries import Arrival, arrive
from worker.processes.supervisor import make_folders
from worker.settings import Settings

MEMORY = 512 << 20
SETTINGS = replace(Settings(), engine_module="tests.fakes.hostile", deadline_seconds=3.0, deadline_stretch=1.0)
needs_filter = pytest.mark.skipif(not seccomp.is_known(), reason="not asked for on this machine")
needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
SECRET = "root:secret"  # noqa: S105 - made up


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all."""
    with Sandbox(SETTINGS) as made:
        yield made


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Ended]:
    """Run a program as a document; its folder is ``tmp_path/work``."""
    (tmp_path / "work").mkdir()

    def convert(*lines: str, pages_at_once: int = 1) -> Ended:
        (tmp_path / "source").write_text("\n".join(lines))
        request = Request(str(tmp_path / "work"), str(tmp_path / "source"), "d", MEMORY, 60, 1 << 20)
        return sandbox.run(replace(request, pages_at_once=pages_at_once), lambda: True, 10.0)

    return convert


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home that tries once."""
    settings = replace(SETTINGS, home=tmp_path / "home", attempts=1)
    make_folders(settings)
    return settings


def finish(home: Settings, sandbox: Sandbox, *lines: str) -> str:
    """Convert a program as a job of a home: how it ended."""
    stored = Blobs(home.blobs).put_bytes("\n".join(lines).encode())
    with Database.open(home) as db:
        job = arrive(
            db, Arrival("a.txt", stored.sha256, stored.size, "text", "normal", "e 1", stored.sha256), time.time()
        )
        return convert_job(home, sandbox, job)


def answer(ended: Ended) -> Any:
    """What the program reported."""
    return json.loads(ended.outcome["problem"]["detail"])


def test_what_is_well_said_is_believed(run: Callable[..., Ended]) -> None:
    """The probes below are refused for what they do, not for how they say it."""
    assert run("say()").verdict == "ended"


@pytest.mark.parametrize(
    "part",
    ['"file": FOREIGN', '"number": "../../" + FOREIGN', '"number": True'],
    ids=["file", "path", "no number"],
)
def test_no_file_but_the_childs_own_becomes_a_part(home: Settings, sandbox: Sandbox, part: str) -> None:
    """Whatever file the child names as a part, the worker does not fetch it."""
    foreign = home.home / "others"
    foreign.write_text("another customer's")
    ending = finish(
        home,
        sandbox,
        f"FOREIGN = {str(foreign)!r}",
        'origin = {"parent": sha256, "header": None}',
        f'part = {{"number": 1, "name": "n", "sha256": sha256, "origin": origin, **{{{part}}}}}',
        'say(state="container", sha256=sha256, bytes=1, parts=[part], skipped=[], left_out=None)',
    )
    assert ending == "quarantined"
    with Database.open(home) as db:
        assert len(db.rows("SELECT sha256 FROM documents", ())) == 1


@pytest.mark.parametrize("name", ["result.json", "part-1"])
@pytest.mark.parametrize("how", ["os.symlink(OTHER, NAME)", "os.mkfifo(NAME)", "os.mkdir(NAME)"])
def test_a_result_that_is_no_file_of_the_childs_is_none(
    run: Callable[..., Ended], tmp_path: Path, name: str, how: str
) -> None:
    """A link, a pipe and a folder where a result or a part should be are a crash; nobody waits."""
    (tmp_path / "other").write_text(SECRET)
    ended = run(
        f"OTHER, NAME = {str(tmp_path / 'other')!r}, folder / {name!r}",
        "NAME.unlink(missing_ok=True)",
        how,
        'part = {"number": 1, "name": "n", "sha256": sha256, "origin": {"parent": sha256, "header": None}}',
        'say() if NAME.name != "part-1" else say(state="container", sha256=sha256, bytes=1, parts=[part])',
    )
    assert (ended.verdict, ended.cause) == ("crashed", "its process left no outcome that can be used")


@pytest.mark.parametrize("name", ["pages", "outcome.json", "noise.log"])
@pytest.mark.parametrize("how", ["os.mkfifo(NAME)", "os.symlink('/dev/zero', NAME)", "os.symlink(OTHER, NAME)"])
def test_pipes_devices_and_links_hold_nobody_up(run: Callable[..., Ended], tmp_path: Path, name: str, how: str) -> None:
    """The deadline holds, and what another file says is neither believed nor told, whatever lies there."""
    (tmp_path / "other").write_text(SECRET)
    begun = time.monotonic()
    ended = run(
        f"OTHER, NAME = {str(tmp_path / 'other')!r}, folder / {name!r}",
        "NAME.unlink(missing_ok=True)",
        how,
        "import time; time.sleep(0.6)",
        "os.abort()",
    )
    assert ended.verdict == "crashed"
    assert SECRET not in ended.noise
    assert time.monotonic() - begun < 2.5


def test_another_name_of_a_foreign_file_is_not_taken(tmp_path: Path) -> None:
    """A second name makes another's file look like the child's own; so what has two is not read."""
    (tmp_path / "other").write_text(SECRET)
    (tmp_path / "work").mkdir()
    os.link(tmp_path / "other", tmp_path / "work" / "result.json")
    assert not remains.is_left(tmp_path / "work", "result.json")


def test_more_than_is_taken_is_not_read(tmp_path: Path) -> None:
    """A file of any size costs as much memory as was allowed for it."""
    with (tmp_path / "outcome.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(remains.UnusableError):
        remains.read_left(tmp_path, "outcome.json", 1000)
    assert remains.read_end(tmp_path, "outcome.json", 3) == "\0\0\0"


@pytest.mark.parametrize(
    "said",
    [
        b"[]",
        b"3",
        b'{"state": []}',
        b'{"state": "converted"}',
        b"[" * 100_000,
        b'{"state": "failed", "problem": {"code": "E_CORRUPT"}}',
        json.dumps(
            {
                "state": "failed",
                "problem": {**dict.fromkeys(("type", "title", "place", "detail"), "x"), "code": "E_MINE"},
            }
        ).encode(),
    ],
)
def test_what_is_not_well_said_was_never_said(said: bytes) -> None:
    """No form of an outcome but the readers' own gets any further."""
    with pytest.raises(MalformedError):
        read_outcome(said)


@pytest.mark.parametrize("wrong", [{"review": "many"}, {"review": -1}, {"review": True}, {"left_out": 7}, {"more": 1}])
def test_a_wrong_summary_is_a_crash(run: Callable[..., Ended], wrong: dict[str, object]) -> None:
    """A number that is none would otherwise come to grief only where the job is committed."""
    assert run(f"say(**{wrong!r})").verdict == "crashed"


def test_a_child_cannot_have_its_document_set_aside(home: Settings, sandbox: Sandbox) -> None:
    """That the stored bytes are damaged is not believed of the child who says it."""
    ending = finish(home, sandbox, "say(sha256='0' * 64)")
    assert ending == "quarantined"
    assert list(Blobs(home.blobs).list_damaged()) == []


@pytest.mark.parametrize("closed", [False, True])
def test_folders_without_end_are_removed(home: Settings, sandbox: Sandbox, closed: bool) -> None:
    """Thousands of folders inside one another, or one that is closed to its owner, are gone with the document."""
    ending = finish(
        home,
        sandbox,
        "for _ in range(3000): os.mkdir('d'); os.chdir('d')",
        "open('file', 'w').close()",
        f"if {closed}: os.mkdir(folder / 'closed', 0)",
        "say()",
    )
    assert ending in ("done", "E_LIMIT.size")
    assert list(home.scratch.iterdir()) == []


def test_what_cannot_be_counted_is_not_counted_for_ever(tmp_path: Path) -> None:
    """The room that a folder takes is known, or it is too much."""
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    assert 100_000 <= (remains.find_size(tmp_path) or 0) < 200_000
    deep = tmp_path
    for _ in range(remains.DEEPEST + 1):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert remains.find_size(tmp_path) is None


def test_the_log_tells_no_text_of_a_document(
    home: Settings, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a fault the log has the kind and the places; what was printed and said may be the document's words."""
    with caplog.at_level(logging.INFO, logger="crossfoot"):
        finish(home, sandbox, "print('Salary of J. Doe')", "raise ValueError('Salary of J. Doe')")
        finish(home, sandbox, "import sys; print('Salary of J. Doe', file=sys.stderr, flush=True)", "os.abort()")
    said = caplog.text
    assert "Doe" not in said
    assert "ValueError" in said
    assert "SIGABRT" in said


@needs_filter
def test_every_call_of_the_table_is_refused(run: Callable[..., Ended]) -> None:
    """Each by its number on this machine; those that have another way say that they are not there."""
    column = seccomp.MACHINES[platform.machine()][1]
    refused = [numbers[column] for numbers in seccomp.REFUSED.values() if numbers[column] is not None]
    absent = [call[column] for call in seccomp.ABSENT.values()]
    said = answer(run(f"report([[call(n, -1, -1, -1, -1, -1) for n in some] for some in {[refused, absent]}])"))
    assert set(said[0]) == {"PermissionError"}
    assert said[1] == ["OSError"] * len(absent)


@needs_filter
def test_others_cannot_be_limited_nor_slowed(run: Callable[..., Ended]) -> None:
    """One's own limits and threads and programs are one's own; those of the worker, and namespaces, are not."""
    column = seccomp.MACHINES[platform.machine()][1]
    limit, clone = seccomp.PRLIMIT64[column], seccomp.CLONE[column]
    said = answer(
        run(
            "import resource, subprocess, threading",
            "thread = threading.Thread(target=print)",
            "report([",
            f"    attempt(lambda: resource.prlimit({os.getpid()}, resource.RLIMIT_CPU, (0, 0))),",
            f"    call({limit}, os.getpid(), 0, 0, 0),",
            f"    call({clone}, 0x10000011, 0, 0, 0, 0),",
            f"    attempt(lambda: os.setpriority(os.PRIO_PROCESS, {os.getpid()}, 19)),",
            f"    attempt(lambda: os.sched_setaffinity({os.getpid()}, [0])),",
            "    attempt(lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30))),",
            "    attempt(thread.start),",
            "    attempt(lambda: subprocess.run(['true'], check=True)),",
            "])",
        )
    )
    assert said == ["PermissionError"] * 5 + ["done"] * 3


@needs_filter
def test_files_of_others_keep_their_modes_and_times(run: Callable[..., Ended], tmp_path: Path) -> None:
    """Landlock does not see them: they are refused for all files."""
    other = tmp_path / "other"
    other.write_text(SECRET)
    before = other.stat()
    said = run(
        f"other = {str(other)!r}",
        "report([attempt(lambda: os.chmod(other, 0)), attempt(lambda: os.utime(other, (0, 0)))])",
    )
    assert answer(said) == ["PermissionError"] * 2
    assert (other.stat().st_mode, other.stat().st_mtime) == (before.st_mode, before.st_mtime)


def processes_in(folder: Path) -> list[str]:
    """The processes that are at home in a folder."""
    return [p.name for p in Path("/proc").glob("[0-9]*") if remains_in(p, folder)]


def remains_in(process: Path, folder: Path) -> bool:
    """Whether a process is at home in a folder; what is gone is not."""
    try:
        return (process / "cwd").readlink() == folder
    except OSError:
        return False


CHAINS = (
    "import time",
    "def chain():",
    "    try: os.setsid()",
    "    except OSError: pass",
    "    while os.fork() == 0: pass",
    "    os._exit(0)",
    "for _ in range(40):",
    "    if os.fork() == 0: chain()",
)


@needs_filter
@pytest.mark.parametrize(
    ("end", "verdict"), [("time.sleep(60)", "late"), ("say()", "ended"), ("os.abort()", "crashed")]
)
def test_processes_that_flee_their_end_do_not_outrun_it(tmp_path: Path, end: str, verdict: str) -> None:
    """Forty chains of processes that fork and exit are all gone as soon as it is said what came of the document."""
    (tmp_path / "work").mkdir()
    (tmp_path / "source").write_text("\n".join((*CHAINS, end)))
    with Sandbox(replace(SETTINGS, deadline_seconds=0.4)) as sandbox:
        sandbox.warm()
        begun = time.monotonic()
        request = Request(str(tmp_path / "work"), str(tmp_path / "source"), "d", MEMORY, 60, 1 << 20)
        assert sandbox.run(request, lambda: True, 0.1).verdict in (verdict, "memory")  # the dead are counted too
        assert time.monotonic() - begun < 4
        assert processes_in(tmp_path / "work") == []


def test_too_many_processes_are_ended(run: Callable[..., Ended], tmp_path: Path) -> None:
    """A document starts a few programs; one that starts hundreds is ended before it fills the machine."""
    ended = run("import time", "for _ in range(200):", "    if os.fork() == 0: time.sleep(60)", "time.sleep(60)")
    assert ended.verdict == "memory"
    assert processes_in(tmp_path / "work") == []


def test_processes_together_take_no_more_than_is_allowed(run: Callable[..., Ended]) -> None:
    """What each may have by itself, all together may not."""
    taking = "if os.fork() == 0: taken = bytearray(b'x') * (300 << 20); time.sleep(60)"
    assert run("import time", "for _ in range(4):", f"    {taking}", "time.sleep(60)").verdict == "memory"


@pytest.mark.parametrize("hidden", [False, True])
def test_files_together_take_no_more_than_is_allowed(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, hidden: bool
) -> None:
    """All files of a document count, those too that have lost their names."""
    monkeypatch.setattr("worker.converting.sandbox.find_bounds", lambda *_: appetite.Bounds(1 << 40, disk=20 << 20))
    ended = run(
        "files = [open(f'f{n}', 'wb') for n in range(4)]",
        "for n, file in enumerate(files):",
        "    file.write(b'x' * (10 << 20)); file.flush()",
        f"    if {hidden}: os.unlink(f'f{{n}}')",
        "import time; time.sleep(60)",
    )
    assert ended.verdict == "size"


def test_a_legitimate_crew_is_let_be(run: Callable[..., Ended]) -> None:
    """A few programs beside one that takes nearly what it may are no excess."""
    ended = run(
        "import subprocess, time",
        "programs = [subprocess.Popen(['sleep', '1.7']) for _ in range(4)]",
        "taken = bytearray(b'x') * (300 << 20)",
        "[program.wait() for program in programs]",
        "say()",
    )
    assert ended.verdict == "ended"


@needs_landlock
def test_a_child_reads_programs_and_no_more(run: Callable[..., Ended]) -> None:
    """Settings with passwords in them, other people's names, disks, other programs' memory and a history are closed."""
    root = Path(__file__).parents[3]
    closed = [
        "/etc/passwd",
        "/etc/group",
        "/etc/hosts",
        "/etc",
        "/opt",
        "/dev",
        "/dev/shm",  # noqa: S108 - what is closed
        str(root),
        str(root / "tests"),
    ]
    needed = ["/etc/ld.so.cache", "/proc/self/statm", "/dev/urandom", str(root / "worker" / "__init__.py")]
    reading = "attempt(lambda: os.close(os.open(path, os.O_RDONLY)))"
    there = [[path for path in paths if Path(path).exists()] for paths in (closed, needed)]
    said = answer(run(f"report([[{reading} for path in paths] for paths in {there}])"))
    assert dict(zip(there[0], said[0], strict=True)) == dict.fromkeys(there[0], "PermissionError")
    assert dict(zip(there[1], said[1], strict=True)) == dict.fromkeys(there[1], "done")


def test_a_store_among_programs_is_not_opened_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a folder of programs that holds the store, what is beside the store is opened."""
    for name in ("programs/bin", "programs/srv/store", "programs/srv/other"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(landlock, "_PROGRAMS", (str(tmp_path / "programs"),))
    landlock.system_paths.cache_clear()
    opened = landlock.system_paths(find_closed(tmp_path / "home", f"file://{tmp_path}/programs/srv/store"))
    landlock.system_paths.cache_clear()
    mine = [path.removeprefix(f"{tmp_path}/") for path in opened if path.startswith(str(tmp_path))]
    assert mine == ["programs/bin", "programs/srv/other"]


def test_a_signal_without_a_name_is_a_crash_like_others(run: Callable[..., Ended]) -> None:
    """A child may end itself with any signal, those too that have only a number."""
    assert run("os.kill(os.getpid(), 40)").cause == "its process was killed (signal 40)"


def test_where_memory_runs_out_the_document_goes_first(run: Callable[..., Ended]) -> None:
    """The kernel is told whom to end before the service."""
    assert answer(run("report(open('/proc/self/oom_score_adj').read().strip())")) == "500"
