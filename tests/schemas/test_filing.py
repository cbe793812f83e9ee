"""The fixed schema: generated, closed, and written the same way every time."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.filing import Engine, Filing, Identification, PagePlace, Source, from_json, schema_text, to_json

SCHEMA = Path(__file__).parents[2] / "schemas" / "filing.schema.json"


def filing() -> Filing:
    """The smallest filing."""
    return Filing(
        source=Source(sha256="0" * 64, bytes=1, kind="text", media_type="text/plain"),
        engine=Engine(crossfoot="0.1.0", profile="default"),
        outcome="complete",
        verdict="unproved",
        filing=Identification(),
        pages=(),
        tables=(),
        checks=(),
        findings=(),
    )


def test_the_published_schema_is_the_generated_one() -> None:
    """Regenerate with ``crossfoot schema > schemas/filing.schema.json`` when the models change on purpose."""
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


def test_json_is_compact_with_nulls_and_round_trips() -> None:
    """Keys stand in the models' order, nulls are written, one newline ends it."""
    data = to_json(filing())
    assert data.startswith(b'{"schema_version":"1.0","source":{"sha256":')
    assert b'"parent":null' in data
    assert data.endswith(b"}\n")
    assert to_json(from_json(data)) == data


def test_unknown_keys_are_refused() -> None:
    """A result of another program does not pass for ours."""
    data = json.loads(to_json(filing())) | {"extra": 1}
    with pytest.raises(ValidationError):
        from_json(json.dumps(data).encode())


def test_coordinates_are_rounded() -> None:
    """Coordinates go out with one place and without minus nought."""
    assert PagePlace(page=1, bbox=(1.26, -0.01, 3.0, 4.04)).model_dump()["bbox"] == (1.3, 0.0, 3.0, 4.0)


def test_models_share_the_names_of_their_fields() -> None:
    """No figure holds a set of its own, and a changed copy leaves what the others share."""
    one, other = filing(), filing()
    assert one.model_fields_set is other.model_fields_set
    assert one.model_copy(update={"verdict": "balanced"}) != other
    assert one.model_fields_set == set(Filing.model_fields)
    assert Source.model_fields.keys() == one.source.model_fields_set
