"""Documents of a back-fill in an object store: found below a prefix, read when a worker comes to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import obstore
import pytest

from schemas.errors import StorageError
from tests.fakes.s3 import BUCKET, S3Server
from tests.worker.test_conversion import Child
from worker import conversion, sources
from worker.backfill import Options, run
from worker.conversion import convert_job
from worker.jobs import Jobs
from worker.sandbox import Sandbox
from worker.settings import Settings
from worker.sources import find, open_uri
from worker.supervisor import make_folders


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
