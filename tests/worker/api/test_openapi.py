"""The API does what its OpenAPI document says, whatever is asked: schemathesis asks."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from tests.fakes.desk import Desk
from tests.fakes.served import Served
from tests.worker.api.test_results import filing
from worker.api.app import make_app

EXAMPLES = 6
# rules that a schema cannot say (an address that is public, a cursor that was given, no NUL anywhere in metadata)
BEYOND_THE_SCHEMA = (schemathesis.checks.positive_data_acceptance,)
Asked = Callable[[Any], None]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A home."""
    made = Desk(tmp_path_factory.mktemp("openapi") / "home", webhook_networks="127.0.0.0/8", max_bytes=1_000_000)
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def no_names() -> Iterator[None]:
    """Only numbers are addresses: the names that schemathesis makes up are asked of nobody."""
    plain = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if not _is_number(host):
            raise socket.gaierror(socket.EAI_NONAME, "There are no names here.")
        return plain(host, port, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


def _is_number(host: Any) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


@pytest.fixture(scope="module")
def ask(desk: Desk) -> Iterator[Asked]:
    """Asks one case of a served API, of the things that are there every second time, and looks at the answer."""
    key = {"Authorization": f"Bearer {desk.key('all', 'submit', 'read', 'review', 'admin')}"}
    with Served(desk.settings, longest_stream=0.1) as served, httpx2.Client(base_url=served.url, headers=key) as client:
        for text in ("done\n", "failed\n", "waits\n"):
            client.post("/v1/jobs", files={"file": ("a.txt", text.encode())})
        result = desk.finish(1, filing(b"done\n"))
        desk.fail(2)
        client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"})
        document = client.get("/v1/jobs/job_1").json()["document"]
        there = {"result": result, "sha256": document, "webhook": "1", "figure": "t0.r0.c0", "message": "1"}
        there["review"] = "1"
        asked = 0

        def call(case: Any) -> None:
            nonlocal asked
            asked += 1
            if asked % 2 and case.meta.generation.mode == GenerationMode.POSITIVE:
                known = {**there, "job": f"job_{1 + asked // 2 % 3}"}
                case.path_parameters = {n: known.get(n, v) for n, v in (case.path_parameters or {}).items()}
            if case.query:
                case.query.pop("wait", None)
            answer = case.call(base_url=served.url, headers=key, timeout=20)
            case.validate_response(answer, headers=key, excluded_checks=list(BEYOND_THE_SCHEMA))

        yield call


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_document_describes(ask: Asked, desk: Desk, mode: GenerationMode) -> None:
    """No 5xx, and no status, header or body that the document does not describe: for good requests and for bad ones."""
    labels = []
    document: Any = schemathesis.openapi.from_dict(make_app(desk.settings).openapi())
    for found in document.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def run(case: Any) -> None:
            ask(case)

        try:
            run()
        except Unsatisfiable:
            continue  # an operation without parameters cannot be asked wrongly
        labels.append(operation.label)
    assert len(labels) > 20


def test_the_document_names_every_operation_s_errors(desk: Desk) -> None:
    """Each operation that needs a key says so, and that its errors are problems."""
    document = make_app(desk.settings).openapi()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            if path in ("/livez", "/readyz"):
                continue
            assert operation["security"], (method, path)
            for status in ("401", "403", "422", "503"):
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"], (method, path)


def test_the_page_about_the_api_needs_nobody_else(desk: Desk) -> None:
    """The page names every operation and loads nothing from elsewhere."""
    app = make_app(desk.settings)
    with TestClient(app, "http://localhost") as client:
        page = client.get("/docs")
    assert page.status_code == 200
    for path in app.openapi()["paths"]:
        assert path in page.text
    assert "//" not in page.text.replace("</", "").replace("crossfoot://", "")
    assert "<script" not in page.text
