"""The only way out: HTTP to an address that was looked at, and to no other.

A URL that others give us must not reach what only we can reach (our database, the cloud's metadata). So its name is
resolved once, every address it has is looked at, and the connection goes to the one that was looked at: a name that
answers differently the second time gains nothing. No redirect is followed, no proxy is asked, answers are read as
far as they are needed, and the deadline is for the whole exchange.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.errors import ConfigurationError, ServiceError, UnsafeError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL: Final = 2048
MOST_ADDRESSES: Final = 4
# ranges that carry an IPv4 address inside or lead back to us, and that ``is_global`` of some Pythons lets pass
REFUSED: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/9",
        "ff00::/8",
    )
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the URL's parts, and the addresses that were looked at.

    Attributes:
        path: with the query, as it is sent.
        addresses: tried in turn until one takes the connection.
        private: one lies in a network that the settings allow.
    """

    secure: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]
    private: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, and the beginning of the body."""

    status: int
    body: bytes


def read_networks(text: str) -> tuple[Network, ...]:
    """``"10.1.0.0/16, ::1/128"`` → the networks that may be reached although they are private.

    Raises:
        ConfigurationError: one of them is no network.
    """
    try:
        return tuple(ipaddress.ip_network(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise ConfigurationError(f"{error}.", "CROSSFOOT_WEBHOOK_NETWORKS") from None


def check_url(url: str) -> urllib.parse.SplitResult:
    """The parts of a URL that may be asked at all, as far as its text tells.

    Raises:
        UnsafeError: another scheme than http or https, no host, a user name, or characters that no URL has.
    """
    if len(url) > LONGEST_URL or not url.isascii() or any(c <= " " or c in '\\\x7f"<>^`{|}' for c in url):
        raise UnsafeError("This is not a URL that can be asked.", "url")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeError("This is not a URL that can be asked.", "url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UnsafeError("Only http and https URLs with a host can be asked.", "url")
    if parts.username is not None or parts.password is not None:
        raise UnsafeError("A URL with a user name in it is not asked.", "url")
    return parts


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet; one that hides an IPv4 address does not."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.scope_id):
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in REFUSED)


def resolve(url: str, allowed: tuple[Network, ...] = ()) -> Target:
    """Look up a URL's host, once; where to connect.

    Public addresses are reached by https only; those of ``allowed`` networks also by http.

    Raises:
        UnsafeError: the URL cannot be asked, or one of its addresses is private and not allowed.
        ServiceError: the name has no address.
    """
    parts = check_url(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ServiceError("The host has no address.", host) from None
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    private = [a for a in addresses if any(a in network for network in allowed)]
    if not addresses or any(not is_public(a) and a not in private for a in addresses):
        raise UnsafeError("The host is not on the open internet.", host)
    if not secure and len(private) < len(addresses):
        raise UnsafeError("A host on the open internet is asked by https only.", host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port, path, tuple(dict.fromkeys(map(str, addresses)))[:MOST_ADDRESSES], bool(private))


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at; the name only goes into the Host header and the certificate."""

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._target = target
        if target.secure:
            self.default_port = http.client.HTTPS_PORT
        self._late = threading.Event()

    def connect(self) -> None:
        """Connect, and shake hands where it is https."""
        target = self._target
        self.sock = self._reach()
        if target.secure:
            context = ssl.create_default_context()
            # the handshake only once ``cut`` can reach the socket that shakes hands
            self.sock = context.wrap_socket(self.sock, server_hostname=target.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def _reach(self) -> socket.socket:
        """A connection to the first address that takes it; each has its share of the time."""
        target, seconds = self._target, (self.timeout or 0.0) / len(self._target.addresses)
        *others, last = target.addresses
        for address in others:
            with contextlib.suppress(OSError):
                return self._patient(socket.create_connection((address, target.port), seconds))
            self.check()
        return self._patient(socket.create_connection((last, target.port), seconds))

    def _patient(self, connected: socket.socket) -> socket.socket:
        connected.settimeout(self.timeout)
        return connected

    def cut(self) -> None:
        """End it from another thread: an answer that drips would hold us for ever."""
        self._late.set()
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise ``TimeoutError`` where the deadline has ended it."""
        if self._late.is_set():
            raise TimeoutError

    def getresponse(self) -> http.client.HTTPResponse:
        """The head of the answer."""
        response = super().getresponse()
        self.check()
        return response


@contextlib.contextmanager
def ask(
    target: Target, method: str, headers: Mapping[str, str], body: bytes | None, seconds: float
) -> Iterator[http.client.HTTPResponse]:
    """Send one request and hand out its answer, all within ``seconds``.

    Raises:
        ServiceError: no answer, or not in time.
    """
    connection = _Pinned(target, seconds)
    watch = threading.Timer(seconds, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request(method, target.path, body, dict(headers))
        yield connection.getresponse()
        connection.check()  # what is cut looks like an end
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = watch.finished.is_set() or isinstance(error, TimeoutError)
        said = f"not been answered within {seconds:g} seconds" if late else f"failed ({type(error).__name__})"
        raise ServiceError(f"The request has {said}.", target.host) from None
    finally:
        watch.cancel()
        connection.close()


def post(target: Target, headers: Mapping[str, str], body: bytes, seconds: float, kept: int = 1024) -> Answer:
    """Post a body; the status and the first ``kept`` bytes of the answer.

    Raises:
        ServiceError: no answer, or not in time.
    """
    with ask(target, "POST", headers, body, seconds) as response:
        return Answer(response.status, response.read(kept))
