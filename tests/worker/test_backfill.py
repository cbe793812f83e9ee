"""Back-fills: which files, under which names, once."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import EmptyError, ServiceError, UnreadableError, UsageError
from tests.fakes.postgres import Postgres
from tests.fakes.scripted import KEY
from worker import backfill, reports, sources
from worker.backfill import Options, Progress
from worker.database import Database
from worker.jobs import deliveries, leases
from worker.jobs.jobs import Jobs
from worker.processes import supervisor
from worker.settings import Settings

STAY_OUT = Options(wait=False)


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Settings:
    """A home that nobody serves, its rows on either database."""
    return replace(Settings(), home=tmp_path / "home", database_url=database_url)


def paths(settings: Settings) -> list[str]:
    """The names under which results will lie."""
    with Jobs.open(settings) as jobs:
        return sorted(path for job in jobs.list() for path in job.paths)


def test_a_folder_is_walked_once(home: Settings, tmp_path: Path) -> None:
    """Every file of a folder becomes a row, hidden ones do not; the second run adds only what is new."""
    folder = tmp_path / "archive"
    (folder / "1999").mkdir(parents=True)
    for name in ("1999/a.txt", "b.pdf", ".hidden"):
        (folder / name).write_text(name)
    seen: list[Progress] = []
    assert backfill.run(folder, home, STAY_OUT, report=seen.append) == Progress(total=2, queued=2)
    (folder / "new.htm").write_text("new")
    assert backfill.run(folder, home, STAY_OUT).total == 3
    assert paths(home) == ["1999/a.txt", "b.pdf", "new.htm"]
    assert seen[-1].total == 2
    with Jobs.open(home) as jobs:
        assert {job.kind for job in jobs.list()} == {"text", "pdf", "html"}
        assert {job.urgency for job in jobs.list()} == {"backfill"}


def test_a_manifest_names_files_in_lines_or_json(home: Settings, tmp_path: Path) -> None:
    """Relative paths start at the manifest; what lies elsewhere keeps its whole path under results/."""
    manifest = tmp_path / "lists" / "all.jsonl"
    manifest.parent.mkdir()
    manifest.write_text('q1/a.txt\n\n{"path": "b.txt", "metadata": {"cik": 7}}\n/elsewhere/c.txt\n../up/d.txt\n')
    assert backfill.run(manifest, home, STAY_OUT).total == 4
    outside = (tmp_path / "up" / "d.txt").relative_to("/").as_posix()
    assert paths(home) == sorted(["q1/a.txt", "b.txt", "elsewhere/c.txt", outside])


@pytest.mark.parametrize("line", ['{"file": "a"}', "{", '{"path": 7}'])
def test_a_line_that_names_no_path_is_refused_by_its_number(home: Settings, tmp_path: Path, line: str) -> None:
    """The person is told which line of the manifest is wrong."""
    (tmp_path / "m.jsonl").write_text(f"a.txt\n{line}\n")
    with pytest.raises(UsageError, match=r"m.jsonl, line 2"):
        backfill.run(tmp_path / "m.jsonl", home, STAY_OUT)


def test_a_source_that_is_not_there_is_refused(home: Settings, tmp_path: Path) -> None:
    """Neither a folder nor a file: a mistake of the command."""
    with pytest.raises(UsageError, match="neither"):
        backfill.run(tmp_path / "nothing", home, STAY_OUT)


def test_names_of_any_bytes_are_rows(home: Settings, tmp_path: Path) -> None:
    """A file name that is no UTF-8 is a document like any other."""
    folder = tmp_path / "archive"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("x")
    assert backfill.run(folder, home, STAY_OUT).total == 1
    assert paths(home) == ["caf_.txt"]


def test_a_table_names_files_and_objects(home: Settings, tmp_path: Path) -> None:
    """A CSV with a column for the document; objects and file URIs stand beside paths."""
    manifest = tmp_path / "list.csv"
    manifest.write_text(f"\ufeffCIK,URI\n7,s3://bucket/1999/a b.pdf\n8,sub/b.htm\n9,{(tmp_path / 'c d').as_uri()}\n")
    assert backfill.run(manifest, home, STAY_OUT).total == 3
    with Jobs.open(home) as jobs:
        assert {(job.paths[0], job.uri, job.kind) for job in jobs.list()} == {
            ("bucket/1999/a b.pdf", "s3://bucket/1999/a b.pdf", "pdf"),
            ("sub/b.htm", (tmp_path / "sub/b.htm").as_uri(), "html"),
            ("c d", (tmp_path / "c d").as_uri(), "text"),
        }


def test_a_table_without_the_column_is_refused(home: Settings, tmp_path: Path) -> None:
    """The person is told which columns there are."""
    (tmp_path / "m.csv").write_text("cik,name\n7,a.pdf\n")
    with pytest.raises(UsageError, match=r"m.csv: no column is called uri, path or url; there are: cik, name"):
        backfill.run(tmp_path / "m.csv", home, STAY_OUT)


def write_list(tmp_path: Path, names: int) -> Path:
    """A manifest."""
    manifest = tmp_path / "list.txt"
    manifest.write_text("".join(f"{number}.txt\n" for number in range(names)))
    return manifest


def test_a_dry_run_counts_and_writes_nothing(home: Settings, tmp_path: Path) -> None:
    """What there is and what would be new, before and after a run."""
    manifest = write_list(tmp_path, 5)
    assert backfill.run(manifest, home, Options(dry_run=True)) == Progress(total=5, queued=5)
    assert paths(home) == []
    backfill.run(manifest, home, STAY_OUT)
    write_list(tmp_path, 7)
    assert backfill.run(manifest, home, Options(dry_run=True)) == Progress(total=7, queued=2)


def test_shards_share_everything_between_them(home: Settings, tmp_path: Path) -> None:
    """Each document belongs to one shard, and each shard knows its own progress."""
    manifest = write_list(tmp_path, 40)
    totals = [backfill.run(manifest, home, Options(wait=False, shard=(n, 3))).total for n in (1, 2, 3)]
    assert sum(totals) == 40
    assert min(totals) > 3
    assert len(set(paths(home))) == 40
    assert backfill.run(manifest, home, Options(wait=False, shard=(2, 3))).total == totals[1]


def test_shards_are_the_same_wherever_the_list_lies(tmp_path: Path) -> None:
    """Two machines that see the same list, or folder, under different paths share it without a rest."""
    shares = []
    for number, machine in enumerate(("one", "two"), start=1):
        (tmp_path / machine / "docs").mkdir(parents=True)
        for name in range(20):
            (tmp_path / machine / "docs" / f"{name}.txt").touch()
        manifest = write_list(tmp_path / machine, 20)
        manifest.write_text(manifest.read_text() + "../elsewhere/x.txt\n")
        found = [*sources.find(str(manifest)), *sources.find(str(tmp_path / machine / "docs"))]
        shares.append([f.name for f in backfill._shard(iter(found), (number, 2))])
    assert sorted(shares[0] + shares[1]) == sorted(
        ["../elsewhere/x.txt", *(f"{n}.txt" for n in range(20)), *(f"{n}.txt" for n in range(20))]
    )


def test_a_rate_holds_up_new_documents_only(home: Settings, tmp_path: Path) -> None:
    """What the rows hold already is not let in again, so nobody waits for it."""
    backfill.run(write_list(tmp_path, 30), home, STAY_OUT)
    begun = time.monotonic()
    assert backfill.run(write_list(tmp_path, 31), home, Options(wait=False, rate=0.1)).total == 31
    assert time.monotonic() - begun < 5


def test_what_is_no_document_in_an_inbox_is_none_in_a_folder(home: Settings, tmp_path: Path) -> None:
    """Passwords, options, half files, locks and what systems leave are not converted, nor stored."""
    folder = tmp_path / "archive"
    (folder / "@eaDir").mkdir(parents=True)
    litter = ("a.txt.password", "a.txt.crossfoot.yaml", "b.txt.part", "~$c.docx", "Thumbs.db", "@eaDir/x.txt")
    for name in ("a.txt", *litter):
        (folder / name).write_text(name)
    assert backfill.run(folder, home, STAY_OUT).total == 1
    assert paths(home) == ["a.txt"]


def test_a_source_without_documents_is_no_success(home: Settings, tmp_path: Path) -> None:
    """A mistyped name is told, and not that everything is done; what was found before is shown as ever."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for options in (STAY_OUT, Options(dry_run=True), Options()):
        with pytest.raises(EmptyError, match="no documents"):
            backfill.run(folder, home, options)
    (folder / "a.txt").touch()
    backfill.run(folder, home, STAY_OUT)
    (folder / "a.txt").unlink()
    assert backfill.run(folder, home, STAY_OUT).total == 1


def test_wishes_of_a_manifest_are_written_down(home: Settings, tmp_path: Path) -> None:
    """The worker gets the password, whoever asks the metadata; the document may be urgent."""
    wish = {"path": "a.txt", "password": KEY, "metadata": {"dms": "7"}, "urgency": "normal"}
    (tmp_path / "m.jsonl").write_text(json.dumps(wish))
    backfill.run(tmp_path / "m.jsonl", home, STAY_OUT)
    with Database.open(home) as db:
        held = leases.claim(db, home, 1, "o", 1.0)
        (name,) = db.rows("SELECT metadata FROM deliveries")
    assert held is not None
    assert (held.password, held.urgency, held.metadata, name["metadata"]) == (KEY, "normal", *['{"dms": "7"}'] * 2)


def test_two_who_add_to_one_back_fill_add_it_once(postgres: Postgres, tmp_path: Path) -> None:
    """They wait for each other, and neither fails."""
    home = replace(Settings(), home=tmp_path / "home", database_url=postgres.make_database())
    rows = [deliveries.Planned(f"{n}.txt", f"file:///{n}.txt", "text") for n in range(3_000)]
    with Database.open(home), ThreadPoolExecutor(4) as pool:
        written = pool.map(lambda _: deliveries.plan(Database.open(home), "batch", rows, "e 1", 1.0), range(4))
    assert sorted(written) == [0, 0, 0, 3_000]


class Homes:
    """Whether a home is served, as a test wants it, and what was started for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_served = True
        self.started: list[str] = []
        monkeypatch.setattr(supervisor, "is_served", lambda _: self.is_served)
        monkeypatch.setattr(backfill, "LOOK_SECONDS", 0.0)
        monkeypatch.setattr(backfill, "AWAY_SECONDS", 0.2)
        monkeypatch.setattr(subprocess, "Popen", self.start)

    def start(self, *_: object, **__: object) -> subprocess.Popen[bytes]:
        """Something that ends at once."""
        self.started.append("up")
        return REAL(["true"])


REAL = subprocess.Popen


def test_the_service_is_taken_over_when_it_ends(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits does not wait for nobody: after a moment another is started; when that ends too, it is said."""
    homes = Homes(monkeypatch)
    with backfill._Service(replace(home, redis_url="redis://127.0.0.1:1/0")) as service:
        service.check()
        homes.is_served = False
        service.check()
        assert homes.started == []
        time.sleep(0.3)
        service.check()
        assert homes.started == ["up"]
        assert service._process is not None
        service._process.wait()
        with pytest.raises(ServiceError, match="has ended"):
            service.check()


def test_a_rate_is_kept(home: Settings, tmp_path: Path) -> None:
    """Sixteen documents at ten a second: the second group of them waits for a second."""
    begun = time.monotonic()
    assert backfill.run(write_list(tmp_path, 16), home, Options(wait=False, rate=10.0)).total == 16
    assert time.monotonic() - begun >= 1.0


def test_a_redo_queues_what_an_earlier_engine_has_done(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only this back-fill's documents, and only once."""
    manifest = write_list(tmp_path, 2)
    backfill.run(manifest, home, STAY_OUT)
    with Database.open(home) as db:
        for number in (1, 2):
            held = leases.claim(db, home, number, "o", 1.0)
            assert held is not None
            leases.attach(db, held, f"{number}" * 64, 1, 1.0)
            leases.finish(db, held, ("f" * 64, 1), {"review": 3 if number == 1 else 0}, 2.0)
    assert backfill.run(manifest, home, STAY_OUT) == Progress(total=2, done=2, review=1)
    monkeypatch.setattr(backfill, "engine_name", lambda: "crossfoot 99")
    for _ in range(2):
        backfill.run(manifest, home, Options(wait=False, redo=True))
        with Jobs.open(home) as jobs:
            assert jobs.counts()["queued"] == 2


def test_a_back_fill_that_waits_for_room_says_so(home: Settings, tmp_path: Path) -> None:
    """Rows are written, and whoever watches is told why nothing is taken in; with room there is nothing to tell."""
    manifest = write_list(tmp_path, 1)
    seen: list[Progress] = []
    backfill.run(manifest, replace(home, reserve_mb=1 << 30), STAY_OUT, report=seen.append)
    assert seen[0].queued == 1
    assert seen[0].paused.startswith("The disk is nearly full")
    seen.clear()
    backfill.run(manifest, home, STAY_OUT, report=seen.append)
    assert {progress.paused for progress in seen} == {""}


def test_two_reports_of_one_second_are_two(tmp_path: Path) -> None:
    """The later one gets a number, and the earlier one stays."""
    stems = [reports.find_free(tmp_path / "reports" / "r") for _ in range(3)]
    assert [stem.name for stem in stems] == ["r", "r-2", "r-3"]


def test_a_container_is_partial_in_the_report_where_a_part_failed(home: Settings, tmp_path: Path) -> None:
    """As in its index: who counts what is complete does not count it."""
    manifest = write_list(tmp_path, 1)
    backfill.run(manifest, home, STAY_OUT)
    batch = backfill.batch_name(str(manifest))
    with Database.open(home) as db:
        for number in (1, 2, 3):
            held = leases.claim(db, home, number, "o", 1.0)
            assert held is not None
            if number == 1:
                leases.attach(db, held, "1" * 64, 1, 1.0)
                parts = tuple(leases.Part(n, f"{n}.txt", f"{n}" * 64, 1, "text", "{}") for n in (2, 3))
                leases.finish_container(db, held, ("f" * 64, 1), leases.Opened(parts), 2.0)
            elif number == 2:
                leases.finish(db, held, ("e" * 64, 1), {"outcome": "complete"}, 2.0)
            else:
                leases.fail(db, held, UnreadableError("It is damaged."), 2.0)
        summary, _ = reports.write(db, batch, backfill.count(db, batch), tmp_path / "r")
    assert json.loads(summary.read_text())["outcomes"] == {"complete": 1, "partial": 1}


def test_a_report_says_what_became_of_each(home: Settings, tmp_path: Path) -> None:
    """Counts as JSON, a row for each document as CSV; no cell is a formula."""
    manifest = tmp_path / "list.txt"
    manifest.write_text("=cmd.pdf\nb.txt\n")
    backfill.run(manifest, home, STAY_OUT)
    batch = backfill.batch_name(str(manifest))
    with Database.open(home) as db:
        held = leases.claim(db, home, 1, "o", 1.0)
        assert held is not None
        leases.fail(db, held, UnreadableError("It is damaged.", "line 1"), 2.0)
        container = leases.claim(db, home, 2, "o", 1.0)
        assert container is not None
        leases.attach(db, container, "1" * 64, 1, 1.0)
        leases.finish(db, container, ("f" * 64, 1), {"container": True, "outcome": "partial"}, 2.0)
        summary, table = reports.write(db, batch, backfill.count(db, batch), tmp_path / "reports" / "r.1")
    told = json.loads(summary.read_text())
    assert (told["total"], told["failed"], told["queued"], told["errors"]) == (2, 1, 0, {"E_CORRUPT": 1})
    assert told["outcomes"] == {"partial": 1}
    with table.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["path"], first["state"], first["code"]) == ("'=cmd.pdf", "failed", "E_CORRUPT")
    assert first["detail"] == "It is damaged."
    assert (second["path"], second["state"]) == ("b.txt", "done")
    assert table.name == "r.1.csv"
