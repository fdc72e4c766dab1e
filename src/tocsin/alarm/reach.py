"""Where messages may go: people type these addresses, and the desk stands inside the shop's network.

An address is looked up when it is set and again at each sending; redirects are never followed.
"""

import ipaddress
import socket

from tocsin.core.errors import Refusal

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What clouds answer secrets from, beyond the link-local range.
# Source: the providers' own pages on instance metadata (Alibaba Cloud, Oracle Cloud, AWS over IPv6).
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
UNKNOWN_HOST = "there is no host of this name"


class PlaceForbidden(Refusal):
    """Messages can't go to {host}: {problem}"""

    kind, code = "invalid", "place_forbidden"


def require_reachable(host: str) -> None:
    """Refuse a host that has no address, or one that no message of a shop goes to; its own network may be meant.

    Raises:
        PlaceForbidden: it is unknown, link-local, a cloud's metadata, multicast or unspecified.
    """
    for address in _addresses_of(host):
        if _is_forbidden(address):
            raise PlaceForbidden(host=host[:80], problem="that address belongs to no service for people")


def require_public(host: str) -> None:
    """Refuse a host that is not out on the internet: any browser may name it.

    Raises:
        PlaceForbidden: it is unknown, or of a private network.
    """
    for address in _addresses_of(host):
        if not is_public(address):
            raise PlaceForbidden(host=host[:80], problem="a push service is out on the internet")


def is_public(address: _Address) -> bool:
    """Tell whether an address is one of the internet's."""
    return address.is_global and not _is_forbidden(address)


def _addresses_of(host: str) -> list[_Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PlaceForbidden(host=host[:80], problem=UNKNOWN_HOST) from None
    return [_plain(ipaddress.ip_address(str(each[4][0]).partition("%")[0])) for each in found]


def _plain(address: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 one wraps."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _is_forbidden(address: _Address) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_loopback)
        or address in _METADATA
    )
