"""The image and the composition, without an engine: their files hold together, and their commands start and work."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from tests.fakes.running import FAST, wait_for
from worker.database import Database
from worker.processes import own_redis
from worker.settings import Settings, load

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "crossfoot"}
CROSSFOOT = [sys.executable, "-c", "from worker.cli import main; raise SystemExit(main())"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def test_the_image_ends_as_a_user_without_rights() -> None:
    """The last USER is a number that is not root, set before the command."""
    found = instructions()
    users = [value for word, value in found if word == "USER"]
    assert int(users[-1]) >= 1000
    assert [word for word, _ in found].index("USER") < [word for word, _ in found].index("ENTRYPOINT")


def test_what_the_image_copies_is_there() -> None:
    """Every source of a COPY lies in the repository."""
    for word, value in instructions():
        if word == "COPY" and "--from" not in value:
            assert all((ROOT / source).exists() for source in value.split()[:-1]), value


def test_the_image_is_made_as_linters_want_it() -> None:
    """Tagged bases, one shell that notices a failing pipe, no recommended packages or lists left, exec forms."""
    found = instructions()
    bases = [value.split()[0] for word, value in found if word == "FROM"]
    assert all(re.fullmatch(r"[a-z0-9./-]+:(?!latest$)[\w.-]+|base|build", name) for name in bases), bases
    assert {word for word, _ in found}.isdisjoint({"ADD", "MAINTAINER", "ONBUILD"})
    shell = [word for word, _ in found].index("SHELL")
    assert "pipefail" in found[shell][1]
    for number, (word, value) in enumerate(found):
        if word == "RUN":
            assert "|" not in value or number > shell
            assert not re.search(r"(^|&&)\s*(cd|sudo)\s", value), value
            assert "apt-get install" not in value or "rm -rf /var/lib/apt/lists" in value
            assert value.count("install -qy") == value.count("--no-install-recommends")
            assert value.count("pip install") == value.count("--no-cache-dir")
        if word in ("ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(value), list)


def lint(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """What a linter beside this Python says."""
    path = Path(sys.executable).with_name(program)
    return subprocess.run([path, *words], capture_output=True, text=True, check=False)


def test_the_linter_of_images_finds_nothing(tmp_path: Path) -> None:
    """What hadolint says of the Dockerfile, and that it would say something of another one."""
    said = lint("hadolint", ROOT / "docker" / "Dockerfile")
    assert said.returncode == 0, said.stdout
    (tmp_path / "Dockerfile").write_text("FROM debian:latest\nRUN cd /tmp && apt-get install curl\n")
    assert lint("hadolint", tmp_path / "Dockerfile").returncode != 0


def test_the_linter_of_compositions_finds_nothing(tmp_path: Path) -> None:
    """What compose's own schema says of the file, and that a misspelt key would be found."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    said = lint("check-jsonschema", *schema, ROOT / "docker" / "compose.yaml")
    assert said.returncode == 0, said.stdout
    misspelt = (ROOT / "docker" / "compose.yaml").read_text().replace("healthcheck:", "healthchek:", 1)
    (tmp_path / "compose.yaml").write_text(misspelt)
    assert lint("check-jsonschema", *schema, tmp_path / "compose.yaml").returncode == 1


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_what_a_service_names_is_there(name: str) -> None:
    """Networks, volumes and services that are defined, tagged images, secrets from outside."""
    service = COMPOSE["services"][name]
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
    for other, how in service.get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "healthcheck" in COMPOSE["services"][other]
    named = [volume.partition(":")[0] for volume in service.get("volumes", [])]
    assert {volume for volume in named if "/" not in volume} <= set(COMPOSE["volumes"])
    assert name in OURS or re.search(r":\d", service["image"])
    assert "no-new-privileges:true" in service.get("security_opt", []) or name == "database"
    words = json.dumps(service)
    assert re.findall(r"\$\{([^}]*)\}", words) == ["CROSSFOOT_DB_PASSWORD:?set a password"] * words.count("${")
    test = service.get("healthcheck", {}).get("test", ["CMD"])
    assert test[0] == "CMD"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_write_only_where_they_must(name: str) -> None:
    """Read-only root, no capabilities, no new privileges, a folder for data, and memory for /tmp."""
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [path.partition(":size=")[0] for path in service["tmpfs"]] == ["/tmp"]  # noqa: S108 - the container's own
    assert all(path.partition(":size=")[2] for path in service["tmpfs"])
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert [volume.partition(":")[2] for volume in service["volumes"]] == ["/data"]


@pytest.mark.parametrize("name", OURS)
def test_every_role_has_a_health_check_that_works(name: str, tmp_path: Path) -> None:
    """What is asked is a command that the program knows; where nothing answers, it says so by its status."""
    test = OURS[name]["healthcheck"]["test"]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CROSSFOOT_")},
        "CROSSFOOT_HOME": str(tmp_path),
        "CROSSFOOT_DATABASE_URL": "postgresql://me@127.0.0.1:1/rows",
    }
    command = [sys.executable, *test[2:]] if test[1] == "python3" else [*CROSSFOOT, *test[2:]]
    said = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert said.returncode == (1 if test[1] == "python3" else 10), said


def test_a_damaged_file_of_the_broker_ends_no_work(tmp_path: Path) -> None:
    """The broker's own command, with the programs that are here: it starts on a damaged file, and keeps a sound one."""
    program, option, script = COMPOSE["services"]["broker"]["command"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = script.replace("valkey-server", f"redis-server --port {port}").replace("valkey-", "redis-")
    url = f"redis://127.0.0.1:{port}/0"
    for kept in (None, b"x" * 1000, None):
        broker = subprocess.Popen([program, option, words.replace("/data", str(tmp_path))], stdout=subprocess.DEVNULL)
        try:
            assert own_redis.wait_until_ready(url, 10)
            with redis.Redis.from_url(url) as client:
                assert client.get("kept") == kept
                client.set("kept", b"x" * 1000)
        finally:
            broker.terminate()
            assert broker.wait(10) == 0
        if kept:
            next(tmp_path.glob("appendonlydir/*.incr.aof")).write_bytes(bytes(500))


@pytest.mark.parametrize("name", OURS)
def test_every_role_is_a_command_with_settings_that_are_read(name: str) -> None:
    """The command is one of the program, its options are known, and every variable is a setting."""
    words = OURS[name]["command"]
    shown = subprocess.run([*CROSSFOOT, words[0], "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert all(word in shown.stdout for word in words if word.startswith("--"))
    environment = {
        k: str(v).replace("${CROSSFOOT_DB_PASSWORD:?set a password}", "x") for k, v in OURS[name]["environment"].items()
    }
    settings = load(environment)
    assert settings.home == Path("/data")
    assert settings.database_url.startswith("postgresql://")


def test_only_the_api_is_reached_and_only_from_this_machine() -> None:
    """One port is published, on loopback; broker and rows are on a network without a way out."""
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(
        COMPOSE["services"][name]["networks"] == ["inside"] for name in ("broker", "database", "worker", "inbox")
    )


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A home with a broker of its own."""
    own = own_redis.prepare(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "redis.log").open("wb"))
        broker = subprocess.Popen(own.command, stdout=log, stderr=log)
        stack.callback(broker.wait)
        stack.callback(broker.kill)
        assert own_redis.wait_until_ready(own.url, 10)
        yield replace(FAST, home=home, redis_url=own.url, log_format="json")


@pytest.mark.service
def test_the_roles_together_convert_what_is_sent(settings: Settings) -> None:
    """Each role started by its own command: a document sent with a key is converted; every log line is JSON."""
    environment = settings.environment({"PYTHONPATH": str(ROOT)})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = subprocess.run(
        [*CROSSFOOT, "keys", "create", "me"], env=environment, capture_output=True, check=True, text=True
    )
    key = made.stdout.strip()
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, service in OURS.items():
            words = [word.replace("8000", str(port)).replace("0.0.0.0", "127.0.0.1") for word in service["command"]]  # noqa: S104
            with (settings.home / f"{name}.log").open("wb") as out:
                running[name] = subprocess.Popen(
                    [*CROSSFOOT, *words], env=environment, stdout=out, stderr=out, cwd=settings.home
                )
        job = wait_for(lambda: _send(port, key))
        ended = wait_for(lambda: _ended(port, key, job["id"]), 40)
        assert ended["state"] == "done", ended
        assert all(process.poll() is None for process in running.values())
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        statuses = {name: _end(process) for name, process in running.items()}
    assert set(statuses.values()) == {0}, statuses
    for name in OURS:
        for line in (settings.home / f"{name}.log").read_text().splitlines():
            assert {"time", "level", "message"} <= json.loads(line).keys()
    with Database.open(settings) as db:
        assert len(db.rows("SELECT 1 FROM jobs")) == 1


def _end(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(15)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return None


def _ask(port: int, key: str, path: str, body: bytes | None = None) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "multipart/form-data; boundary=x"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read())
    except OSError:
        time.sleep(0.1)
        return None


def _send(port: int, key: str) -> Any:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nfirst\n\r\n--x--\r\n'
    return _ask(port, key, "/v1/jobs", part)


def _ended(port: int, key: str, job: str) -> Any:
    seen = _ask(port, key, f"/v1/jobs/{job}?wait=5")
    return seen if seen and seen["state"] not in ("queued", "running") else None
