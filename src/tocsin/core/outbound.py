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
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

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


def new_secret() -> str:
    """Return a fresh signing secret, as Standard Webhooks writes them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign_message(secret: str, *, message_id: str, at_seconds: int, body: bytes) -> str:
    """Return the `webhook-signature` of a message: v1, HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{at_seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
