"""``crossfoot convert``: streams, names, statuses, and what a bad document does to its neighbours."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.filing import from_json
from tests.fakes import engine
from tests.worker.conftest import Said

Crossfoot = Callable[..., Said]
PROGRAM = (sys.executable, engine.__file__)


def write(path: str, content: str = "OK") -> Path:
    """A document in the current folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def problem(path: str) -> dict[str, Any]:
    """An error file."""
    content: dict[str, Any] = json.loads(Path(path).read_bytes())
    return content


def tree(folder: str) -> set[str]:
    """All files below a folder."""
    return {str(file.relative_to(folder)) for file in Path(folder).rglob("*") if not file.is_dir()}


def test_one_input_goes_to_standard_output(crossfoot: Crossfoot) -> None:
    """One input and no -o gives its JSON on standard output and not a byte elsewhere."""
    write("a.txt")
    said = crossfoot("convert", "a.txt")
    assert said.status == 0
    assert from_json(said.out).source.bytes == 2
    assert said.err == ""


def test_libraries_do_not_reach_standard_output(crossfoot: Crossfoot) -> None:
    """What a library prints while it reads is not part of the result."""
    write("a.txt", "NOISE")
    said = crossfoot("convert", "a.txt")
    assert said.out.startswith(b'{"schema_version"')
    assert b"library" not in said.out


def test_standard_input() -> None:
    """A dash reads standard input."""
    said = subprocess.run([*PROGRAM, "convert", "-"], input=b"OK stdin", capture_output=True, check=True)
    assert from_json(said.stdout).source.bytes == 8


def test_a_full_disk_behind_standard_output_is_said() -> None:
    """What cannot be written is no fault of the program: one sentence, and the status of storage."""
    with Path("/dev/full").open("wb") as full:
        said = subprocess.run(
            [*PROGRAM, "convert", "-"], input=b"OK stdin", stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert said.returncode == 10
    assert said.stderr.decode().count("\n") == 1
    assert "internal" not in said.stderr.decode()


def test_folder_keeps_paths_and_skips_what_is_no_document(crossfoot: Crossfoot) -> None:
    """A folder's paths are kept below OUT; what is no document is skipped with a notice, and the status is 0."""
    write("in/a.txt")
    write("in/deep/b.txt")
    write("in/deep/data.json", "TYPE {}")
    said = crossfoot("convert", "in", "-o", "out")
    assert said.status == 0
    assert tree("out") == {"a.txt.json", "deep/b.txt.json"}
    assert "data.json: skipped: It is a holiday photograph." in said.err


def test_output_folder_inside_the_input_is_not_walked(crossfoot: Crossfoot) -> None:
    """Results that lie inside the walked folder are not taken for documents the second time."""
    write("in/a.txt")
    crossfoot("convert", "in", "-o", "in/out")
    crossfoot("convert", "in", "-o", "in/out")
    assert tree("in") == {"a.txt", "out/a.txt.json"}


def test_links_hidden_files_and_pipes_in_a_folder(crossfoot: Crossfoot) -> None:
    """A link and a pipe are refused without waiting, what is no document by name is passed over; each is spoken of."""
    write("in/a.txt")
    write("in/.hidden")
    write("in/b.txt.part")
    Path("in/link.txt").symlink_to("/etc/passwd")
    Path("in/loop").symlink_to(".")
    os.mkfifo("in/pipe.pdf")
    said = crossfoot("convert", "in", "-o", "out")
    assert said.status == 6
    assert tree("out") == {"a.txt.json", "link.txt.error.json", "pipe.pdf.error.json"}
    assert {problem(f"out/{name}.error.json")["code"] for name in ("link.txt", "pipe.pdf")} == {"E_UNSAFE"}
    assert "in/.hidden: skipped" in said.err
    assert "in/b.txt.part: skipped" in said.err
    assert "in/loop: skipped" in said.err


@pytest.mark.parametrize(
    "name", ["link.txt", "link", ".hidden.txt", "a.txt.part", "~$a.docx", "pipe.pdf", "closed.txt"]
)
def test_what_is_no_document_is_refused_where_it_is_named(crossfoot: Crossfoot, name: str) -> None:
    """Links (to a folder too), hidden, unfinished and closed files and pipes are one clear error each, at once."""
    for written in ("real/a.txt", ".hidden.txt", "a.txt.part", "~$a.docx", "closed.txt"):
        write(written)
    Path("link.txt").symlink_to("real/a.txt")
    Path("link").symlink_to("real")
    Path("closed.txt").chmod(0)
    os.mkfifo("pipe.pdf")
    said = crossfoot("convert", name, "-o", "out")
    assert said.status == 3
    assert tree("out") == {f"{name}.error.json"}
    assert problem(f"out/{name}.error.json")["code"] == "E_UNSAFE"


def test_two_documents_of_one_name(crossfoot: Crossfoot) -> None:
    """Inputs that would write the same file get the first eight characters of their hash, in any order."""
    write("x/report.txt", "OK one")
    write("y/report.txt", "OK two")
    digests = [hashlib.sha256(f"OK {n}".encode()).hexdigest()[:8] for n in ("one", "two")]
    crossfoot("convert", "x/report.txt", "y/report.txt", "-o", "out")
    crossfoot("convert", "y/report.txt", "x/report.txt", "-o", "again")
    assert tree("out") == tree("again") == {f"report-{digest}.txt.json" for digest in digests}


def test_the_same_document_twice_is_converted_once(crossfoot: Crossfoot) -> None:
    """A document that is named twice, or lies in two named folders under one name, gives one result."""
    write("x/a.txt")
    said = crossfoot("convert", "x/a.txt", "x", "x/../x/a.txt", "-o", "out")
    assert said.status == 0
    assert tree("out") == {"a.txt.json"}


def test_a_name_too_long_for_the_result(crossfoot: Crossfoot) -> None:
    """A name that leaves no room for the ending is cut and carries its hash."""
    write("n" * 251 + ".txt")
    said = crossfoot("convert", "n" * 251 + ".txt", "-o", "out")
    assert said.status == 0
    (name,) = tree("out")
    assert hashlib.sha256(b"OK").hexdigest()[:8] in name
    assert name.endswith(".txt.json")


def test_a_name_that_is_no_text(crossfoot: Crossfoot) -> None:
    """A file name that is no UTF-8, or steers terminals, is converted and shown harmlessly."""
    Path(os.fsdecode(b"in")).mkdir()
    Path(os.fsdecode(b"in/\xff\xfe.txt")).write_text("CORRUPT", encoding="ascii")
    write("in/\x1b[31mred.txt", "CORRUPT")
    said = crossfoot("convert", "in", "-o", "out")
    assert said.status == 6
    assert len(tree("out")) == 2
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("CORRUPT", 3, "E_CORRUPT"),
        ("TYPE", 3, "E_TYPE"),
        ("ENCRYPTED", 4, "E_ENCRYPTED"),
        ("", 3, "E_EMPTY"),
        ("MEMORY", 8, "E_LIMIT.memory"),
        ("STARVE", 8, "E_LIMIT.memory"),
        ("ABORT", 1, "E_ATTEMPTS"),
        ("FAULT", 1, "E_INTERNAL"),
        ("SEGV", 1, "E_ATTEMPTS"),
        ("EXIT", 1, "E_ATTEMPTS"),
    ],
)
def test_a_document_that_fails(crossfoot: Crossfoot, content: str, status: int, code: str) -> None:
    """A single failure has its own status, one line on standard error, no standard output, and an error file."""
    write("a.txt", content)
    said = crossfoot("convert", "a.txt")
    assert (said.status, said.out) == (status, b"")
    assert said.err.startswith("crossfoot: a.txt: ")
    assert said.err.count("\n") == 1
    assert crossfoot("convert", "a.txt", "-o", "out").status == status
    details = problem("out/a.txt.error.json")
    assert details["code"] == code
    assert details["type"] == f"urn:crossfoot:error:{code}"
    assert set(details) == {"type", "title", "code", "detail", "place"}


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_bad_documents_leave_their_neighbours_alone(crossfoot: Crossfoot, jobs: str) -> None:
    """Crashes and failures become errors of their documents; all others are converted, and the status is 6."""
    bad = ("SEGV", "EXIT", "CORRUPT", "FAULT")
    for number, content in enumerate(("OK a", *bad, "OK b", "OK c")):
        write(f"in/{number}.txt", content)
    said = crossfoot("convert", "in", "-o", "out", "--jobs", jobs)
    assert said.status == 6
    assert tree("out") == {f"{n}.txt.json" for n in (0, 5, 6)} | {f"{n}.txt.error.json" for n in (1, 2, 3, 4)}


def test_a_missing_input(crossfoot: Crossfoot) -> None:
    """A file that is not there is said to be not there."""
    said = crossfoot("convert", "nothing.pdf")
    assert said.status == 3
    assert "There is no such file." in said.err


def test_a_document_over_the_limit(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document larger than the settings allow is refused with status 8, without being read."""
    monkeypatch.setenv("CROSSFOOT_MAX_BYTES", "10")
    write("a.txt", "OK this is longer")
    assert crossfoot("convert", "a.txt").status == 8


def test_a_document_over_the_deadline(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that takes too long is ended together with the programs it started."""
    monkeypatch.setenv("CROSSFOOT_DEADLINE_SECONDS", "0.5")
    monkeypatch.setenv("CROSSFOOT_DEADLINE_PAGE_SECONDS", "0")
    write("a.txt", f"HANG {Path('pid').resolve()}")
    said = crossfoot("convert", "a.txt", "-o", "out")
    assert said.status == 8
    assert problem("out/a.txt.error.json")["code"] == "E_LIMIT.time"
    assert gone(int(Path("pid").read_text(encoding="ascii")))


def gone(pid: int) -> bool:
    """True where no process of that number lives (one that nobody has waited for yet is dead)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_failure_replaces_an_older_result_and_the_other_way_round(crossfoot: Crossfoot) -> None:
    """OUT never holds both a result and an error of the same input."""
    write("a.txt")
    crossfoot("convert", "a.txt", "-o", "out")
    write("a.txt", "CORRUPT")
    crossfoot("convert", "a.txt", "-o", "out")
    assert tree("out") == {"a.txt.error.json"}
    write("a.txt")
    crossfoot("convert", "a.txt", "-o", "out")
    assert tree("out") == {"a.txt.json"}


def test_a_container(crossfoot: Crossfoot) -> None:
    """A container gives a folder of results in its order and an index that tells what became of every part."""
    documents = ("form.htm|OK form", "logo.gif|TYPE", "bad.pdf|CORRUPT", "data.xml?It is data.")
    write("sub.txt", "\n".join(("PARTS", *documents, "inner.zip|PARTS\\nx.txt|OK x")))
    said = crossfoot("convert", "sub.txt", "-o", "out")
    assert said.status == 6
    assert tree("out/sub.txt") == {
        "01-form.htm.json",
        "03-bad.pdf.error.json",
        "04-inner.zip/01-x.txt.json",
        "04-inner.zip/index.json",
        "index.json",
    }
    index = problem("out/sub.txt/index.json")
    assert index["skipped"] == [{"name": "data.xml", "reason": "It is data."}]
    assert index["outcome"] == "partial"
    states = [(part["number"], part["name"], part["state"]) for part in index["parts"]]
    assert states == [
        (1, "form.htm", "converted"),
        (2, "logo.gif", "skipped"),
        (3, "bad.pdf", "failed"),
        (4, "inner.zip", "container"),
    ]
    form = from_json(Path("out/sub.txt/01-form.htm.json").read_bytes())
    assert form.source.parent == index["container"]["sha256"]
    assert form.filing.form == "10-Q"


def test_a_container_without_a_folder_for_its_results(crossfoot: Crossfoot) -> None:
    """Several results have no place on standard output: that is a matter of usage, and said so."""
    write("sub.txt", "PARTS\na|OK\nb|OK")
    said = crossfoot("convert", "sub.txt")
    assert (said.status, said.out) == (2, b"")
    assert "-o" in said.err
    write("one.txt", "PARTS\na|OK")
    assert from_json(crossfoot("convert", "one.txt").out).source.bytes == 2


@pytest.mark.parametrize(
    "words",
    [
        ("convert",),
        ("convert", "a.txt", "b.txt"),
        ("convert", "."),
        ("convert", "a.txt", "--pages", "7-3"),
        ("convert", "a.txt", "--pages", "0"),
        ("convert", "a.txt", "--pages", "x"),
        ("convert", "a.txt", "--lang", "../eng"),
        ("convert", "a.txt", "--jobs", "0"),
        ("convert", "a.txt", "--fail-on", "monday"),
        ("convert", "a.txt", "-o", "a.txt"),
        ("unknown",),
    ],
)
def test_words_that_do_not_fit_together(crossfoot: Crossfoot, words: tuple[str, ...]) -> None:
    """Wrong usage ends with status 2 and nothing on standard output."""
    write("a.txt")
    said = crossfoot(*words)
    assert (said.status, said.out) == (2, b"")
    assert said.err


def test_options_reach_the_engine(crossfoot: Crossfoot) -> None:
    """Pages, languages, password and --no-repair arrive where documents are read."""
    write("a.txt", "ENCRYPTED")
    options = ("--pages", "3-7", "--lang", "eng+deu", "--password", engine.PASSWORD, "--no-repair")
    filing = from_json(crossfoot("convert", "a.txt", *options).out)
    assert filing.filing.registrant == "3 7"
    assert (filing.tables[0].title, filing.tables[0].headnote) == ("eng+deu", "as read")


@pytest.mark.parametrize(
    ("content", "occasion"), [("REVIEW", "review"), ("CONFLICT", "conflict"), ("PARTIAL", "partial")]
)
def test_fail_on(crossfoot: Crossfoot, content: str, occasion: str) -> None:
    """--fail-on turns what it names, and nothing else, into status 5; the result is written all the same."""
    write("a.txt", content)
    write("b.txt")
    for asked in ("review", "conflict", "partial"):
        said = crossfoot("convert", "a.txt", "b.txt", "-o", "out", "--fail-on", asked)
        assert said.status == (5 if asked == occasion else 0)
    assert tree("out") == {"a.txt.json", "b.txt.json"}


def test_a_partial_result_is_spoken_of(crossfoot: Crossfoot) -> None:
    """What was left out is no failure, but it is said on standard error."""
    write("a.txt", "PARTIAL")
    said = crossfoot("convert", "a.txt")
    assert said.status == 0
    assert "partial: Half of it is missing." in said.err


def test_witnesses_are_documents_or_results(crossfoot: Crossfoot) -> None:
    """Both kinds of witness reach the engine, in an order that does not depend on the command line."""
    write("a.txt")
    write("w1.txt", "OK w1")
    write("w2.txt", "OK w2")
    crossfoot("convert", "w2.txt", "-o", "out")
    first = crossfoot("convert", "a.txt", "--witness", "w1.txt", "--witness", "out/w2.txt.json")
    second = crossfoot("convert", "a.txt", "--witness", "out/w2.txt.json", "--witness", "w1.txt")
    expected = sorted(hashlib.sha256(f"OK {name}".encode()).hexdigest() for name in ("w1", "w2"))
    assert list(from_json(first.out).source.witnesses) == expected
    assert first.out == second.out


@pytest.mark.parametrize("content", ["CORRUPT", '{"schema_version": "7"}', ""])
def test_a_witness_that_cannot_be_read(crossfoot: Crossfoot, content: str) -> None:
    """A witness that is neither document nor result stops the command: a proof may hang on it."""
    write("a.txt")
    write("w", content)
    said = crossfoot("convert", "a.txt", "--witness", "w")
    assert (said.status, said.out) == (3, b"")


def test_an_output_folder_that_cannot_be_made(crossfoot: Crossfoot) -> None:
    """Where nothing can be written the command ends with status 10 before anything is read."""
    write("a.txt")
    said = crossfoot("convert", "a.txt", "-o", "/proc/nowhere")
    assert said.status == 10
    assert "/proc/nowhere" in said.err


def test_a_result_whose_place_is_taken(crossfoot: Crossfoot) -> None:
    """A folder that lies where a result should go is that document's misfortune, and no one else's."""
    write("in/a.txt")
    write("in/b.txt")
    Path("out/a.txt.json").mkdir(parents=True)
    said = crossfoot("convert", "in", "-o", "out")
    assert said.status == 6
    assert tree("out") == {"b.txt.json"}
    assert "a.txt.json cannot be written" in said.err


def test_a_bad_setting(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used ends with status 9 and its name."""
    monkeypatch.setenv("CROSSFOOT_MAX_BYTES", "plenty")
    write("a.txt")
    said = crossfoot("convert", "a.txt")
    assert said.status == 9
    assert "CROSSFOOT_MAX_BYTES" in said.err


def test_an_internal_error_is_one_line_and_a_hint(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program gives status 1, one line, and how to see more."""
    monkeypatch.setattr("worker.local.session.find_inputs", lambda *_: 1 / 0)
    write("a.txt")
    said = crossfoot("convert", "a.txt")
    assert said.status == 1
    assert "internal error: ZeroDivisionError" in said.err
    assert "--debug" in said.err
    assert "Traceback" not in said.err


def test_more_pages_have_more_time(crossfoot: Crossfoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline grows with the pages: a long document is given time in which a short one is given up."""
    monkeypatch.setenv("CROSSFOOT_DEADLINE_SECONDS", "0.1")
    monkeypatch.setenv("CROSSFOOT_DEADLINE_PAGE_SECONDS", "0.01")
    monkeypatch.setenv("CROSSFOOT_DEADLINE_STRETCH", "1")
    write("short.txt", "SLOW")
    assert crossfoot("convert", "short.txt").status == 8
    write("long.txt", "SLOW" + " and so on" * 500_000)
    monkeypatch.setenv("CROSSFOOT_DEADLINE_PAGE_SECONDS", "1")
    assert crossfoot("convert", "long.txt").status == 0


def test_an_empty_folder_called_as_a_document(crossfoot: Crossfoot) -> None:
    """A folder in a document's place is an answer with a code, not silence; one that holds documents is walked."""
    Path("dir.pdf").mkdir()
    assert crossfoot("convert", "dir.pdf", "-o", "out").status == 3
    assert problem("out/dir.pdf.error.json")["code"] == "E_UNSAFE"
    write("dir.pdf/a.txt")
    assert crossfoot("convert", "dir.pdf", "-o", "out").status == 0
