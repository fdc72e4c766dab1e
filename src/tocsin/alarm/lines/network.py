"""Networks that a siren may be in: where the desk sends commands must not be for a form to choose freely.

A host is resolved once for each line that is opened, and the address that was found good is the one
that is spoken to: a name that answers differently the second time leads nowhere else.
"""

import ipaddress
import socket

from tocsin.alarm.siren import Option, SirenFailed, SirenOptionWrong

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

HOME = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, ::1/128, fc00::/7"
NETWORKS = Option(
    name="networks", label="Networks it may be in", default=HOME, required=True,
    hint="A siren elsewhere is refused; those that a cloud keeps for itself always are",
)  # fmt: skip
# Where clouds hand out their machines' secrets; the first ones are link-local in any case.
# Source: AWS EC2, Google Cloud, Azure, Oracle and Alibaba Cloud, instance metadata services.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "192.0.0.192", "100.100.100.200")
)  # fmt: skip


def read_networks(text: str) -> tuple[Network, ...]:
    """Return networks that are written as `10.0.0.0/8, fc00::/7`.

    Raises:
        SirenOptionWrong: one is none.
    """
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise SirenOptionWrong(
            name="networks", problem="networks are written as 192.168.0.0/16, with commas between them"
        ) from None


def require_host(host: str, networks: tuple[Network, ...], *, name: str = "host") -> None:
    """Refuse a host that can be none, or an address outside the networks; a name is looked at when it is resolved.

    Raises:
        SirenOptionWrong: it is one of these.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        plain = host.replace(".", "").replace("-", "").replace("_", "")
        if not (plain.isascii() and plain.isalnum() and len(host) <= 253) or plain.isdigit():
            raise SirenOptionWrong(name=name, problem="a host is a name or an IP address") from None
    else:
        if not _is_allowed(address, networks):
            raise SirenOptionWrong(
                name=name, problem="this address is outside the networks that it may be in"
            )


def resolve(host: str, port: int, *, networks: tuple[Network, ...]) -> str:
    """Return the address to speak to, found good.

    Raises:
        SirenFailed: the name leads nowhere, or only outside the networks.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise SirenFailed(problem="its name leads nowhere", detail=str(fault)) from fault
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in addresses:
        if _is_allowed(address, networks):
            return str(address)
    raise SirenFailed(
        problem="this address is outside the networks that it may be in",
        detail=str(addresses[0]),
        permanent=True,
    )


def _is_allowed(address: Address, networks: tuple[Network, ...]) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    never = (
        address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA
    )  # fmt: skip
    return not never and any(address.version == net.version and address in net for net in networks)
