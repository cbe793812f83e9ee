"""Documents of a back-fill in an object store: found below a prefix, read when a worker comes to them."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import obstore
import pytest

from schemas.errors import StorageError, UsageError
from tests.fakes.s3 import BUCKET, S3Server
from tests.fakes.scripted import KEY
from tests.worker.converting.test_conversion import Child
from worker import sources
from worker.backfill import Options, run
from worker.converting import conversion
from worker.converting.conversion import convert_job
from worker.converting.sandbox import Ended, Request, Sandbox
from worker.database import Database
from worker.jobs.jobs import Jobs
from worker.processes.supervisor import make_folders
from worker.settings import Settings
from worker.sources import find, open_uri


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server with a few documents, named by the environment."""
    with S3Server(tmp_path_factory.mktemp("s3") / "log") as made, pytest.MonkeyPatch.context() as patch:
        for name, value in made.variables.items():
            patch.setenv(name, value)
        sources._bucket.cache_clear()
        for key in ("1999/a b.pdf", "1999/q%201.htm", "1999/.hidden", "2000/c.txt", "1999/großbank.txt"):
            obstore.put(made.client(""), key, key.encode() * 200_000)
        yield made


def test_a_prefix_is_listed(server: S3Server) -> None:
    """Every object below it, under its name seen from there, hidden ones left out."""
    found = {f.path: (f.uri, f.kind) for f in find(f"s3://{BUCKET}/1999/")}
    assert found.keys() == {"a b.pdf", "q%201.htm", "großbank.txt"}
    assert found["a b.pdf"] == (f"s3://{BUCKET}/1999/a b.pdf", "pdf")
    assert len(list(find(f"s3://{BUCKET}"))) == 4


def test_what_was_found_can_be_read(server: S3Server) -> None:
    """Names with blanks, signs and accents lead back to their bytes, in pieces or as a whole."""
    for found in find(f"s3://{BUCKET}"):
        with open_uri(found.uri) as stream:
            head = stream.read(3)
            data = head + stream.read()
        assert data == found.uri.removeprefix(f"s3://{BUCKET}/").encode() * 200_000


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home."""
    settings = replace(Settings(), home=tmp_path / "home")
    make_folders(settings)
    return settings


def test_an_object_is_hashed_and_converted_when_it_is_claimed(server: S3Server, home: Settings) -> None:
    """A row holds the URI only; the worker that claims it reads the object into the store."""
    assert run(f"s3://{BUCKET}/2000", home, Options(wait=False)).total == 1
    assert convert_job(home, cast("Sandbox", Child()), 1) == "done"
    with Jobs.open(home) as jobs:
        assert jobs.show(1).sha256 == hashlib.sha256(b"2000/c.txt" * 200_000).hexdigest()


def test_an_object_that_is_gone_ends_its_job_only(server: S3Server, home: Settings) -> None:
    """It fails with a sentence, at once; the rest of the back-fill goes on."""
    (home.home / "list").write_text(f"s3://{BUCKET}/none.pdf\n")
    run(home.home / "list", home, Options(wait=False))
    convert_job(home, cast("Sandbox", Child()), 1)
    with Jobs.open(home) as jobs:
        job = jobs.show(1)
    assert (job.state, job.problem and job.problem["code"]) == ("failed", "E_STORAGE")


def test_a_store_that_is_away_costs_no_attempt(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document waits until the store is back."""

    def away(_: str) -> None:
        raise StorageError("The object store does not answer.")

    (home.home / "list").write_text("s3://elsewhere/a.pdf\n")
    run(home.home / "list", home, Options(wait=False))
    monkeypatch.setattr(conversion, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(sources, "_Object", away)
    assert convert_job(home, cast("Sandbox", Child()), 1) == "queued"
    with Jobs.open(home) as jobs:
        assert (jobs.show(1).state, jobs.show(1).attempt) == ("queued", 0)


@pytest.mark.parametrize("key", ["a//b.txt", "a/../b.txt", "2000/", "/2000/c.txt"])
def test_a_key_that_cannot_be_asked_for_fails_with_a_sentence(server: S3Server, home: Settings, key: str) -> None:
    """At once, as what it is, and never as another object."""
    (home.home / "list").write_text(f"s3://{BUCKET}/{key}\n")
    run(home.home / "list", home, Options(wait=False))
    assert convert_job(home, cast("Sandbox", Child()), 1) == "E_CORRUPT"
    with Jobs.open(home) as jobs:
        job = jobs.show(1)
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.problem is not None
    assert "cannot be asked for" in str(job.problem["detail"]) or "can be asked for" in str(job.problem["detail"])


def test_a_listing_that_is_cut_short_by_a_key_is_the_sources_fault(server: S3Server) -> None:
    """The key is told, and what can be done, instead of a store that does not answer."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{os.environ['AWS_ENDPOINT_URL']}/{BUCKET}/odd//b.txt", data=b"b", method="PUT"
    )
    with urllib.request.urlopen(request):  # noqa: S310 - our own server
        pass
    with pytest.raises(UsageError, match=r'"odd//b.txt".*manifest'):
        list(find(f"s3://{BUCKET}/odd"))
    assert len(list(find(f"s3://{BUCKET}/1999"))) == 3


def test_what_lies_beside_a_file_is_heeded_when_it_is_read(home: Settings, tmp_path: Path) -> None:
    """Password and metadata of a back-fill's file are those of the files beside it, as in the inbox."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "a.txt").write_text("locked")
    (folder / "a.txt.password").write_text(KEY)
    (folder / "a.txt.crossfoot.yaml").write_text("metadata: {dms: 7}")
    run(folder, home, Options(wait=False))
    asked: list[str | None] = []

    class Asked(Child):
        def run(self, request: Request, renew: Callable[[], bool], seconds: float) -> Ended:
            asked.append(request.password)
            return super().run(request, renew, seconds)

    assert convert_job(home, cast("Sandbox", Asked()), 1) == "done"
    assert asked == [KEY]
    with Database.open(home) as db:
        rows = db.rows(
            "SELECT d.metadata AS name, j.metadata, j.password FROM deliveries d JOIN jobs j ON j.id = d.job_id"
        )
    told = {"name": '{"dms": 7}', "metadata": '{"dms": 7}', "password": None}
    assert [dict(row) for row in rows] == [told]


def test_options_that_cannot_be_followed_end_the_job(home: Settings, tmp_path: Path) -> None:
    """A document is not converted as it was not wished."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "a.txt.crossfoot.yaml").write_text("pasword: x")
    run(folder, home, Options(wait=False))
    assert convert_job(home, cast("Sandbox", Child()), 1) == "E_USAGE"
