"""What manifests may say, and what is refused by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import UsageError
from tests.fakes.scripted import KEY
from worker.manifests import read_manifest


def named(path: Path, content: str | bytes) -> list[str]:
    """The documents that a manifest with this content names."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [line.named for line in read_manifest(path)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv", "path;name\nd,1.txt;x\n\n;\n"),
        ("m.csv", "\ufeffName|PATH\nx|d,1.txt\n"),
        ("m.TSV", 'name\tpath\nx\t"d,1.txt"\n'),
        ("m.csv", 'name,path\n"x;y;z","d,1.txt"\n'),
    ],
)
def test_columns_may_be_parted_by_anything_usual(tmp_path: Path, name: str, content: str) -> None:
    """The head shows what stands between the columns; it is no document, and an empty row is none."""
    assert named(tmp_path / name, content) == ["d,1.txt"]


def test_a_head_without_the_column_tells_what_there_is(tmp_path: Path) -> None:
    """The person sees which columns were found."""
    with pytest.raises(UsageError, match="no column is called uri, path or url; there are: file, cik"):
        named(tmp_path / "m.csv", "File;CIK\na.txt;7\n")


def test_a_file_uri_of_this_machine_is_its_file(tmp_path: Path) -> None:
    """With or without the machine's name, in whatever case."""
    lines = "file://localhost/a.txt\nFILE:///b.txt\nS3://bucket/c.txt"
    assert named(tmp_path / "m.txt", lines) == ["file:///a.txt", "file:///b.txt", "s3://bucket/c.txt"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("https://example.com/x.pdf", "https:// is not read here"),
        ("gs://bucket/x.pdf", "gs:// is not read here"),
        ("file://other/x.pdf", "another machine"),
        ("s3://bucket/", "a bucket and no object"),
        ("s3://bucket", "a bucket and no object"),
        ('{"path": "a.txt", "pasword": "x"}', "pasword: it is not known"),
        ('{"path": "a.txt", "metadata": 7}', "metadata: "),
        ('{"path": "\\ud800.txt"}', "names no document"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_its_line(tmp_path: Path, line: str, said: str) -> None:
    """Nothing that is wished for is dropped in silence, and no address becomes a path."""
    with pytest.raises(UsageError, match=said) as caught:
        named(tmp_path / "m.jsonl", f"a.txt\n{line}\n")
    assert caught.value.detail.startswith("m.jsonl, line 2")


@pytest.mark.parametrize(("content", "said"), [('[{"path": "a"}]', "no list"), ("a".encode("utf-16"), "UTF-16")])
def test_another_form_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    """A JSON list and UTF-16 are told as what they are, not taken for names."""
    with pytest.raises(UsageError, match=said):
        named(tmp_path / "m.json", content)


def test_wishes_stand_beside_the_name(tmp_path: Path) -> None:
    """Password and metadata of a JSON line, the password of a table."""
    (tmp_path / "m.jsonl").write_text(json.dumps({"path": "a", "password": KEY, "metadata": {"dms": 7}}))
    (tmp_path / "m.csv").write_text(f"path,password,other\na,{KEY},x\nb,,y\n")
    (line,) = read_manifest(tmp_path / "m.jsonl")
    assert line.wish is not None
    assert (line.wish.password, line.wish.metadata) == (KEY, {"dms": 7})
    first, second = read_manifest(tmp_path / "m.csv")
    assert first.wish is not None
    assert first.wish.password == KEY
    assert second.wish is None


def test_what_lies_beside_a_document_is_none(tmp_path: Path) -> None:
    """A list of all files of a folder names passwords too; they are not stored as documents."""
    assert named(tmp_path / "m.txt", "a.pdf\na.pdf.password\na.pdf.crossfoot.yaml\n") == ["a.pdf"]
