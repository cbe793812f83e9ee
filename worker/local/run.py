"""Documents through child processes into a sink; what turns out to be a container becomes its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from schemas.errors import CrossfootError, StorageError, UsageError
from worker.confinement.outcomes import RESULT
from worker.confinement.remains import discard_folder, part_file
from worker.local.children import Children, Ended
from worker.local.conversion import Work, origin_of
from worker.local.output import Memory, Sink
from worker.local.warm import warm_up
from worker.naming import ERROR_SUFFIX, part_name

if TYPE_CHECKING:
    from worker.settings import Settings

FailOn = Literal["review", "conflict", "partial"]
FAILED_ON_DEMAND = 5
SOME_FAILED = 6
TICK_SECONDS = 0.1
SKIPPED_IN_CONTAINERS = ("E_TYPE", "E_EMPTY")


class Reporter(Protocol):
    """Tells a person how far things are; nothing of it goes to standard output."""

    def expect(self, documents: int) -> None:
        """So many more documents are to be done."""

    def begin(self, label: str) -> None:
        """A document is being read."""

    def end(self, label: str) -> None:
        """A document is done, one way or another."""

    def say(self, message: str) -> None:
        """One line."""

    def tick(self) -> None:
        """Time has passed."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes.

    Attributes:
        jobs: children at the same time. fail_on: what in a result counts as failure.
        single: one result is wanted, on standard output. debug: show what children said.
    """

    jobs: int
    fail_on: frozenset[FailOn] = frozenset()
    single: bool = False
    debug: bool = False


@dataclass(slots=True)
class Index:
    """A container that is being worked on: its entries, and how many are still to come."""

    name: Path
    folder: Path
    content: dict[str, Any]
    open_parts: int
    parent: Entry | None


@dataclass(slots=True)
class Entry:
    """The place of a part in the index of its container."""

    index: Index
    content: dict[str, Any]


@dataclass(slots=True)
class Task:
    """A document on its way."""

    work: Work
    label: str
    name: Path
    skip: tuple[str, ...] = ()
    entry: Entry | None = None


@dataclass(slots=True)
class Tally:
    """What came of all documents."""

    converted: int = 0
    skipped: int = 0
    containers: int = 0
    failures: list[int] = field(default_factory=list)
    demanded: bool = False

    def exit_status(self) -> int:
        """0, the status of the only document, 5 or 6."""
        if self.failures and self.converted + self.skipped + len(self.failures) > 1:
            return SOME_FAILED
        if self.failures:
            return self.failures[0]
        return FAILED_ON_DEMAND if self.demanded else 0


class Run:
    """One command's documents on their way through its children."""

    def __init__(self, options: Options, settings: Settings, report: Reporter, sink: Sink, scratch: Path) -> None:
        self.tally = Tally()
        self._options = options
        self._children = Children(options.jobs, settings)
        self._report = report
        self._sink = sink
        self._scratch = scratch
        self._folders = 0
        self._cores_each = 1
        self._scans = self._more = False
        self._running: dict[Path, Task] = {}

    def convert(self, tasks: Sequence[Task]) -> Tally:
        """All of them, and the parts that containers among them turn out to hold."""
        waiting = list(reversed(tasks))
        self._cores_each = max(1, self._options.jobs // max(1, len(tasks)))
        self._report.expect(len(waiting))
        try:
            while waiting or len(self._children):
                while waiting and not self._children.full:
                    self._start(waiting.pop())
                self._more = bool(waiting)
                for ended in self._children.wait(TICK_SECONDS):
                    waiting += reversed(self._take(self._running.pop(ended.folder), ended))
                self._report.tick()
        finally:
            self._children.close()
        return self.tally

    def _start(self, task: Task) -> None:
        self._folders += 1
        folder = self._scratch / f"{self._folders:06d}"
        folder.mkdir()
        self._running[folder] = task
        self._report.begin(task.label)
        self._children.start(replace(task.work, pages_at_once=self._cores_each), folder)

    def _take(self, task: Task, ended: Ended) -> list[Task]:
        """Keep what a child left; the parts of a container come back as further tasks."""
        outcome = ended.outcome
        parts: list[Task] = []
        if ended.noise and self._options.debug:
            for line in ended.noise.splitlines():
                self._report.say(line)
        try:
            if outcome["state"] == "converted":
                self._take_result(task, ended)
            elif outcome["state"] == "container":
                parts = self._take_parts(task, ended)
            else:
                self._take_failure(task, outcome["problem"], outcome["exit_status"])
        except StorageError as error:  # the disk is full, or the name is taken by a folder: this document's misfortune
            self._take_failure(task, error.problem(), error.exit_status, keep=False)
        if outcome["state"] != "container":
            discard_folder(ended.folder)
        self._report.end(task.label)
        return parts

    def _take_result(self, task: Task, ended: Ended) -> None:
        outcome = ended.outcome
        name = self._sink.put(task.name, ended.folder / RESULT)
        self.tally.converted += 1
        if "ocr" in outcome["route"] and self._more and not self._scans:
            # where one scan was, there are others: their children find loaded what they all need
            self._scans = True
            warm_up(["extractors.ocr"])
        self.tally.demanded |= bool(self._options.fail_on & _occasions(outcome))
        if outcome["outcome"] == "partial":
            self._report.say(f"{task.label}: partial: {outcome['left_out']}")
        facts = {key: outcome[key] for key in ("verdict", "outcome", "tables", "figures", "review")}
        self._close(task, {"state": "converted", "result": name, **facts})

    def _take_failure(self, task: Task, problem: dict[str, Any], exit_status: int, *, keep: bool = True) -> None:
        if problem["code"] in task.skip:
            self.tally.skipped += 1
            self._report.say(f"{task.label}: skipped: {problem['detail']}")
            self._close(task, {"state": "skipped", "problem": problem})
            return
        self.tally.failures.append(exit_status)
        hint = "; crossfoot --debug convert … shows where" if problem["code"] == CrossfootError.code else ""
        self._report.say(f"{task.label}: {problem['detail']} [{problem['code']}]{hint}")
        if keep:
            self._sink.put_error(task.name, problem)
        self._close(task, {"state": "failed", "error": f"{task.name.name}{ERROR_SUFFIX}", "problem": problem})

    def _take_parts(self, task: Task, ended: Ended) -> list[Task]:
        """A task for each part, and the index they will be entered in."""
        listed = ended.outcome["parts"]
        if isinstance(self._sink, Memory) and self._options.single and len(listed) > 1:
            raise UsageError(f"{task.label} holds {len(listed)} documents: name a folder for the results with -o.")
        self.tally.containers += 1
        self._report.expect(len(listed))
        about = {"name": task.work.name, "sha256": ended.outcome["sha256"], "bytes": ended.outcome["bytes"]}
        skipped, left_out = ended.outcome["skipped"], ended.outcome["left_out"]
        if left_out:
            self._report.say(f"{task.label}: partial: {left_out}")
            self.tally.demanded |= "partial" in self._options.fail_on
        if skipped:
            self._report.say(
                f"{task.label}: {len(skipped)} members skipped, {skipped[0]['name']} for one: its index says why"
            )
        outcome = "partial" if left_out else "complete"
        content = {"container": about, "outcome": outcome, "left_out": left_out, "parts": [], "skipped": skipped}
        index = Index(task.name, ended.folder, content, len(listed), task.entry)
        parts = [self._part(task, ended.folder, index, part) for part in listed]
        if not parts:
            self._finish(index)
        return parts

    def _part(self, task: Task, folder: Path, index: Index, part: dict[str, Any]) -> Task:
        file = part_name(part["number"], part["name"])
        content = {"number": part["number"], "name": part["name"], "sha256": part["sha256"]}
        index.content["parts"].append(content)
        work = replace(
            task.work,
            source=folder / part_file(part["number"]),
            name=part["name"],
            origin=origin_of(part["origin"]),
            depth=task.work.depth + 1,
        )
        label = f"{task.label} > {part['name']}"
        return Task(work, label, task.name / file, SKIPPED_IN_CONTAINERS, Entry(index, content))

    def _close(self, task: Task, came_of_it: dict[str, Any]) -> None:
        """A document is done; where it is a part, its container learns what came of it."""
        if task.entry is not None:
            self._enter(task.entry, came_of_it)

    def _enter(self, entry: Entry, came_of_it: dict[str, Any]) -> None:
        """Enter what came of a part in the index of its container."""
        entry.content.update(came_of_it)
        entry.index.open_parts -= 1
        if entry.index.open_parts == 0:
            self._finish(entry.index)

    def _finish(self, index: Index) -> None:
        """All parts are done: write the index; a container inside a container is done itself."""
        if any(part["state"] == "failed" or part.get("outcome") == "partial" for part in index.content["parts"]):
            index.content["outcome"] = "partial"
        self._sink.put_index(index.name, index.content)
        discard_folder(index.folder)
        if index.parent is not None:
            self._enter(
                index.parent,
                {"state": "container", "outcome": index.content["outcome"], "index": f"{index.name.name}/index.json"},
            )


def _occasions(outcome: dict[str, Any]) -> set[str]:
    """What of ``--fail-on`` a result gives occasion to."""
    held = {
        "review": outcome["review"] > 0,
        "conflict": outcome["verdict"] == "conflict",
        "partial": outcome["outcome"] == "partial",
    }
    return {name for name, holds in held.items() if holds}
