"""Settings: from the environment, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from worker.settings import Settings, load


def test_without_variables_the_home_is_a_folder_here() -> None:
    """The default home is ``crossfoot-data`` in the working folder, as an absolute path."""
    assert load({}).home == Path.cwd() / "crossfoot-data"


def test_settings_survive_the_way_to_a_child_process() -> None:
    """What is handed to a process as variables is read back as the same settings."""
    settings = replace(load({}), lease_seconds=2.5, attempts=7, redis_url="redis://:x@127.0.0.1:1/0", worker="main")
    assert load(settings.variables()) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CROSSFOOT_LEASE_SECONDS", "soon"),
        ("CROSSFOOT_LEASE_SECONDS", "nan"),
        ("CROSSFOOT_LEASE_SECONDS", "-1"),
        ("CROSSFOOT_ATTEMPTS", "2.5"),
        ("CROSSFOOT_ATTEMPTS", "0"),
        ("CROSSFOOT_MEMORY_MB", ""),
        ("CROSSFOOT_LOG_FORMAT", "jsn"),
        ("CROSSFOOT_REDIS_URL", "http://x"),
        ("CROSSFOOT_REDIS_URL", "redis://"),
        ("CROSSFOOT_REDIS_URL", "redis://host:port/0"),
        ("CROSSFOOT_DEADLINE_MAX_SECONDS", "59"),
        ("CROSSFOOT_HOME", " "),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: str) -> None:
    """A bad value ends the program with the status for bad configuration, and names the variable."""
    with pytest.raises(ConfigurationError, match=name) as caught:
        load({name: value})
    assert caught.value.exit_status == 9


def test_a_misspelt_setting_is_refused_with_the_right_name() -> None:
    """A variable that is no setting would be a limit that is not there."""
    with pytest.raises(ConfigurationError, match="did you mean CROSSFOOT_ATTEMPTS"):
        load({"CROSSFOOT_ATTEMPT": "3"})


def test_the_deadline_grows_with_the_pages_up_to_its_end() -> None:
    """60 s and 5 s for each page, never more than 15 minutes; unknown pages count as one."""
    settings = Settings()
    assert [settings.deadline(n) for n in (None, 1, 7, 1_000_000)] == [65.0, 65.0, 95.0, 900.0]


@pytest.mark.parametrize(
    ("asked", "running", "pages"),
    [(0, 1, 2), (0, 2, 2), (0, 3, 1), (0, 4, 1), (1, 1, 1), (2, 4, 2)],
)
def test_pages_are_read_at_once_where_cores_are_free(
    monkeypatch: pytest.MonkeyPatch, asked: int, running: int, pages: int
) -> None:
    """On four cores two documents may have two pages under way each, three may not; a setting says otherwise."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(4))
    assert replace(Settings(), pages_at_once=asked).find_pages_at_once(running) == pages


def test_programs_are_kept_to_one_thread_and_get_no_stray_settings() -> None:
    """A child process has one thread for each program and exactly the settings it was given."""
    made = Settings(home=Path("/somewhere")).environment({"EXTRA": "1"})
    assert made["OMP_THREAD_LIMIT"]
    assert made["EXTRA"] == "1"
    assert load({k: v for k, v in made.items() if k.startswith("CROSSFOOT_")}).home == Path("/somewhere")
