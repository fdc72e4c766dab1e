"""Where printers on a network may be: inside declared networks, so that no form leads the desk anywhere else.

A name is resolved once for each line that is opened, and the address that was found good is the one
that is spoken to: a name that answers differently the second time leads nowhere else.
Source: AWS EC2, Google Cloud, Azure, Oracle and Alibaba Cloud (instance metadata services).
"""

import ipaddress
import socket
import time
from collections.abc import Iterable, Sequence
from threading import Thread

from tocsin.tickets.device_line import DeviceLine

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE = tuple(
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# Where clouds hand out their machines' secrets: no declaration opens these, nor what is link-local.
_NEVER = frozenset(
    ipaddress.ip_address(text) for text in ("fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "192.0.0.192", "100.100.100.200")
)  # fmt: skip
_declared: list[Network] = [*PRIVATE]


class OutsideNetworks(OSError):
    """A printer's address is in no network that printers may be in."""


def declare_networks(networks: Sequence[Network]) -> None:
    """Name the networks that this process's printers may be in; none are the private ranges."""
    _declared[:] = networks or PRIVATE


def declared_networks() -> tuple[Network, ...]:
    """Return the networks that this process's printers may be in."""
    return tuple(_declared)


def is_reachable(host: str) -> bool:
    """Tell whether a host may be spoken to; a name is looked at when it is resolved."""
    try:
        return _is_declared(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return True


def connect_near(host: str, port: int, *, timeout_seconds: float) -> DeviceLine:
    """Return a line to a printer on a network, at an address that was found good.

    Raises:
        OSError: `OutsideNetworks`, or what the system says.
    """
    line = connect_socket(host, port, timeout_seconds=timeout_seconds)
    return DeviceLine(line.fileno(), line.close)


def connect_socket(host: str, port: int, *, timeout_seconds: float) -> socket.socket:
    """Return a socket that is connected to a printer, at an address that was found good.

    Raises:
        OSError: `OutsideNetworks`, or what the system says.
    """
    until = time.monotonic() + timeout_seconds
    last: OSError = TimeoutError("no answer in time")
    for address in _resolve(host, port):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            line = socket.create_connection((address, port), timeout=left)
        except OSError as trouble:
            last = trouble
        else:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line
    raise last


def addresses_near(host: str, port: int) -> list[str]:
    """Return the good addresses of a host, none where it has none."""
    try:
        return _resolve(host, port)
    except OSError:
        return []


def addresses_within(hosts: Iterable[str], *, seconds: float) -> dict[str, list[str]]:
    """Return the good addresses of hosts, as far as they are told in time; none of a name that takes longer."""
    found: dict[str, list[str]] = {}

    def look_up(host: str) -> None:
        found[host] = addresses_near(host, 0)

    threads = [Thread(target=look_up, args=(host,), daemon=True) for host in dict.fromkeys(hosts)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(found)


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label of a name that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    addresses = [str(each[4][0]) for each in found]
    good = [text for text in addresses if _is_declared(ipaddress.ip_address(text.partition("%")[0]))]
    if not good:
        raise OutsideNetworks(f"{addresses[0]} is outside the networks that printers may be in")
    return good


def _is_declared(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    never = (
        address.is_link_local or address.is_multicast or address.is_unspecified or address in _NEVER
    )  # fmt: skip
    return not never and any(address.version == each.version and address in each for each in _declared)
