"""One JSON object a line, with ids and without words of a document."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from typing import Any

from worker.processes import logs


def line(*args: Any, **how: Any) -> dict[str, Any]:
    """What one message becomes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    log = logging.Logger("crossfoot.test")
    log.addHandler(handler)
    log.info(*args, **how)
    written = stream.getvalue()
    assert written.count("\n") == 1
    found: dict[str, Any] = json.loads(written)
    return found


def test_a_message_has_time_level_and_its_fields() -> None:
    """Known fields stand beside the message; fields that are not known are left out."""
    found = line("taken", extra={"job": 7, "document": "ab" * 32, "text": "Cash 1,234"})
    assert (found["level"], found["message"], found["job"], found["document"]) == ("info", "taken", 7, "ab" * 32)
    assert found["time"].endswith("Z")
    assert "text" not in found
    assert "1,234" not in str(found)


def test_the_job_of_a_message_is_a_field() -> None:
    """A message that names a job has its number as a field too."""
    assert line("job %d: a fault of the program", 12)["job"] == 12


def test_an_exception_is_told_by_its_kind_and_place() -> None:
    """The words of an exception may quote a document: they are not written."""
    try:
        int("Cash 1,234")
    except ValueError as error:
        found = line("failed", exc_info=error)
    assert found["exception"] == "ValueError"
    assert found["places"][-1].endswith("test_an_exception_is_told_by_its_kind_and_place")
    assert "1,234" not in json.dumps(found)


def test_no_words_of_an_exception_are_told_to_people_either() -> None:
    """Lines for people name the kind and the places too, and leave out what a task's failure says of itself."""
    record = logging.LogRecord("celery.app.trace", logging.ERROR, "x.py", 1, "raised %r", ("Cash 1,234",), None)
    try:
        int("Cash 1,234")
    except ValueError:
        record.exc_info = sys.exc_info()
    for style in ("text", "json"):
        written = logs.make_formatter(style).format(record)
        assert "ValueError" in written
        assert "test_logs.py" in written
        assert "1,234" not in written


def test_a_message_of_many_lines_stays_one() -> None:
    """A line break in a message does not begin another record."""
    assert line("one\ntwo")["message"] == "one\ntwo"


def test_a_library_warns_in_lines_like_ours() -> None:
    """A role of the service writes what libraries warn of as it writes its own messages: no other line gets out."""
    code = (
        "import logging\nfrom worker.processes.process import stopping\n"
        "with stopping():\n"
        "    logging.getLogger('kombu').warning('away')\n"
        "    logging.getLogger('kombu').info('no news')\n"
        "    logging.getLogger('crossfoot').info('news')\n"
    )
    environment = {"PATH": os.environ["PATH"], "CROSSFOOT_LOG_FORMAT": "json"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    found = [json.loads(each) for each in said.stderr.splitlines()]
    assert [(each["logger"], each["message"]) for each in found] == [("kombu", "away"), ("crossfoot", "news")]
