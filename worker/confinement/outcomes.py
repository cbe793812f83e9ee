"""What a child says came of its document, believed in nothing but its form.

A child whose parser was taken over says what it likes. Whatever is not said just as the readers say it was never said:
the child has crashed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias, get_args

from schemas import errors
from schemas.errors import CrossfootError, LimitName
from schemas.identities import CheckVerdict, IdentityKind
from worker.confinement.remains import UnusableError, is_left, part_file, read_left

OUTCOME: Final = "outcome.json"
RESULT: Final = "result.json"
# 10,000 parts with names, headers and hashes are a tenth of it
OUTCOME_BYTES: Final = 32 << 20
RESULT_BYTES: Final = 2 << 30
TEXT_CHARACTERS: Final = 20_000
MOST_PARTS: Final = 10_000
MOST: Final = 1 << 53
SHA256: Final = re.compile(r"[0-9a-f]{64}")
VERDICTS: Final = ("conflict", "differs", "balanced_with_repairs", "balanced", "unproved")
COUNTS: Final = ("tables", "figures", "proved", "repaired", "review")

Check: TypeAlias = Callable[[Any], Any]


class MalformedError(ValueError):
    """It is not said as the readers say it."""


def take_outcome(folder: Path) -> dict[str, Any] | None:
    """What the child says, with all the files there that it speaks of; None where it has left nothing of use."""
    try:
        outcome = read_outcome(read_left(folder, OUTCOME, OUTCOME_BYTES))
    except (UnusableError, MalformedError):
        return None
    names = [RESULT] if outcome["state"] == "converted" else []
    names += [part_file(part["number"]) for part in outcome.get("parts", ())]
    return outcome if all(is_left(folder, name) for name in names) else None


def read_outcome(said: bytes) -> dict[str, Any]:
    """The outcome that JSON bytes say.

    Raises:
        MalformedError: they say none.
    """
    try:
        loaded = json.loads(said, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise MalformedError("no JSON") from None
    state = loaded.get("state") if isinstance(loaded, dict) else None
    if state == "converted":
        return _fields(loaded, CONVERTED, ("seconds", "conflict", "checks"))
    if state == "container":
        return _container(loaded)
    if state == "failed":
        return _fields(loaded, FAILED, ("exit_status", "seconds"))
    raise MalformedError("no state")


def _container(said: dict[str, Any]) -> dict[str, Any]:
    outcome = _fields(said, CONTAINER, ("left_out", "locked", "seconds", "skipped"))
    numbers = [part["number"] for part in outcome["parts"]]
    parents = {part["origin"]["parent"] for part in outcome["parts"]}
    if len(set(numbers)) != len(numbers) or parents - {outcome["sha256"]}:
        raise MalformedError("parts of another container")
    return {"left_out": None, "locked": False, "skipped": [], **outcome}


def _refuse(constant: str) -> NoReturn:
    raise MalformedError(constant)


def _fields(said: object, fields: Mapping[str, Check], optional: Iterable[str] = ()) -> dict[str, Any]:
    """The fields of an object, each as its check gives it back; all that are not optional, and no others."""
    if not isinstance(said, dict) or said.keys() - fields.keys() or fields.keys() - said.keys() - set(optional):
        raise MalformedError("other fields")
    return {name: check(said[name]) for name, check in fields.items() if name in said}


def _text(said: object) -> str:
    """A text that can be written down anywhere."""
    if not isinstance(said, str) or len(said) > TEXT_CHARACTERS:
        raise MalformedError("no text")
    return said.encode(errors="backslashreplace").decode()


def _maybe(check: Check) -> Check:
    return lambda said: None if said is None else check(said)


def _one_of(*values: str) -> Check:
    def check(said: object) -> str:
        if not isinstance(said, str) or said not in values:
            raise MalformedError("no such word")
        return said

    return check


def _flag(said: object) -> bool:
    if not isinstance(said, bool):
        raise MalformedError("neither true nor false")
    return said


def _count(said: object, most: int = MOST) -> int:
    if type(said) is not int or not 0 <= said <= most:
        raise MalformedError("no count")
    return said


def _checks(said: object) -> object:
    """How many checks there are of each kind and verdict."""
    return _fields(said, CHECKS, CHECKS)


def _seconds(said: object) -> float:
    if type(said) not in (int, float) or not math.isfinite(said):  # type: ignore[arg-type]
        raise MalformedError("no time")
    return said  # type: ignore[return-value]


def _hash(said: object) -> str:
    if not isinstance(said, str) or not SHA256.fullmatch(said):
        raise MalformedError("no hash")
    return said


def _each(check: Check, most: int) -> Check:
    def each(said: object) -> list[Any]:
        if not isinstance(said, list) or len(said) > most:
            raise MalformedError("no list")
        return [check(item) for item in said]

    return each


def _object(fields: Mapping[str, Check], *optional: str) -> Check:
    return lambda said: _fields(said, fields, optional)


def _header(said: object) -> object:
    """What a submission says of its filer."""
    from pydantic import ValidationError

    from schemas.filing import Identification

    try:
        Identification.model_validate(said)
    except ValidationError:
        raise MalformedError("no header") from None
    return said


def _codes(kind: type[CrossfootError]) -> Iterable[str]:
    """The codes of an error and of all that are more exact."""
    yield kind.code
    for further in kind.__subclasses__():
        yield from _codes(further)


STATE: Final = _one_of("converted", "container", "failed")
CHECKS: Final = {f"{kind} {verdict}": _count for kind in get_args(IdentityKind) for verdict in get_args(CheckVerdict)}
CODES: Final = (*_codes(CrossfootError), *(f"{errors.LimitError.code}.{name}" for name in get_args(LimitName)))
PROBLEM: Final = _object(
    {"type": _text, "title": _text, "code": _one_of(*CODES), "detail": _text, "place": _maybe(_text)}
)
FAILED: Final[Mapping[str, Check]] = {
    "state": STATE,
    "problem": PROBLEM,
    "exit_status": lambda said: _count(said, 255),
    "seconds": _seconds,
}
CONVERTED: Final[Mapping[str, Check]] = {
    "state": STATE,
    "sha256": _hash,
    "verdict": _one_of(*VERDICTS),
    "outcome": _one_of("complete", "partial"),
    "left_out": _maybe(_text),
    "route": _text,
    **dict.fromkeys((*COUNTS, "conflict"), _count),
    "checks": _checks,
    "seconds": _seconds,
}
PART: Final = _object(
    {
        "number": _count,
        "name": _text,
        "sha256": _hash,
        "origin": _object({"parent": _hash, "header": _maybe(_header)}),
    }
)
CONTAINER: Final[Mapping[str, Check]] = {
    "state": STATE,
    "sha256": _hash,
    "bytes": _count,
    "parts": _each(PART, MOST_PARTS),
    "skipped": _each(_object({"name": _text, "reason": _text}), MOST_PARTS * 10),
    "left_out": _maybe(_text),
    "locked": _flag,
    "seconds": _seconds,
}
