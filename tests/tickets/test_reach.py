"""Where printers may be: declared networks alone, asked of the address that is spoken to, not of its name."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.counter import open_counter
from tests.near import PRINTER_NETWORKS
from tests.peers.escpos_peer import EscposPeer
from tests.tickets.paper import make_content
from tocsin.core.db import Database
from tocsin.settings import Settings, SettingsWrong, load_settings, read_networks
from tocsin.tickets import reach
from tocsin.tickets.device import PrinterElsewhere, add_printer, printer_plugin
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.reach import declare_networks, is_reachable

SPOKEN_TO = ["escpos_network", "ipp", "tspl"]
OUTSIDE = [
    "8.8.8.8", "127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::",
    "224.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
]  # fmt: skip


@contextmanager
def declared(networks: str) -> Iterator[None]:
    """Declare other networks; none as a fresh installation."""
    declare_networks(read_networks(networks))
    try:
        yield
    finally:
        declare_networks(read_networks(PRINTER_NETWORKS))


def test_an_address_outside_is_refused_where_a_printer_is_set_up(db: Database):
    with open_counter(db) as counter, declared(""):
        for kind in SPOKEN_TO:
            for host in OUTSIDE:
                with pytest.raises(PrinterElsewhere, match="printer_networks"):
                    counter.do(add_printer, name="x", kind=kind, options={"host": host})
            counter.do(add_printer, name="x", kind=kind, options={"host": "localhost"})  # a name may move


@pytest.mark.parametrize("kind", SPOKEN_TO)
def test_an_address_outside_is_not_spoken_to(kind: str):
    plugin = printer_plugin(kind)
    with EscposPeer() as peer, declared(""):
        options = plugin.options(host="localhost", port=peer.port)
        outcome = print_paper(plugin, options, make_content())
        assert (outcome.result, outcome.reason, outcome.permanent) == ("failed", "outside_networks", True)
        assert plugin.probe(options).detail == "outside_networks"
        assert peer.jobs == []


def test_no_declaration_opens_what_is_never_a_printer():
    with declared("0.0.0.0/0, ::/0"):
        closed = [host for host in OUTSIDE if not is_reachable(host)]
    assert set(OUTSIDE) - set(closed) == {
        "8.8.8.8",
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "255.255.255.255",
    }


def test_the_address_that_was_found_good_is_the_one_that_is_spoken_to(monkeypatch: pytest.MonkeyPatch):
    """A name that answers good, then bad, is asked once; of several answers only the good ones are tried."""
    asked: list[str] = []
    with EscposPeer() as peer:

        def answer(host: str, *rest: Any, **more: Any) -> list[Any]:
            asked.append(host)
            found = ["169.254.169.254", peer.host] if len(asked) == 1 else ["169.254.169.254"]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, peer.port)) for each in found]

        connected: list[str] = []

        def connect(at: tuple[str, int], *, timeout: float) -> socket.socket:
            connected.append(at[0])
            line = socket.socket()
            line.settimeout(timeout)
            line.connect(at)
            return line

        monkeypatch.setattr(reach.socket, "getaddrinfo", answer)
        monkeypatch.setattr(reach.socket, "create_connection", connect)
        plugin = printer_plugin("escpos_network")
        assert plugin.probe(plugin.options(host="printer.local", port=peer.port)).online
        assert (asked, connected) == (["printer.local"], [peer.host])


def test_the_setting_names_networks():
    settings = load_settings(environment={"TOCSIN_PRINTER_NETWORKS": "10.9.0.0/16, ::1"})
    assert settings.printers_nearby() == (
        ipaddress.ip_network("10.9.0.0/16"),
        ipaddress.ip_network("::1/128"),
    )
    assert Settings().printers_nearby() == ()
    with pytest.raises(SettingsWrong, match="printer_networks"):
        load_settings(environment={"TOCSIN_PRINTER_NETWORKS": "next door"})
