"""What lies beside a dropped file: its password, and its options and metadata as YAML.

    report.pdf                   the document
    report.pdf.password          its password, the first line
    report.pdf.crossfoot.yaml    password, urgency, profile, and metadata that is echoed wherever the job is told of;
                                 report.pdf.crossfoot.yml is the same

YAML is read as JSON would be: what looks like a date, a sexagesimal number or "no" is text, and nothing is a reference.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import UnreadableError
from worker.blobs import open_regular
from worker.naming import LONGEST_NAME, OPTIONS_SUFFIXES, PASSWORD_SUFFIX, SIDECAR_SUFFIXES
from worker.routing import Urgency
from worker.wishes import Metadata, NoNul

log = logging.getLogger("crossfoot")

# how long one waits for its document: after that it would be the next one's of that name
LONELY_SECONDS: Final = 300.0
MOST_BYTES: Final = 64 * 1024


class OptionsError(UnreadableError):
    """What lies beside a document cannot be followed, so that the document is not converted as it was wished."""

    code = "E_USAGE"
    title = "The options beside the document cannot be read"


class Options(BaseModel):
    """What is wished of a document that is dropped; an unknown key is an error, not a wish that nobody fulfils."""

    model_config = ConfigDict(extra="forbid")

    profile: Literal["default"] = "default"
    password: Annotated[NoNul, Field(max_length=1024)] | None = None
    urgency: Urgency = "normal"
    metadata: Metadata = Field(default_factory=dict)


def is_sidecar(name: str) -> bool:
    """Whether a file is no document but lies beside one."""
    return name.endswith(SIDECAR_SUFFIXES)


def document_of(name: str) -> str | None:
    """The name of the document that a file lies beside; None for one that is no sidecar."""
    suffix = next((suffix for suffix in SIDECAR_SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(suffix) if suffix else None


def find_beside(path: Path) -> Iterator[Path]:
    """The files that may lie beside a document: a name without room for an ending has none."""
    for suffix in SIDECAR_SUFFIXES:
        if len(os.fsencode(path.name + suffix)) <= LONGEST_NAME:
            yield path.with_name(path.name + suffix)


def take_along(source: Path, target: Path, move: Callable[[Path, Path], None]) -> None:
    """Take what lies beside a file along with it; what lies there already stays."""
    for sidecar in find_beside(source):
        there = target.with_name(target.name + sidecar.name.removeprefix(source.name))
        if not sidecar.is_file() or sidecar.is_symlink() or os.path.lexists(there):
            continue
        try:
            move(sidecar, there)
        except OSError as error:
            log.warning("%s: cannot be taken out of the inbox: %s", sidecar.name, error.strerror)


def read_options(document: Path) -> Options:
    """What is wished of a document, by the files beside it.

    Raises:
        OptionsError: its options are no YAML, or say what is not known, or lie there twice.
    """
    found = [path for path in find_beside(document) if os.path.lexists(path)]
    files = [path for path in found if path.name.endswith(OPTIONS_SUFFIXES)]
    if len(files) > 1:
        raise OptionsError("There are two files with options beside it.", " and ".join(path.name for path in files))
    options = _read_yaml(files[0]) if files else Options()
    password = document.with_name(document.name + PASSWORD_SUFFIX)
    if options.password is None and password in found:
        options = options.model_copy(update={"password": _read_password(password)})
    return options


def _read_password(path: Path) -> str | None:
    """The first line of a file, None where it holds none."""
    try:
        with open_regular(path) as stream:
            return stream.readline(1024).decode(errors="replace").rstrip("\r\n").replace("\0", "") or None
    except UnreadableError:
        return None


def _read_yaml(path: Path) -> Options:
    """Options out of a file."""
    try:
        with open_regular(path) as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise OptionsError(f"The options beside it are longer than {MOST_BYTES:,} bytes.", path.name)
        content = yaml.load(data.decode("utf-8-sig"), Plain)  # noqa: S506 - it makes plain values only
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise OptionsError("The options beside it are no plain YAML.", _place(path, error)) from None
    try:
        return Options.model_validate({} if content is None else content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200]
        raise OptionsError(
            f"The options beside it cannot be followed: {first['msg']}.", f"{path.name}: {where or 'the whole'}"
        ) from None


def _place(path: Path, error: Exception) -> str:
    """Where in the file YAML could not be read."""
    mark = getattr(error, "problem_mark", None)
    return path.name if mark is None else f"{path.name}: line {mark.line + 1}"


class Plain(yaml.BaseLoader):  # type: ignore[misc]
    """YAML with JSON's values only: no dates, no "yes" and "no", no references that grow when they are followed."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse references."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "references are not taken", mark)
        return super().compose_node(parent, index)

    def make_scalar(self, node: Any) -> Any:
        """A value, whose tag may stand there in words beside anything at all."""
        text = self.construct_scalar(node)
        _, pattern, _, make = SCALARS[node.tag.rpartition(":")[2]]
        if not re.fullmatch(pattern, text):
            raise yaml.constructor.ConstructorError(None, None, "a value is not of its kind", node.start_mark)
        return make(text)

    def refuse(self, node: Any) -> Any:
        """Refuse every other tag."""
        raise yaml.constructor.ConstructorError(None, None, "a tag that JSON has no value for", node.start_mark)


# kind: tag, pattern, first characters, what makes the value
SCALARS: Final[dict[str, tuple[str, str, list[str], Callable[[str], Any]]]] = {
    "null": ("tag:yaml.org,2002:null", r"null|~|", ["n", "~", ""], lambda _: None),
    "bool": ("tag:yaml.org,2002:bool", r"true|false", ["t", "f"], lambda text: text == "true"),
    "int": ("tag:yaml.org,2002:int", r"-?(0|[1-9][0-9]*)", list("-0123456789"), int),
    "float": (
        "tag:yaml.org,2002:float",
        r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?",
        list("-0123456789"),
        float,
    ),
}
for _tag, _pattern, _first, _ in SCALARS.values():
    Plain.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)
    Plain.add_constructor(_tag, Plain.make_scalar)
Plain.add_constructor("tag:yaml.org,2002:str", Plain.construct_scalar)
Plain.add_constructor("tag:yaml.org,2002:seq", lambda loader, node: loader.construct_sequence(node, deep=True))
Plain.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True))
Plain.add_constructor(None, Plain.refuse)
