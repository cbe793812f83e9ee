"""Structured logs: one JSON object a line, with the ids of jobs and documents and never their text."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from typing import Any, Final

# what may stand in a line besides time, level and message; everything else that libraries add is left out
FIELDS: Final = ("job", "document", "key", "code", "method", "path", "status", "seconds", "bytes", "webhook", "request")
NUMBERED: Final = re.compile(r"\bjob (\d+)\b")
LONGEST: Final = 2000
# who writes the words of an exception into a message
TRACER: Final = "celery.app.trace"


class JsonFormatter(logging.Formatter):
    """A record as JSON: ``time, level, message``, the fields given as ``extra``, and the kind of an exception.

    The text of an exception may quote a document, so only its type and places are written, never its words.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        message = _message(record)[:LONGEST]
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        numbered = NUMBERED.search(message)
        if numbered and "job" not in line:
            line["job"] = int(numbered.group(1))
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["places"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A record as a line for people; of an exception its type and places, as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a line for each place."""
        moment = self.formatTime(record)
        lines = [f"{moment} {record.levelname} {_message(record)}"]
        if record.exc_info and record.exc_info[0] is not None:
            lines += [f"  {record.exc_info[0].__name__}", *(f"    {p}" for p in _places(record.exc_info[2]))]
        return "\n".join(lines)


def _message(record: logging.LogRecord) -> str:
    """The message, without the words of an exception."""
    if record.name == TRACER and record.exc_info and record.exc_info[0] is not None:
        return "a task has failed"
    return record.getMessage()


def _places(trace: Any) -> list[str]:
    """Where an exception came through, innermost last: file, line, function."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-12:]


def make_formatter(style: str) -> logging.Formatter:
    """How lines are written: ``json``, or anything else for people."""
    return JsonFormatter() if style == "json" else TextFormatter()


def use(style: str, *names: str) -> None:
    """Have the messages of some loggers written to stderr, as ``json`` or as ``text``."""
    handler = _make_handler(style)
    for name in names:
        log = logging.getLogger(name)
        log.handlers[:] = [handler]
        log.setLevel(logging.INFO)
        log.propagate = False


def use_everywhere(style: str) -> None:
    """The same for all loggers there are: what libraries say from warnings on, what we say from news on."""
    root = logging.getLogger()
    root.handlers[:] = [_make_handler(style)]
    root.setLevel(logging.WARNING)
    logging.getLogger("crossfoot").setLevel(logging.INFO)
    logging.captureWarnings(True)


def _make_handler(style: str) -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(style))
    return handler
