"""Trying a printer out: how it is in a word, a page that carries no order, and being asked every minute."""

import pytest

from tests.counter import Counter, open_counter, wait_for
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.tickets import trial
from tocsin.tickets.device import PrinterMissing
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.trial import ask_printer, print_test_page, say_state


def ask(counter: Counter) -> str:
    return say_state(ask_printer(counter.db, counter.actor, printer_id=counter.printer().id))


def told(counter: Counter) -> list[str]:
    """Return which states were told to those who watch."""
    events = counter.ask(replay_events, after_id=0)
    return [each.fields()["state"] for each in events if each.kind == "print.printer"]


def test_how_a_printer_is_is_one_word_kept_and_told_when_it_changes(db: Database) -> None:
    with open_counter(db, connect_timeout_seconds=0.5) as counter:
        assert say_state(counter.printer().last_status()) == "unknown"
        switches = counter.peer.switches
        for change, state in (
            ({}, "ready"), ({}, "ready"), ({"paper": "low"}, "paper_low"), ({"paper": "out"}, "paper_out"),
            ({"paper": "ok", "cover_open": True}, "cover_open"), ({"cover_open": False, "online": False}, "offline"),
            ({"online": True, "mute": True}, "offline"),
        ):  # fmt: skip
            for name, value in change.items():
                setattr(switches, name, value)
            assert ask(counter) == state
            assert say_state(counter.printer().last_status()) == state
        assert told(counter) == ["ready", "paper_low", "paper_out", "cover_open", "offline"]


def test_a_test_page_carries_no_order_and_answers_no_scan(db: Database) -> None:
    with open_counter(db, connect_timeout_seconds=0.5) as counter:
        given = {"printer_id": counter.printer().id, "base_url": "https://desk.example"}
        assert print_test_page(db, counter.actor, **given).result == "printed"
        [paper] = counter.peer.wait_papers(1)
        assert paper.codes()["qr"] == "https://desk.example/scan"
        grey = paper.picture.convert("L")
        dark = [grey.crop((x, 0, x + 1, grey.height)).histogram()[0] for x in (1, grey.width - 2)]
        assert min(dark) > 0.8 * grey.height, "a frame shows both edges of what can be printed"
        assert say_state(counter.printer().last_status()) == "ready"
        counter.peer.switches.mute = True
        assert print_test_page(db, counter.actor, **given).result == "failed"
        assert counter.printer().last_status().detail == "mute"  # so that the page can say why
        with pytest.raises(PrinterMissing):
            print_test_page(db, counter.actor, **(given | {"printer_id": 1}))
        clerk, auditor = (
            Counter(counter.house, counter.peer, counter.house.actor(role)) for role in ("clerk", "auditor")
        )
        assert ask(clerk) == "offline"
        for act in (
            lambda: print_test_page(db, clerk.actor, **given),
            lambda: print_test_page(db, auditor.actor, **given),
            lambda: ask(auditor),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_an_idle_printer_is_asked_every_minute_and_papers_go_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "ASK_EVERY_SECONDS", 0.2)
    with open_counter(db) as counter:
        counter.peer.switches.paper = "low"
        counter.run_spool()
        wait_for(lambda: say_state(counter.printer().last_status()) == "paper_low")
        counter.do(pause_queue, queue_id=counter.printer().id, paused=True)
        counter.peer.switches.paper = "ok"
        wait_for(lambda: say_state(counter.printer().last_status()) == "ready")
        counter.do(pause_queue, queue_id=counter.printer().id, paused=False)
        job = counter.print(counter.take().order_id).job_ids[0]
        counter.wait_state(job, "printed")
        assert len(counter.peer.papers()) == 1
