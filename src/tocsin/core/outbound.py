"""Outbound requests to addresses that people typed: looked up, checked and connected in one step.

The name is resolved where the connection is made, every answer is checked, and the connection goes to a
checked address with the name's own SNI and Host: an answer that changes afterwards (DNS rebinding) is never
asked for. No redirects, no proxies of the environment, a time for all of it, a bound on what is read.
Source: Standard Webhooks 1.0.0 (signatures); knowledge on metadata addresses: `alarm/reach`.
"""

import base64
import hashlib
import hmac
import ipaddress
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore
from msgspec import Struct

from tocsin.core.errors import Refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], list[str]]
SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32
URL_MOST = 2000
ANSWER_MOST_BYTES = 64 << 10
SECONDS_MOST = 15.0
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class PlaceRefused(Refusal):
    """Nothing is sent to {host}: {problem}"""

    kind, code = "invalid", "place_refused"


class Answer(Struct, frozen=True):
    """What came of a request: a status, or 0 and the code of a problem; how long it took.

    `sent`: a byte of it left, so that it may have been taken whatever was answered. `body` is kept where it was asked for.
    """

    status: int
    problem: str
    milliseconds: int
    sent: bool = False
    body: bytes = b""

    @property
    def taken(self) -> bool:
        """Tell whether the receiver took it: 2xx."""
        return 200 <= self.status < 300


class Place(Struct, frozen=True):
    """A checked address to send to."""

    url: str
    host: str
    port: int
    plain: bool


def read_place(url: str) -> Place:
    """Return an address that may be sent to, by its shape; where it leads is checked at each sending.

    Raises:
        PlaceRefused: no https (or http) address of a host, or it holds a name and a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise PlaceRefused(host="this address", problem="it can't be read") from None
    if len(url) > URL_MOST or not url.isascii() or not url.isprintable() or " " in url:
        raise PlaceRefused(
            host="this address", problem="write it in ASCII, without spaces, 2,000 characters at most"
        )
    if parts.scheme not in ("https", "http") or not host:
        raise PlaceRefused(host="this address", problem="it begins with https:// and names a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise PlaceRefused(host=host[:80], problem="an address holds no password and no #fragment")
    plain = parts.scheme == "http"
    return Place(url, host, port or (80 if plain else 443), plain)


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host by the system's resolver.

    Raises:
        OSError, UnicodeError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def require_allowed(
    host: str, found: Iterable[str], *, networks: tuple[Network, ...], plain: bool
) -> list[str]:
    """Return the addresses of a host when each of them may be sent to.

    Args:
        networks: private ones that the process's settings open.
        plain: without TLS, which only goes to those.

    Raises:
        PlaceRefused: one of them is no address of the internet, and of no network that was opened.
    """
    checked = []
    for text in found:
        try:
            address = _bare(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            raise PlaceRefused(host=host[:80], problem="it leads to no address") from None
        opened = any(address.version == one.version and address in one for one in networks)
        if plain and not opened:
            raise PlaceRefused(host=host[:80], problem="plain http leaves no shop: use https")
        if not opened and not is_public(address):
            raise PlaceRefused(
                host=host[:80], problem="it leads into a private network, which no setting has opened"
            )
        checked.append(str(address))
    if not checked:
        raise PlaceRefused(host=host[:80], problem="there is no host of this name")
    return checked


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the internet's; what wraps another is as that one."""
    bare = _bare(address)
    closed = (
        bare.is_multicast or bare.is_reserved or bare.is_unspecified or bare.is_link_local or bare.is_loopback
    )
    return bare.is_global and not closed and bare not in _METADATA


def _bare(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one: mapped, 6to4, Teredo or NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if wrapped is None and not int(address) >> 32 and int(address) > 1:
        return ipaddress.IPv4Address(int(address))  # IPv4-compatible, deprecated and still routed by some
    return wrapped or address


def post_body(
    place: Place, body: bytes, *, headers: dict[str, str], networks: tuple[Network, ...] = (),
    resolve: Resolve = look_up, trust: ssl.SSLContext | None = None, seconds: float = SECONDS_MOST, keep: bool = False,
) -> Answer:  # fmt: skip
    """Send a body, JSON unless a header says otherwise, and return what was answered; a redirect is an answer like any other.

    Args:
        headers: their names in lower case.
        keep: return what was answered, 64 KiB of it at most.
    """
    begun = time.monotonic()
    way = _Way(place, networks=networks, resolve=resolve, until=begun + seconds)
    status, problem, told = 0, "", b""
    try:
        status, told = _ask(way, place, body, headers=headers, trust=trust)
    except PlaceRefused:
        problem = "forbidden"
    except (httpcore.TimeoutException, TimeoutError):
        problem = "timeout"
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as fault:
        problem = "no_host" if isinstance(fault, (socket.gaierror, UnicodeError)) else "unreachable"
    if status and not 200 <= status < 300:
        problem = f"status {status}"
    took = round((time.monotonic() - begun) * 1000)
    return Answer(status, problem, took, way.sent, told if keep else b"")


def _ask(
    way: "_Way", place: Place, body: bytes, *, headers: dict[str, str], trust: ssl.SSLContext | None
) -> tuple[int, bytes]:
    pool = httpcore.ConnectionPool(
        ssl_context=trust or ssl.create_default_context(), network_backend=way, max_connections=1,
        max_keepalive_connections=0,
    )  # fmt: skip
    with pool, pool.stream("POST", place.url, headers=_headers(place, headers), content=body) as answer:
        return answer.status, _read_some(answer.iter_stream())


def new_secret() -> str:
    """Return a fresh signing secret, as Standard Webhooks writes them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign_message(secret: str, *, message_id: str, at_seconds: int, body: bytes) -> str:
    """Return the `webhook-signature` of a message: v1, HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{at_seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class _Way(httpcore.NetworkBackend):
    """Connects to a checked address of the place's host, and to nothing else."""

    def __init__(
        self, place: Place, *, networks: tuple[Network, ...], resolve: Resolve, until: float
    ) -> None:
        self._place, self._networks, self._resolve, self._until = place, networks, resolve, until
        self.sent = False

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore.NetworkStream:
        found = self._resolve(self._place.host, self._place.port)
        allowed = require_allowed(self._place.host, found, networks=self._networks, plain=self._place.plain)
        backend, last = httpcore.SyncBackend(), None
        for address in allowed[:4]:
            try:
                stream = backend.connect_tcp(address, self._place.port, timeout=_left(self._until))
                return _Bounded(stream, self._until, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
                last = fault
        assert last is not None
        raise last

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, _left(self._until)))


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step ends with the time of the whole: who drips a byte a second is cut off."""

    def __init__(self, inner: httpcore.NetworkStream, until: float, way: _Way) -> None:
        self._inner, self._until, self._way = inner, until, way

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout=_left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _left(self._until)
        self._way.sent = True  # TLS shakes hands beneath this: what passes here is the request
        self._inner.write(buffer, timeout=left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Bounded(
            self._inner.start_tls(ssl_context, server_hostname, timeout=_left(self._until)),
            self._until,
            self._way,
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time of the whole is over")
    return left


def _headers(place: Place, headers: dict[str, str]) -> list[tuple[str, str]]:
    own = {"host": _host_header(place), "content-type": "application/json", "user-agent": "tocsin-webhooks"}
    return list({**own, **headers}.items())


def _host_header(place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port == (80 if place.plain else 443) else f"{host}:{place.port}"


def _read_some(parts: Iterable[bytes]) -> bytes:
    """Return an answer's beginning, and leave the rest."""
    kept = b""
    for part in parts:
        kept += part
        if len(kept) > ANSWER_MOST_BYTES:
            break
    return kept[:ANSWER_MOST_BYTES]
