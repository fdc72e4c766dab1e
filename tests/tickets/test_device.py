"""Printers as rows: what can be set up, how they were seen, what waits for them."""

import pytest

from tests.counter import Counter, open_counter
from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.tickets.device import (
    PrinterMissing,
    PrinterWrong,
    add_printer,
    get_printer,
    list_printers,
    note_status,
    printer_plugin,
    read_options,
    remove_printer,
)
from tocsin.tickets.print_queue import QueueMissing, count_waiting, get_queue, list_queues
from tocsin.tickets.printer import PrinterStatus
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.terminal import cancel_job

GOOD = {"name": "后厨", "kind": "escpos_network", "options": {"host": "10.0.0.9"}}


def test_a_printer_is_set_up_with_its_options(db: Database) -> None:
    with open_counter(db) as counter:
        made = counter.do(add_printer, **GOOD, paper_mm=58, locale="en", copies=("kitchen", "delivery"))
        device = counter.ask(get_printer, printer_id=made)
        assert (device.name, device.copy_list(), device.last_status()) == (
            "后厨",
            ["kitchen", "delivery"],
            None,
        )
        options = read_options(device)
        assert (options.host, options.port, options.paper_mm) == ("10.0.0.9", 9100, 58)
        assert [d.name for d in counter.ask(list_printers)] == ["前台", "后厨"]
        assert counter.ask(get_printer).name == "前台"


@pytest.mark.parametrize(
    "wrong",
    [
        {"paper_mm": 70}, {"copies": ()}, {"copies": ("secret",)}, {"name": "  "}, {"name": "n" * 61}, {"kind": "abacus"},
        {"options": {}}, {"options": {"host": "a b"}}, {"options": {"host": "x", "port": 0}},
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused(db: Database, wrong: dict[str, object]) -> None:
    with open_counter(db) as counter:
        with pytest.raises(PrinterWrong):
            counter.do(add_printer, **{**GOOD, **wrong})
        assert len(counter.ask(list_printers)) == 1


def test_a_printer_with_a_queue_is_not_taken_away(db: Database) -> None:
    with open_counter(db) as counter:
        device = counter.printer()
        jobs = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in (1, 2)]
        queue = counter.ask(count_waiting)[device.id]
        assert (queue.pending, queue.oldest_us) == (2, counter.job(jobs[0]).asked_at_us)
        with pytest.raises(PrinterWrong):
            counter.do(remove_printer, printer_id=device.id)
        for job in jobs:
            counter.do(cancel_job, job_id=job)
        counter.do(remove_printer, printer_id=device.id)
        assert counter.ask(list_queues) == [] and counter.ask(list_printers) == []
        for ask in (lambda: counter.ask(get_printer, printer_id=device.id), lambda: counter.ask(get_printer)):
            with pytest.raises(PrinterMissing):
                ask()


def test_how_it_was_last_seen_is_kept(db: Database) -> None:
    with open_counter(db) as counter:
        device = counter.printer()
        note = lambda **k: db.write(counter.house.merchant_id, lambda tx: note_status(tx, printer_id=device.id, status=PrinterStatus(**k)))  # fmt: skip
        note(online=True, paper="low")
        seen = counter.printer()
        assert seen.last_status().paper == "low" and seen.seen_at_us
        note(online=False, paper="unknown", detail="refused")
        assert counter.printer().last_status().detail == "refused"
        assert counter.printer().seen_at_us == seen.seen_at_us


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(PrinterWrong, match="escpos_network"):
        printer_plugin("abacus")


def test_who_may_set_up_and_pause(db: Database) -> None:
    with open_counter(db) as counter:
        device = counter.printer().id
        may = {
            "owner": (1, 1),
            "manager": (1, 1),
            "clerk": (0, 1),
            "checker": (0, 1),
            "auditor": (0, 0),
            "station": (0, 0),
        }
        for role, (sets, pauses) in may.items():
            acts = Counter(counter.house, counter.peer, counter.house.actor(role))
            for allowed, act in (
                (sets, lambda a=acts: a.do(remove_printer, printer_id=a.do(add_printer, **GOOD))),
                (pauses, lambda a=acts: a.do(pause_queue, queue_id=device, paused=True)),
            ):
                if allowed:
                    act()
                else:
                    with pytest.raises(NotAllowed):
                        act()
        with pytest.raises(NotAllowed):
            acts.do(remove_printer, printer_id=device)
        assert counter.ask(get_queue).paused == 1


def test_printers_of_another_merchant_are_missing(db: Database) -> None:
    with open_counter(db) as counter:
        device, other = counter.printer().id, make_house(db, code="NJ")
        stranger = Counter(other, counter.peer, other.actor())
        assert stranger.ask(list_printers) == [] and stranger.ask(list_queues) == []
        for act in (
            lambda: stranger.ask(get_printer, printer_id=device),
            lambda: stranger.do(remove_printer, printer_id=device),
            lambda: stranger.do(pause_queue, queue_id=device, paused=True),
        ):
            with pytest.raises((PrinterMissing, QueueMissing)):
                act()
