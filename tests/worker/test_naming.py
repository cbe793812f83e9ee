"""Names of results: nothing overwritten, nothing too long, nothing outside."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from worker.naming import candidates, clean, fits, part_name, path_of_uri, uri_of_path, with_hash

HASH = "1a2b3c4d" * 8
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=300).filter(
    lambda name: name.strip(".") != ""
)


def test_the_hash_stands_before_the_suffix() -> None:
    """The name of another document still opens with the same program."""
    assert with_hash("q2/report.pdf", HASH) == "q2/report-1a2b3c4d.pdf"
    assert with_hash("report", HASH) == "report-1a2b3c4d"


def test_the_own_name_comes_first_unless_it_looks_like_an_error_file() -> None:
    """``x.error.json`` as a document must not be taken for the error of a document ``x``."""
    assert candidates("a.pdf", HASH) == ("a.pdf", "a-1a2b3c4d.pdf", f"a-{HASH}.pdf")
    assert candidates("a.error.json", HASH)[0] == "a.error-1a2b3c4d.json"


@given(names=st.lists(NAMES, min_size=1, max_size=3))
def test_every_candidate_fits_and_stays_below(names: list[str]) -> None:
    """Whatever a document is called, there is a name for it that the file system takes."""
    found = candidates("/".join(names), HASH)
    assert len(set(found)) == len(found) >= 2
    assert all(fits(name) for name in found[1:])
    assert all(".." not in PurePosixPath(name).parts for name in found)


@given(name=st.text(max_size=400))
def test_a_part_of_a_container_is_one_file_name(name: str) -> None:
    """A container may call its parts what it likes: the file has a number, no folder, no control character."""
    made = part_name(3, name)
    assert made.startswith("03-")
    assert "/" not in made
    assert fits(with_hash(made, HASH))
    assert clean(made) == made


def test_a_path_survives_as_a_uri_whatever_its_bytes() -> None:
    """A name that is no UTF-8 comes back as it was."""
    for name in ("/a b/ü.pdf", "/x/\udcff%2F.txt", "/100%.txt"):
        uri = uri_of_path(Path(name))
        assert uri.isascii()
        assert str(path_of_uri(uri)) == name
