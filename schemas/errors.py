"""The one exception tree of the program.

An error *in a document* is a value (``schemas.filing.Finding``); an error that stops the program, or the
conversion of one document, is one of these. Each class carries the code that the JSON, the job rows and the
API show, and the exit status of the command line.

    CrossfootError                 E_INTERNAL    1
    ├── UsageError                 E_USAGE       2
    ├── UnreadableError            E_CORRUPT     3   (base of everything a document can do to us)
    │   ├── EmptyError             E_EMPTY       3
    │   ├── UnsupportedError       E_TYPE        3
    │   ├── UnsafeError            E_UNSAFE      3
    │   ├── EncryptedError         E_ENCRYPTED   4
    │   └── LimitError             E_LIMIT.*     8
    ├── MissingProgramError        E_PROGRAM     7
    ├── ConfigurationError         E_CONFIG      9
    ├── StorageError               E_STORAGE    10
    │   └── ServiceError           E_SERVICE    10
    └── AttemptsError              E_ATTEMPTS    1
"""

from __future__ import annotations

from typing import ClassVar, Literal

LimitName = Literal["size", "pages", "pixels", "time", "memory", "depth", "ratio"]


class CrossfootError(Exception):
    """Base of the tree. ``detail`` is one sentence that names the cause; ``place`` says where, if known."""

    code: ClassVar[str] = "E_INTERNAL"
    exit_status: ClassVar[int] = 1
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, place: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.place = place

    @property
    def problem_code(self) -> str:
        """The code with its qualifier, ``E_LIMIT.pages`` for example."""
        return self.code

    def problem(self) -> dict[str, str | None]:
        """The error as RFC 9457 problem details."""
        return {
            "type": f"urn:crossfoot:error:{self.problem_code}",
            "title": self.title,
            "code": self.problem_code,
            "detail": self.detail,
            "place": self.place,
        }


class UsageError(CrossfootError):
    """The command was called with words that do not fit together."""

    code = "E_USAGE"
    exit_status = 2
    title = "Usage"


class UnreadableError(CrossfootError):
    """No reader accepts the bytes: damaged beyond reading."""

    code = "E_CORRUPT"
    exit_status = 3
    title = "The document is damaged"


class EmptyError(UnreadableError):
    """The document holds no bytes, or nothing but blanks."""

    code = "E_EMPTY"
    title = "The document is empty"


class UnsupportedError(UnreadableError):
    """The bytes are of a kind that Crossfoot does not read."""

    code = "E_TYPE"
    title = "Not a kind of document that is read"


class UnsafeError(UnreadableError):
    """Reading the input would leave the sandbox: links, devices, paths that climb out of an archive."""

    code = "E_UNSAFE"
    title = "The input is not safe to read"


class EncryptedError(UnreadableError):
    """The document asks for a password that was not given, or was wrong."""

    code = "E_ENCRYPTED"
    exit_status = 4
    title = "The document is encrypted"


class LimitError(UnreadableError):
    """A limit was reached: size, pages, pixels, time, memory, depth of nesting or ratio of compression."""

    code = "E_LIMIT"
    exit_status = 8
    title = "A limit was reached"

    def __init__(self, limit: LimitName, detail: str, place: str | None = None) -> None:
        super().__init__(detail, place)
        self.limit = limit

    @property
    def problem_code(self) -> str:
        """``E_LIMIT.`` and the name of the limit."""
        return f"{self.code}.{self.limit}"


class MissingProgramError(CrossfootError):
    """A program that is needed (tesseract, pdftoppm, redis-server) or a model file is not there."""

    code = "E_PROGRAM"
    exit_status = 7
    title = "A needed program is missing"


class ConfigurationError(CrossfootError):
    """A setting has a value that cannot be used."""

    code = "E_CONFIG"
    exit_status = 9
    title = "Bad configuration"


class StorageError(CrossfootError):
    """A file or a row cannot be written or read back."""

    code = "E_STORAGE"
    exit_status = 10
    title = "Storage failed"


class ServiceError(StorageError):
    """Redis or another service does not answer."""

    code = "E_SERVICE"
    title = "A service does not answer"


class AttemptsError(CrossfootError):
    """The document took its process down as often as is allowed."""

    code = "E_ATTEMPTS"
    title = "The document was given up after repeated attempts"
