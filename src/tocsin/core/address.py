"""Addresses as they are counted: what one host can choose from is one address, what one customer has is one network."""

import ipaddress

_V4_HOST, _V4_NETWORK, _V6_HOST, _V6_NETWORK = 32, 24, 64, 48
_LONGEST = 64


def address_group(address: str) -> str:
    """Return what is counted as one address: an IPv4 address, or the /64 that one IPv6 host can choose from."""
    return _group(address, v4=_V4_HOST, v6=_V6_HOST)


def network_group(address: str) -> str:
    """Return what is counted as one network: a /24 of IPv4, a /48 of IPv6."""
    return _group(address, v4=_V4_NETWORK, v6=_V6_NETWORK)


def _group(address: str, *, v4: int, v6: int) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST]
    plain = (parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None) or parsed
    length = v4 if plain.version == 4 else v6
    if length == plain.max_prefixlen:
        return str(plain)
    host_bits = plain.max_prefixlen - length
    return f"{type(plain)((int(plain) >> host_bits) << host_bits)}/{length}"
