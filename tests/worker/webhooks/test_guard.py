"""The guard before every request that others make us send."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schemas.errors import ConfigurationError, ServiceError, UnsafeError
from worker.webhooks import guard

LOOPBACK = guard.read_networks("127.0.0.0/8")


class Listener:
    """A server that says what it is told to, and remembers what it was asked."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.asked.append(connection.recv(65536))
                try:
                    self._answer(connection)
                except OSError:
                    continue

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def listen() -> Iterator[Callable[[bytes], Listener]]:
    """Makes listeners that answer with fixed bytes."""
    made: list[Listener] = []

    def make(answer: bytes) -> Listener:
        made.append(Listener(lambda connection: connection.sendall(answer)))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have the resolver give these addresses, one list a question; the questions that were put."""
    asked: list[str] = []
    left = list(answers)

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.1.2.3", "100.64.0.1", "192.0.0.8",
        "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_private_addresses_are_no_target(address: str) -> None:
    """Loopback, private, link-local, shared, reserved and disguised addresses are not of the open internet."""
    assert not guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"])
def test_public_addresses_are_a_target(address: str) -> None:
    """Ordinary addresses are."""
    assert guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x", "file:///etc/passwd", "gopher://example.org", "https://", "https://user@example.org/",
        "https://user:pw@example.org/", "https://example.org:99999/", "https://example.org:0/", "https://exa mple.org/",
        "https://example.org/\r\nX: y", "https://example.org\\@127.0.0.1/", "https://[::1", "//example.org/",
        "https://exämple.org/", "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    """Other schemes, user names, odd characters and broken ports are refused before anything is looked up."""
    with pytest.raises(UnsafeError):
        guard.check_url(url)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[::1]/"]
)
def test_addresses_in_disguise_are_refused(url: str) -> None:
    """Numbers that the system reads as a private address are refused, however they are written."""
    with pytest.raises((UnsafeError, ServiceError)):
        guard.resolve(url)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a public and a private address is refused: nobody knows which one would be asked."""
    names(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(UnsafeError, match="open internet"):
        guard.resolve("https://example.org/")


def test_the_open_internet_is_asked_by_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TLS anybody on the way could read what is posted."""
    names(monkeypatch, ["93.184.216.34"])
    with pytest.raises(UnsafeError, match="https"):
        guard.resolve("http://example.org/")


def test_a_name_that_changes_its_address_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, listen: Callable[[bytes], Listener]
) -> None:
    """The name is asked for once; the connection goes to that address even if the name now says another."""
    listener = listen(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    asked = names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    target = guard.resolve(f"http://hooks.example:{listener.port}/in?x=1", LOOPBACK)
    connected: list[Any] = []

    def connect(address: tuple[str, int], seconds: float) -> socket.socket:
        connected.append(address)
        made = socket.socket()
        made.settimeout(seconds)
        made.connect(address)
        return made

    monkeypatch.setattr(socket, "create_connection", connect)
    assert guard.post(target, {"X": "y"}, b"{}", 5) == guard.Answer(200, b"ok")
    assert asked == ["hooks.example"]
    assert connected == [("127.0.0.1", listener.port)]
    assert b"POST /in?x=1 HTTP/1.1" in listener.asked[0]
    assert f"Host: hooks.example:{listener.port}".encode() in listener.asked[0]


def test_the_next_address_is_tried_where_one_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, listen: Callable[[bytes], Listener]
) -> None:
    """A name whose first address is away, of the other protocol perhaps, is reached by its second."""
    listener = listen(b"HTTP/1.1 204 \r\n\r\n")
    names(monkeypatch, ["127.0.0.9", "127.0.0.1"], ["127.0.0.9"], ["127.0.0.1"])
    target = guard.resolve(f"http://two.example.org:{listener.port}/", LOOPBACK)
    assert target.addresses == ("127.0.0.9", "127.0.0.1")
    assert guard.post(target, {}, b"", 5).status == 204


def test_a_redirect_is_an_answer_and_not_followed(listen: Callable[[bytes], Listener]) -> None:
    """A redirect to another place ends there."""
    other = listen(b"HTTP/1.1 200 OK\r\n\r\n")
    moved = f"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{other.port}/\r\nContent-Length: 0\r\n\r\n"
    listener = listen(moved.encode())
    target = guard.resolve(f"http://127.0.0.1:{listener.port}/", LOOPBACK)
    assert guard.post(target, {}, b"{}", 5).status == 307
    assert other.asked == []


def test_a_proxy_of_the_environment_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, listen: Callable[[bytes], Listener]
) -> None:
    """A proxy would resolve the name again, and reach what we must not."""
    proxy = listen(b"HTTP/1.1 200 OK\r\n\r\n")
    listener = listen(b"HTTP/1.1 204 Fine\r\n\r\n")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    target = guard.resolve(f"http://127.0.0.1:{listener.port}/", LOOPBACK)
    assert guard.post(target, {}, b"{}", 5).status == 204
    assert proxy.asked == []


def test_an_answer_that_drips_is_cut_at_the_deadline() -> None:
    """A byte now and then resets every timeout of a socket; the deadline is for the whole exchange."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(60):
            connection.sendall(b"X")
            time.sleep(0.1)

    listener = Listener(drip)
    try:
        target = guard.resolve(f"http://127.0.0.1:{listener.port}/", LOOPBACK)
        begun = time.monotonic()
        with pytest.raises(ServiceError, match=r"within 0.5 seconds"):
            guard.post(target, {}, b"{}", 0.5)
        assert time.monotonic() - begun < 2
    finally:
        listener.close()


def test_an_endless_answer_is_read_as_far_as_it_is_kept(listen: Callable[[bytes], Listener]) -> None:
    """Of a long answer only the beginning is read."""
    listener = listen(b"HTTP/1.1 500 No\r\nContent-Length: 999999\r\n\r\n" + b"x" * 100_000)
    target = guard.resolve(f"http://127.0.0.1:{listener.port}/", LOOPBACK)
    answer = guard.post(target, {}, b"{}", 5, kept=10)
    assert (answer.status, answer.body) == (500, b"x" * 10)


def test_nobody_there_is_an_error_of_the_service(listen: Callable[[bytes], Listener]) -> None:
    """A closed port is said to be one, in one sentence."""
    listener = listen(b"")
    target = guard.resolve(f"http://127.0.0.1:{listener.port}/", LOOPBACK)
    listener.close()
    with pytest.raises(ServiceError, match="failed"):
        guard.post(target, {}, b"{}", 2)


def test_networks_of_the_settings_are_read() -> None:
    """Networks are separated by commas; what is none is refused."""
    assert guard.read_networks("") == ()
    assert len(guard.read_networks("10.0.0.0/8, ::1/128")) == 2
    with pytest.raises(ConfigurationError):
        guard.read_networks("10.0.0.1/8")
