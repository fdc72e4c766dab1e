"""Looking for a printer that does not answer at its address any more: what is found is proposed, and a person takes it.

First where this machine sees its network card; then, where a person asks for it, at its port of each address of the
declared networks. Nothing outside of these is spoken to, and nothing is printed.
"""

import ipaddress
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.tickets.away import is_away
from tocsin.tickets.device import Device, get_printer, list_printers, printer_plugin, read_options
from tocsin.tickets.identity import Evidence, Identity, identify, read_neighbours, same
from tocsin.tickets.known_printer import find_known
from tocsin.tickets.printer_place import PrinterHasNoAddress, network_options
from tocsin.tickets.reach import addresses_within, connect_near, declared_networks, is_reachable
from tocsin.tickets.search_rate import count_search

AT_ONCE, NETWORKS_MOST, SEARCHES_MOST, NAMES_MOST = 64, 4, 4, 16
_NAME_SECONDS, _BEGIN_SECONDS, _CONNECT_SECONDS, _ANSWER_SECONDS = 1.5, 6.0, 0.5, 1.5
_SMALLEST_PREFIX = 24
_NUMBERS = re.compile(r"[0-9.]+|.*:.*")  # an address, not a name
_STRENGTH: tuple[Evidence, ...] = ("serial", "mac", "model")
_searching: set[int] = set()  # the merchants for whom this process looks now
_begins = threading.Lock()


class NothingKnown(Refusal):
    """Nothing is known by which this printer could be found: type its new address in"""

    kind, code = "conflict", "printer_not_known"


class SearchBusy(Refusal):
    """Another printer is being looked for: try again in ten seconds"""

    kind, code = "conflict", "search_busy"


class Found(Struct, frozen=True):
    """A printer that may be the one that was looked for, and what tells so: the same serial, MAC, or no more than the model.

    Of one that is no more than the same model, its numbers are not told: it may be anybody's.
    """

    host: str
    port: int
    evidence: Evidence
    who: Identity


class Search(Struct, frozen=True):
    """What was found, the strongest first; `asked` of `reachable` addresses were spoken to before the time was up."""

    found: list[Found]
    asked: int
    reachable: int


class _Wanted(Struct, frozen=True):
    """The printer that is looked for, where it does not answer, and where others do."""

    device: Device
    who: Identity
    host: str
    port: int
    others: frozenset[tuple[str, int]]
    own: tuple[str, ...] = ()


def look_for(db: Database, actor: Actor, *, printer_id: int, ask: bool) -> Search:
    """Look for a printer at other addresses; with `ask` each address of the networks is spoken to, ten seconds at most.

    Raises:
        NotAllowed, PrinterMissing
        PrinterHasNoAddress: it is none of this machine's own network printers.
        NothingKnown: it never said who it is.
        SearchBusy: somebody of the same merchant looks for one already.
        AskedTooOften: that was done too often.
    """
    require(actor, "shop_settings")

    def begin(tx: Tx) -> _Wanted:
        wanted = _read(tx, printer_id)
        count_search(tx)
        subject = f"printer:{wanted.device.id}"
        write_journal(tx, actor, verb="tickets.look_for_printer", subject=subject, data={"asked": ask})
        return wanted

    wanted = _with_addresses(db.write(actor.merchant_id, begin))
    with _alone(actor.merchant_id):
        seen = [
            address for address, mac in read_neighbours().items()
            if mac == wanted.who.mac and not _is_taken(wanted, address)
        ]  # fmt: skip
        return _ask_all(wanted, _targets(wanted) if ask else seen)


@contextmanager
def _alone(merchant_id: int) -> Iterator[None]:
    """Let a merchant look for one printer at a time, and few merchants at once."""
    with _begins:
        if merchant_id in _searching or len(_searching) >= SEARCHES_MOST:
            raise SearchBusy
        _searching.add(merchant_id)
    try:
        yield
    finally:
        with _begins:
            _searching.discard(merchant_id)


def _read(tx: Tx, printer_id: int) -> _Wanted:
    device = get_printer(tx, printer_id=printer_id or -1)
    options = network_options(device)
    if is_away(device):
        raise PrinterHasNoAddress
    known = find_known(tx, printer_id=device.id)
    who = known.who() if known else Identity()
    if not who.tells() and not who.model:
        raise NothingKnown
    rest = [one for one in list_printers(tx) if one.id != device.id and not is_away(one)]
    places = [read_options(one) for one in rest if "host" in one.options]
    return _Wanted(
        device, who, options["host"], options["port"],
        frozenset((getattr(one, "host", ""), getattr(one, "port", 0)) for one in places),
    )  # fmt: skip


def _with_addresses(wanted: _Wanted) -> _Wanted:
    """Return a printer with its addresses and those of the others, whose names are looked up for a moment alone."""
    names = sorted({host for host, _ in wanted.others if not _NUMBERS.fullmatch(host)})
    told = addresses_within([wanted.host, *names[:NAMES_MOST]], seconds=_NAME_SECONDS)
    others = {(address, port) for host, port in wanted.others for address in told.get(host, ())}
    return replace(wanted, own=tuple(told.get(wanted.host, ())), others=wanted.others | others)


def _is_taken(wanted: _Wanted, address: str) -> bool:
    """Tell whether an address is where the printer does not answer, or another printer's own."""
    return address in (wanted.host, *wanted.own) or (address, wanted.port) in wanted.others


def _targets(wanted: _Wanted) -> list[str]:
    """Return the addresses to ask: of each declared network at most a /24, that of the printer's last address first."""
    last = _last_address(wanted)
    parts = list(dict.fromkeys(_parts(declared_networks(), last)))
    parts.sort(key=lambda part: last not in part if last else False)
    return [
        str(address) for part in parts[:NETWORKS_MOST] for address in part.hosts()
        if not _is_taken(wanted, str(address)) and is_reachable(str(address))
    ]  # fmt: skip


def _parts(networks: Sequence[Any], last: ipaddress.IPv4Address | None) -> Iterator[ipaddress.IPv4Network]:
    for network in networks:
        if not isinstance(network, ipaddress.IPv4Network):
            continue
        if network.prefixlen >= _SMALLEST_PREFIX:
            yield network
        elif last is not None and last in network:
            yield ipaddress.IPv4Network((last, _SMALLEST_PREFIX), strict=False)


def _last_address(wanted: _Wanted) -> ipaddress.IPv4Address | None:
    for address in wanted.own:
        if ":" not in address:
            return ipaddress.IPv4Address(address)
    return None


def _ask_all(wanted: _Wanted, addresses: list[str]) -> Search:
    until = time.monotonic() + _BEGIN_SECONDS

    def ask(address: str) -> Identity | None:
        """Return who answers at an address; None where nobody does, or where the time is up."""
        return _ask(wanted, address) if time.monotonic() < until else None

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="printer search") as threads:
        told = list(threads.map(ask, addresses))
    found = [
        Found(address, wanted.port, evidence, who if evidence != "model" else replace(who, serial="", mac=""))
        for address, who in zip(addresses, told, strict=True)
        if who is not None and (evidence := same(wanted.who, who))
    ]
    found.sort(key=lambda one: _STRENGTH.index(one.evidence))
    return Search(found, asked=sum(who is not None for who in told), reachable=len(addresses))


def _ask(wanted: _Wanted, address: str) -> Identity:
    """Return who answers at an address, an empty identity where nobody does.

    A line is opened first: most addresses refuse it, and the kernel learns the network card of the others.
    """
    try:
        with connect_near(address, wanted.port, timeout_seconds=_CONNECT_SECONDS):
            pass
    except OSError:
        return Identity()
    plugin, options = printer_plugin(wanted.device.kind), read_options(wanted.device)
    names = {"connect_timeout_seconds", "answer_timeout_seconds"} & set(options.__struct_fields__)
    return identify(plugin, replace(options, host=address, **dict.fromkeys(names, _ANSWER_SECONDS)))
