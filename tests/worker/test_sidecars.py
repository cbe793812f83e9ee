"""What lies beside a dropped file: password, options, metadata; and what becomes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.database import Database
from worker.inbox import Inbox, is_ignored
from worker.settings import Settings
from worker.sidecars import LONELY_SECONDS, Options, OptionsError, read_options


@pytest.fixture
def database_url() -> str:
    """What the inbox does has nothing to do with where its rows are."""
    return ""


def beside(folder: Path, text: str | bytes) -> Options:
    """What is read beside a document."""
    data = text.encode() if isinstance(text, str) else text
    (folder / "a.pdf.crossfoot.yaml").write_bytes(data)
    return read_options(folder / "a.pdf")


def test_options_are_yaml(tmp_path: Path) -> None:
    """Everything that can be wished, and comments."""
    options = beside(tmp_path, "# from the DMS\npassword: s3\nurgency: interactive\nmetadata:\n  dms_id: '4711'\n")
    assert (options.password, options.urgency, options.metadata) == ("s3", "interactive", {"dms_id": "4711"})
    assert beside(tmp_path, "") == beside(tmp_path, "{}") == Options()
    (tmp_path / "a.pdf.password").write_text("one\ntwo\n")
    passwords = [beside(tmp_path, text).password for text in ("urgency: normal", "password: mine")]
    assert passwords == ["one", "mine"]


def test_nothing_is_taken_for_what_it_only_looks_like(tmp_path: Path) -> None:
    """Dates, sexagesimal numbers, octal numbers, "no" and "on" are text; numbers, truth and null are what they are."""
    text = "metadata: {country: no, day: 2026-11-21, time: 12:30:45, old: 0755, n: -12, x: 1.5, t: true, e: null}"
    texts = {"country": "no", "day": "2026-11-21", "time": "12:30:45", "old": "0755"}
    assert beside(tmp_path, text).metadata == texts | {"n": -12, "x": 1.5, "t": True, "e": None}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(st.characters(codec="ascii", min_codepoint=32)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc ", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(metadata=st.dictionaries(st.text("xyz", min_size=1, max_size=3), JSON, max_size=3))
def test_json_is_yaml_too(tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, Any]) -> None:
    """Who writes JSON into it gets the same values back."""
    folder = tmp_path_factory.mktemp("json")
    assert beside(folder, json.dumps({"metadata": metadata})).metadata == metadata


BAD: dict[str, tuple[str | bytes, str]] = {
    "torn": ("metadata: {a: [1, 2", "line 1"),
    "unknown": ("pasword: x", "pasword"),
    "a list": ("- a\n- b\n", "the whole"),
    "another profile": ("profile: sec-10k", "profile"),
    "a reference": ("a: &x [1]\nmetadata: {b: *x}", "line 2"),
    "a python object": ("metadata: !!python/object/apply:os.system [ls]", "line 1"),
    "no text": (b"\xff\xfe\x00", "crossfoot.yaml"),
    "deep": ("metadata: " + "[" * 5000, "crossfoot.yaml"),
    "too deep": ("metadata: {a: " + "[" * 40 + "]" * 40 + "}", "metadata"),
    "too long": ("# " + "x" * 70_000, "crossfoot.yaml"),
    "not a number": ("metadata: {a: !!float .nan}", "line 1"),
    "too great a number": ("metadata: {a: 1e999}", "metadata"),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_options_that_cannot_be_followed_are_refused(tmp_path: Path, case: str) -> None:
    """A wish that would silently not be fulfilled is an error, with its place."""
    text, place = BAD[case]
    with pytest.raises(OptionsError) as caught:
        beside(tmp_path, text)
    assert place in (caught.value.place or "")


TAGGED = (
    "!!timestamp foo", "!!timestamp 2001-01-01", "!!bool foo", "!!bool yes", "!!int ''", "!!int x", "!!int [1]",
    "!!float x", "!!null x", "!!binary aGk=", "!!binary é", "!!set {x}", "!!omap [a: 1]", "!!pairs [a: 1]",
    "!!str {a: 1}", "!!map [1]", "!!seq {a: 1}", "!!merge x", "{!!merge x: 1}", "{[1]: 2}", "!mine x",
)  # fmt: skip


@pytest.mark.parametrize("value", TAGGED)
@pytest.mark.parametrize("key", ["metadata: {a: {b: %s}}", "urgency: %s"])
def test_a_tag_that_json_has_no_value_for_is_refused(tmp_path: Path, key: str, value: str) -> None:
    """Whatever is written in a tag, and whatever stands beside it, is an error with its line, never one of ours."""
    with pytest.raises(OptionsError) as caught:
        beside(tmp_path, key % value)
    assert "line 1" in (caught.value.place or "")


def test_tags_that_say_what_a_value_is_are_followed(tmp_path: Path) -> None:
    """JSON's kinds may be named."""
    text = "metadata: !!map {s: !!str 1, q: !!int '7', f: !!float 1, t: !!bool true, n: !!null '', l: !!seq [x]}"
    assert beside(tmp_path, text).metadata == {"s": "1", "q": 7, "f": 1.0, "t": True, "n": None, "l": ["x"]}


def test_metadata_that_is_no_json_is_a_validation_error() -> None:
    """Values of other kinds do not get as far as the rows."""
    for value in ({1, 2}, b"x", {("a",): 1}):
        with pytest.raises(ValidationError, match="plain JSON"):
            Options(metadata={"a": value})


def test_options_with_a_strange_tag_put_the_document_aside(home: Settings, inbox: Inbox) -> None:
    """The inbox goes on: the document is not recovered again and again."""
    (home.inbox / "a.txt").write_text("x")
    (home.inbox / "a.txt.crossfoot.yaml").write_text("metadata: !!timestamp foo")
    inbox.look(0.0)
    assert inbox.look(1.0) == 0
    assert list(home.work.iterdir()) == []
    assert (home.failed / "a.txt").read_text() == "x"


def test_a_document_comes_with_its_metadata(home: Settings, inbox: Inbox) -> None:
    """The row has metadata, urgency and password; the options lie beside the document while it is worked on."""
    (home.inbox / "q1").mkdir()
    (home.inbox / "q1" / "a.txt").write_text("x")
    (home.inbox / "q1" / "a.txt.crossfoot.yaml").write_text("urgency: backfill\npassword: s\nmetadata: {id: 7}\n")
    inbox.look(0.0)
    assert inbox.look(1.0) == 1
    with Database.open(home) as db:
        (job,) = db.rows("SELECT urgency, password, metadata FROM jobs")
        (name,) = db.rows("SELECT metadata FROM deliveries")
    assert (job["urgency"], job["password"], json.loads(job["metadata"])) == ("backfill", "s", {"id": 7})
    assert json.loads(name["metadata"]) == {"id": 7}
    assert len(list(home.work.glob("*/q1/a.txt.crossfoot.yaml"))) == 1
    assert list((home.inbox / "q1").iterdir()) == []


def test_a_document_waits_for_options_that_are_still_written(home: Settings, inbox: Inbox) -> None:
    """What lies beside a document must rest like the document itself."""
    (home.inbox / "a.txt").write_text("x")
    inbox.look(0.0)
    (home.inbox / "a.txt.crossfoot.yaml").write_text("metadata: {a: ")
    assert inbox.look(1.0) == 0
    (home.inbox / "a.txt.crossfoot.yaml").write_text("metadata: {a: 1}")
    assert inbox.look(1.9) == 0
    assert inbox.look(2.5) == 0
    assert inbox.look(3.0) == 1


def test_a_document_with_bad_options_is_put_aside_with_them(home: Settings, inbox: Inbox) -> None:
    """Both lie in failed/, with one sentence that names the line: mended, they can be dropped again."""
    (home.inbox / "a.txt").write_text("x")
    (home.inbox / "a.txt.crossfoot.yaml").write_text("urgency: now\n")
    inbox.look(0.0)
    assert inbox.look(1.0) == 0
    assert sorted(p.name for p in home.failed.iterdir()) == ["a.txt", "a.txt.crossfoot.yaml", "a.txt.error.json"]
    problem = json.loads((home.failed / "a.txt.error.json").read_bytes())
    assert (problem["code"], problem["place"]) == ("E_USAGE", "a.txt.crossfoot.yaml: urgency")
    assert list(home.work.iterdir()) == []


def test_sidecars_alone_are_no_documents(home: Settings, inbox: Inbox) -> None:
    """They wait for theirs; and one whose name leaves no room for the ending has none."""
    assert is_ignored("q1/a.pdf.crossfoot.yaml")
    (home.inbox / "a.txt.crossfoot.yaml").write_text("{}")
    (home.inbox / ("x" * 250)).write_text("x")
    inbox.look(0.0)
    assert inbox.look(1.0) == 1
    assert [p.name for p in home.inbox.iterdir()] == ["a.txt.crossfoot.yaml"]


def test_a_sidecar_whose_document_does_not_come_is_put_aside(home: Settings, inbox: Inbox) -> None:
    """It waits some minutes for a document that comes a bit later; it is not kept for the next of that name."""
    (home.inbox / "q").mkdir()
    for name in ("a.txt.crossfoot.yaml", "b.txt.password"):
        (home.inbox / "q" / name).write_text("metadata: {id: 1}")
    inbox.look(0.0)
    inbox.look(LONELY_SECONDS - 2)
    (home.inbox / "q" / "b.txt").write_text("b")
    inbox.look(LONELY_SECONDS - 1)
    assert inbox.look(LONELY_SECONDS + 1) == 1
    assert list((home.inbox / "q").iterdir()) == []
    assert len(list(home.work.glob("*/q/b.txt.password"))) == 1
    assert (home.failed / "q/a.txt.crossfoot.yaml").read_text() == "metadata: {id: 1}"
    problem = json.loads((home.failed / "q/a.txt.crossfoot.yaml.error.json").read_bytes())
    assert (problem["code"], problem["place"]) == ("E_USAGE", "q/a.txt.crossfoot.yaml")
    assert problem["detail"] == "No document has come to it within 5 minutes; drop them together."


def test_yml_is_yaml(home: Settings, inbox: Inbox) -> None:
    """The shorter ending is no document but means the same; both at once are a contradiction."""
    for name in ("a.txt", "b.txt"):
        (home.inbox / name).write_text(name)
        (home.inbox / f"{name}.crossfoot.yml").write_text("metadata: {id: 7}")
    (home.inbox / "b.txt.crossfoot.yaml").write_text("metadata: {id: 8}")
    inbox.look(0.0)
    assert inbox.look(1.0) == 1
    with Database.open(home) as db:
        assert [json.loads(row["metadata"]) for row in db.rows("SELECT metadata FROM jobs")] == [{"id": 7}]
    assert len(list(home.failed.iterdir())) == 4
    assert "two files" in json.loads((home.failed / "b.txt.error.json").read_bytes())["detail"]


def test_the_error_of_a_file_put_aside_has_its_metadata(home: Settings) -> None:
    """Who drops documents finds them by what he calls them, whatever became of them."""
    with Database.open(home) as db:
        small = Inbox(replace(home, max_bytes=3), db)
        (home.inbox / "a.txt").write_text("too large")
        (home.inbox / "a.txt.crossfoot.yaml").write_text("metadata: {id: 7}")
        small.look(0.0)
        small.look(1.0)
    assert json.loads((home.failed / "a.txt.error.json").read_bytes())["metadata"] == {"id": 7}
    assert (home.failed / "a.txt.crossfoot.yaml").exists()
