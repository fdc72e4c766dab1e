"""A printer known again: asked rarely, told from another one that answers in its place, and never stopped unasked."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.tickets.test_claim import claim
from tests.tickets.test_identity import neighbour, tell_neighbours
from tocsin.core.actor import NotAllowed, PersonNeeded
from tocsin.core.clock import DAY_US, MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.core.journal import read_journal
from tocsin.tickets import escpos, trial
from tocsin.tickets.known_printer import NoOtherPrinter, OtherChanged, accept_printer, find_known, let_rest
from tocsin.tickets.trial import ask_printer, look_after, print_test_page

ANOTHER = "00:11:62:00:00:99"


def look(counter: Counter) -> str:
    """Look after the printer as the spool does; return the reason that it is away, if it is."""
    return look_after(counter.db, counter.house.merchant_id, device=counter.printer()).detail


def asked(counter: Counter) -> int:
    """Return how often the printer was asked for its serial number."""
    return sum(("gs_i", b"\x44") in job.ops for job in counter.peer.jobs)


def other(counter: Counter) -> str:
    """Return the serial number of who answers in the printer's place."""
    known = counter.ask(find_known, printer_id=counter.printer().id)
    instead = known.instead()
    return instead.serial if instead else ""


def accept(counter: Counter, serial: str) -> None:
    """Say that the printer that answers there, and was shown under a number, is meant to stand there."""
    counter.do(accept_printer, printer_id=counter.printer().id, serial=serial, mac="")


def verbs(counter: Counter) -> list[str]:
    """Return what the journal says of the printer since it was set up, the oldest first."""
    entries = counter.ask(read_journal, subject=f"printer:{counter.printer().id}")
    found = [each.verb.removeprefix("tickets.") for each in sorted(entries, key=lambda one: one.id)]
    return [verb for verb in found if verb != "add_printer"]


def test_who_it_is_is_asked_once_a_day_after_a_move_and_when_it_is_back(db: Database) -> None:
    with open_counter(db, connect_timeout_seconds=0.5) as counter:
        kept = set()
        for _ in range(3):
            assert look(counter) == ""
            kept.add(counter.ask(find_known, printer_id=counter.printer().id))
            shift_clock(MINUTE_US)
        assert asked(counter) == len(kept) == 1, "asked once, written once"
        shift_clock(DAY_US)
        assert [look(counter), look(counter)] == ["", ""]
        switches = counter.peer.switches
        switches.paper = "out"
        assert look(counter) == "paper_out"
        switches.paper, switches.mute = "ok", True
        assert look(counter) == "mute"
        assert asked(counter) == 2
        switches.mute = False
        assert look(counter) == ""
        assert asked(counter) == 3, "it was away: another may stand there"


def test_a_printer_that_does_not_say_is_asked_once_a_day_and_known_by_its_card(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos, "_WHAT_SECONDS", 0.2)
    with open_counter(db, connect_timeout_seconds=0.5) as counter:
        switches = counter.peer.switches
        switches.who.clear()
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.1"))
        for mute in (False, True, False):
            switches.mute = mute
            look(counter)
        assert asked(counter) == 1 and counter.ask(find_known, printer_id=counter.printer().id).who().mac
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.1", ANOTHER))
        ask_printer(db, counter.actor, printer_id=counter.printer().id)
        known = counter.ask(find_known, printer_id=counter.printer().id)
        assert known.instead().mac == ANOTHER and asked(counter) == 1


def test_whose_papers_are_to_wait_is_told_by_its_card_at_each_look(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.1"))
        printer_id = counter.printer().id
        look(counter)
        counter.do(let_rest, printer_id=printer_id, rests=True)
        before = counter.ask(find_known, printer_id=printer_id)
        shift_clock(MINUTE_US)
        assert look(counter) == "" and counter.ask(find_known, printer_id=printer_id) == before
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.1", ANOTHER))
        assert look(counter) == "other_printer" and asked(counter) == 1, "it was never seen away"
        shift_clock(DAY_US)
        tell_neighbours(tmp_path, monkeypatch, neighbour("127.0.0.1"))
        assert look(counter) == "" and asked(counter) == 2


def test_another_printer_in_its_place_is_told_once_and_prints_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos, "_WHAT_SECONDS", 0.2)
    with open_counter(db) as counter:
        own, stranger = counter.peer.switches.who[68], b"STRANGER-1"
        look(counter)

        def stands(serial: bytes) -> None:
            counter.peer.switches.who[68] = serial
            ask_printer(db, counter.actor, printer_id=counter.printer().id)

        for _ in range(2):
            stands(stranger)
        assert other(counter) == "STRANGER-1" and verbs(counter) == ["other_printer"]
        counter.run_spool()
        counter.wait_state(counter.print(counter.take().order_id).job_ids[0], "printed")
        counter.peer.switches.who.pop(68)
        stands_silent = ask_printer(db, counter.actor, printer_id=counter.printer().id)
        assert stands_silent.online and other(counter) == "STRANGER-1", "silence is no all-clear"
        stands(own)
        assert other(counter) == "" and verbs(counter) == ["other_printer", "own_printer"]
        with pytest.raises(NoOtherPrinter):
            accept(counter, "STRANGER-1")
        for seen in ("STRANGER-2", "STRANGER-1"):
            stands(seen.encode())
        with pytest.raises(OtherChanged):
            accept(counter, "STRANGER-2")
        key = replace(counter.actor, kind="api_key")
        with pytest.raises(PersonNeeded):
            accept(Counter(counter.house, counter.peer, key), "STRANGER-1")
        accept(counter, "STRANGER-1")
        stands(stranger)
        assert other(counter) == ""
        assert verbs(counter)[2:] == ["other_printer", "other_printer", "accept_printer"]
        told = [
            each.fields()["state"]
            for each in counter.ask(replay_events, after_id=0)
            if each.kind == "print.printer"
        ]
        assert [state for state in told if state != "ready"] == [
            "other_printer", "known", "other_printer", "other_printer", "known"
        ]  # fmt: skip


def test_papers_rest_while_another_answers_where_the_owner_chose_so(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "AWAY_EVERY_SECONDS", 0.1)
    with open_counter(db) as counter:
        look(counter)
        printer_id = counter.printer().id
        clerk = Counter(counter.house, counter.peer, counter.house.actor("clerk"))
        for verb, given in ((let_rest, {"rests": True}), (accept_printer, {"serial": "", "mac": ""})):
            with pytest.raises(NotAllowed):
                clerk.do(verb, printer_id=printer_id, **given)
        counter.do(let_rest, printer_id=printer_id, rests=True)
        assert look(counter) == ""
        counter.peer.switches.who[68] = b"STRANGER-1"
        assert ask_printer(db, counter.actor, printer_id=printer_id).detail == "other_printer"
        counter.do(let_rest, printer_id=printer_id, rests=False)
        assert look(counter) == ""
        counter.do(let_rest, printer_id=printer_id, rests=True)
        assert counter.printer().last_status().detail == "other_printer", (
            "from now, not from the next question"
        )
        job = counter.print(counter.take().order_id).job_ids[0]
        assert claim(counter) is None, "whoever gives it papers, and whatever its thread has begun"
        counter.run_spool()
        assert (
            print_test_page(db, counter.actor, printer_id=printer_id, base_url="https://desk.example").result
            == "printed"
        ), "who stands there may try it out"
        assert counter.printer().last_status().detail == "other_printer"
        assert counter.job(job).state == "queued" and len(counter.peer.papers()) == 1
        accept(counter, "STRANGER-1")
        counter.wait_state(job, "printed")
