"""A printer that stands at another address is found by what it is, in declared networks alone; a person takes it."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.near import PRINTER_NETWORKS
from tests.peers.escpos_peer import EscposPeer
from tests.tickets.test_identity import neighbour, tell_neighbours
from tocsin.core.actor import NotAllowed, PersonNeeded
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.settings import read_networks
from tocsin.tickets import escpos, printer_search
from tocsin.tickets.device import PrinterElsewhere, PrinterMissing, PrinterWrong, add_printer
from tocsin.tickets.identity import Identity
from tocsin.tickets.known_printer import find_known
from tocsin.tickets.printer_place import PrinterHasNoAddress, move_printer
from tocsin.tickets.printer_search import NothingKnown, SearchBusy, look_for
from tocsin.tickets.reach import declare_networks
from tocsin.tickets.search_rate import FREE_MOVES, FREE_SEARCHES, AskedTooOften
from tocsin.tickets.trial import ask_printer

OWN_MAC = "00:11:62:0a:1b:2c"


def search(counter: Counter, *, ask: bool = True) -> list[tuple[str, str]]:
    """Look for the printer; return where it may be, and why."""
    found = look_for(counter.db, counter.actor, printer_id=counter.printer().id, ask=ask).found
    return [(one.host, one.evidence) for one in found]


def stand(port: int, host: str, serial: bytes = b"", model: bytes = b"Peer-80") -> EscposPeer:
    """Put a printer up at an address."""
    peer = EscposPeer(host, port)
    peer.switches.who.update({67: model, 68: serial})
    return peer


def test_a_printer_that_got_another_address_is_found_and_taken_by_a_person(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos, "_WHAT_SECONDS", 0.3)
    with ExitStack() as standing, open_counter(db, connect_timeout_seconds=0.5) as counter:
        own, port, printer_id = counter.peer.switches.who[68], counter.peer.port, counter.printer().id
        tell_neighbours(tmp_path, monkeypatch)
        assert ask_printer(db, counter.actor, printer_id=printer_id).online
        job = counter.print(counter.take().order_id).job_ids[0]
        counter.peer.close()
        assert not ask_printer(db, counter.actor, printer_id=printer_id).online
        hosts = {
            "127.0.0.7": own,
            "127.0.0.8": b"ANOTHER",
            "127.0.0.9": b"",
            "127.0.1.5": own,
            "127.0.0.20": own,
        }
        peers = {host: standing.enter_context(stand(port, host, serial)) for host, serial in hosts.items()}
        where = {"host": "neighbour.example", "port": port}
        names(monkeypatch, **{"neighbour.example": "127.0.0.20"})
        counter.do(add_printer, name="邻", kind="escpos_network", options=where)
        assert search(counter, ask=False) == []
        assert search(counter) == [("127.0.0.7", "serial"), ("127.0.0.9", "model")]
        assert not peers["127.0.1.5"].jobs, "no more than a /24 of a network"
        assert not peers["127.0.0.20"].jobs, "another printer's own address"
        assert not any(peer.papers() for peer in peers.values())
        assert counter.job(job).state == "queued" and "127.0.0.1" in counter.printer().options, (
            "proposed, not taken"
        )
        counter.do(move_printer, printer_id=printer_id, host="127.0.0.7")
        assert ask_printer(db, counter.actor, printer_id=printer_id).online
        assert not counter.ask(find_known, printer_id=printer_id).other
        counter.run_spool()
        counter.wait_state(job, "printed")
        assert len(peers["127.0.0.7"].papers()) == 1
        counter.do(move_printer, printer_id=printer_id, host="127.0.0.8")
        ask_printer(db, counter.actor, printer_id=printer_id)
        assert "ANOTHER" in counter.ask(find_known, printer_id=printer_id).other, (
            "who takes the wrong one is told"
        )
        entries = counter.ask(read_journal, subject=f"printer:{printer_id}")
        moves = [each.fields() for each in entries if each.verb == "tickets.move_printer"]
        assert {"from": f"127.0.0.1:{port}", "to": f"127.0.0.7:{port}"} in moves and len(moves) == 2


def names(monkeypatch: pytest.MonkeyPatch, **known: str) -> None:
    """Let names mean addresses; `slow.example` takes longer than any search."""
    asked = socket.getaddrinfo

    def resolve(host: str, *given: Any, **more: Any) -> Any:
        if host == "slow.example":
            time.sleep(3)
        return asked(known.get(host, "127.0.0.1" if host == "slow.example" else host), *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_it_is_found_by_its_network_card_without_asking_around(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db, connect_timeout_seconds=0.5) as counter:
        peer = counter.peer
        peer.switches.who.clear()
        monkeypatch.setattr(escpos, "_WHAT_SECONDS", 0.2)
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.1", OWN_MAC))
        ask_printer(db, counter.actor, printer_id=counter.printer().id)
        peer.close()
        with stand(peer.port, "127.0.0.7") as moved, stand(peer.port, "127.0.0.8") as other:
            moved.switches.who.clear()
            tell_neighbours(
                tmp_path, monkeypatch, neighbour("127.0.0.7", OWN_MAC), neighbour("8.8.8.8", OWN_MAC)
            )
            assert search(counter, ask=False) == [("127.0.0.7", "mac")]
            assert not other.jobs


def test_a_search_is_bounded_in_time_and_place(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db, connect_timeout_seconds=0.5) as counter:
        given = {"printer_id": counter.printer().id, "ask": True}
        with pytest.raises(NothingKnown):
            look_for(db, counter.actor, **given)
        tell_neighbours(tmp_path, monkeypatch)
        ask_printer(db, counter.actor, printer_id=given["printer_id"])
        with printer_search._alone(counter.house.merchant_id):
            with pytest.raises(SearchBusy):
                look_for(db, counter.actor, **given)
            with printer_search._alone(1):
                assert len(printer_search._searching) == 2, "another merchant's search is his own"
        with pytest.raises(NotAllowed):
            look_for(db, counter.house.actor("clerk"), **given)
        with pytest.raises(PrinterMissing):
            look_for(db, counter.actor, printer_id=1, ask=True)
        for networks, reachable in (
            ("10.0.0.0/8", 0), ("127.0.0.8/30, 127.0.0.8/30", 2), ("127.0.0.0/16", 253), ("fc00::/7", 0),
            (", ".join(f"127.0.{n}.0/24" for n in range(1, 7)), 4 * 254),
        ):  # fmt: skip
            declare_networks(read_networks(networks))
            monkeypatch.setattr(printer_search, "_BEGIN_SECONDS", 0.0)
            try:
                told = look_for(db, counter.actor, **given)
            finally:
                declare_networks(read_networks(PRINTER_NETWORKS))
            assert (told.reachable, told.asked, told.found) == (reachable, 0, []), networks
        for _ in range(FREE_SEARCHES):
            try:
                look_for(db, counter.actor, printer_id=given["printer_id"], ask=False)
            except AskedTooOften as late:
                assert late.data["retry_after_seconds"] > 200
                break
        else:
            pytest.fail("any number of searches")


def test_a_like_printer_is_told_without_its_numbers_and_no_name_keeps_a_search_long(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos, "_WHAT_SECONDS", 0.2)
    with open_counter(db) as counter:
        printer_id = counter.printer().id
        counter.peer.switches.who[68] = b"0123456789"
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.8", OWN_MAC))
        ask_printer(db, counter.actor, printer_id=printer_id)
        with stand(counter.peer.port, "127.0.0.8", b"THEIRS"):
            [like] = look_for(db, counter.actor, printer_id=printer_id, ask=True).found
        assert like.evidence == "model" and like.who == Identity(maker="TOCSIN", model="Peer-80")
        names(monkeypatch)
        counter.do(move_printer, printer_id=printer_id, host="slow.example")
        monkeypatch.setattr(printer_search, "_NAME_SECONDS", 0.1)
        began = time.monotonic()
        assert search(counter, ask=False) == []
        assert time.monotonic() - began < 2


def test_a_printer_is_moved_to_sound_addresses_alone(db: Database) -> None:
    with open_counter(db) as counter:
        printer_id = counter.printer().id
        for host, port, wrong in (
            ("8.8.8.8", 0, PrinterElsewhere), ("", 0, PrinterWrong), ("a b", 0, PrinterWrong), ("127.0.0.1", 70000, PrinterWrong),
            ("127.0.0.1", 22, PrinterWrong),
        ):  # fmt: skip
            with pytest.raises(wrong):
                counter.do(move_printer, printer_id=printer_id, host=host, port=port)
        key = Counter(counter.house, counter.peer, replace(counter.actor, kind="api_key"))
        with pytest.raises(PersonNeeded):
            key.do(move_printer, printer_id=printer_id, host="127.0.0.1")
        for port in (9100, *[0] * (FREE_MOVES - 1)):
            counter.do(move_printer, printer_id=printer_id, host="127.0.0.1", port=port)
        with pytest.raises(AskedTooOften):
            counter.do(move_printer, printer_id=printer_id, host="127.0.0.2")
        pdf = counter.do(add_printer, name="纸", kind="pdf_file", options={"folder": "papers"})
        for verb in (
            lambda: counter.do(move_printer, printer_id=pdf, host="127.0.0.1"),
            lambda: look_for(db, counter.actor, printer_id=pdf, ask=True),
        ):
            with pytest.raises(PrinterHasNoAddress):
                verb()
