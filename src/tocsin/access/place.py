"""Where somebody stands: the address he comes from and the enrolled desk he sits at; and where he may."""

import ipaddress
from functools import lru_cache

import msgspec
from msgspec import Struct

from tocsin.core.errors import Refusal

_MOST_NETWORKS = 32
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NetworkWrong(Refusal):
    """“{network}” is no network: write an address such as 192.0.2.7, or a range such as 192.0.2.0/24"""

    kind, code = "invalid", "network_wrong"


class Place(Struct, frozen=True):
    """Where a request comes from; `desk_id` and `shop_id` are those of an enrolled desk, 0: none."""

    address: str = ""
    desk_id: int = 0
    shop_id: int = 0


class Places(Struct, frozen=True):
    """Where an operator may be: in one of the networks, or anywhere where there is none; at enrolled desks alone, or not."""

    networks: tuple[str, ...] = ()
    desks_only: bool = False


def read_places(networks: str, *, desks_only: bool) -> str:
    """Return places as they are stored, from a text of networks between blanks or commas; empty: anywhere.

    Raises:
        NetworkWrong: one of them is none, or there are more than 32.
    """
    named = networks.replace(",", " ").replace("，", " ").split()
    if len(named) > _MOST_NETWORKS:
        raise NetworkWrong(network=named[_MOST_NETWORKS][:40])
    known = tuple(str(_network(one)) for one in named)
    return msgspec.json.encode(Places(known, desks_only)).decode() if known or desks_only else ""


def show_places(stored: str) -> Places:
    """Return stored places."""
    return msgspec.json.decode(stored, type=Places) if stored else Places()


def within_places(stored: str, place: Place) -> bool:
    """Tell whether a place is among the stored ones; without any it always is. An address that can't be read is not."""
    if not stored:
        return True
    desks_only, networks = _decode(stored)
    if desks_only and not place.desk_id:
        return False
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(place.address)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)


def within_shops(stored: str, place: Place) -> bool:
    """Tell whether a place is at no desk of a shop that is not among the stored ones (a JSON list of ids)."""
    return not stored or not place.shop_id or place.shop_id in msgspec.json.decode(stored, type=list[int])


@lru_cache(maxsize=1024)
def _decode(stored: str) -> tuple[bool, tuple[Network, ...]]:
    places = show_places(stored)
    return places.desks_only, tuple(_network(one) for one in places.networks)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise NetworkWrong(network=text[:40]) from None
