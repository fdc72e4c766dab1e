"""The way of an order through boxes 16 to 20, to a real printer peer, on both databases."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.house import House, make_draft, make_house
from tests.peers.escpos_peer import EscposPeer
from tocsin.core.actor import desk_actor
from tocsin.core.db import Database
from tocsin.orders.amend import Amendment, PartyChanges, TotalsChanges, amend_order, cancel_order
from tocsin.orders.draft import Totals
from tocsin.orders.intake import Taken, take_in
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import check_new_revisions
from tocsin.tickets.device import add_printer
from tocsin.tickets.hold import acknowledge_findings, hold_order, release_hold, settle_unknown
from tocsin.tickets.job import get_job, jobs_of_order
from tocsin.tickets.revise import revise_order
from tocsin.tickets.serial import scan_ticket
from tocsin.tickets.spool import Spool
from tocsin.tickets.terminal import print_orders

BASE = "http://localhost:8717"


def wait_for(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.01)


def take(house: House, **changes: object) -> Taken:
    """Take one draft in."""
    return house.db.write(
        house.merchant_id, partial(take_in, actor=house.actor(), draft=make_draft(**changes))
    )  # type: ignore[arg-type]


def test_a_right_order_becomes_a_ticket_whose_code_answers(db: Database) -> None:
    house, peer = make_house(db), EscposPeer()
    owner = house.actor()
    spool = Spool(db)
    try:
        options = {"host": "127.0.0.1", "port": peer.port}
        db.write(
            house.merchant_id,
            lambda tx: add_printer(tx, owner, name="前台", kind="escpos_network", options=options),
        )
        taken = take(house, external_id="E-1")
        spool.start()
        receipt = print_orders(db, owner, orders=[(taken.order_id, 1)], base_url=BASE)
        assert [r.result for r in receipt.results] == ["queued"], receipt
        wait_for(
            lambda: (
                db.read(house.merchant_id, lambda tx: get_job(tx, job_id=receipt.results[0].job_ids[0])).state
                == "printed"
            )
        )
        codes = peer.wait_papers(1)[0].codes()
        link = codes["qr"]
        assert link.startswith(f"{BASE}/t/") and scan_ticket(db, code=link).word == "CURRENT"
        assert codes["code128"] == str(receipt.results[0].job_ids[0])
        assert (
            db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id)).desk_state
            == "printed"
        )
        db.write(
            house.merchant_id,
            partial(
                amend_order,
                actor=owner,
                order_id=taken.order_id,
                seen=1,
                amendment=Amendment(receiver=PartyChanges(name="李四")),
                reason="改名",
            ),
        )
        assert scan_ticket(db, code=link).word == "SUPERSEDED"
        again = print_orders(db, owner, orders=[(taken.order_id, 2)], base_url=BASE).results[0]
        wait_for(
            lambda: (
                db.read(house.merchant_id, lambda tx: get_job(tx, job_id=again.job_ids[0])).state == "printed"
            )
        )
        jobs = db.read(house.merchant_id, lambda tx: jobs_of_order(tx, order_id=taken.order_id))
        assert [(j.revision, j.reprint_no, j.amended_from) for j in jobs] == [(2, 0, 1), (1, 0, 0)]
        db.write(
            house.merchant_id, partial(cancel_order, actor=owner, order_id=taken.order_id, reason="客户取消")
        )
        assert scan_ticket(db, code=link).word == "VOID"
        check_new_revisions(db)
        assert {
            h.kind for h in db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))
        } == {"check", "refund"}
    finally:
        spool.stop()
        peer.close()


def test_a_wrong_order_is_held_and_revised_back_to_the_terminal(db: Database) -> None:
    house, peer = make_house(db), EscposPeer()
    owner = house.actor()
    options = {"host": "127.0.0.1", "port": peer.port}
    db.write(
        house.merchant_id,
        lambda tx: add_printer(tx, owner, name="前台", kind="escpos_network", options=options),
    )
    taken = take(
        house, external_id="E-1", totals=Totals(goods_minor=7980, payable_minor=7000, paid_minor=7980)
    )
    check_new_revisions(db)
    held = db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))
    assert [h.kind for h in held] == ["check"] and "sum_order" in held[0].reason
    assert print_orders(db, owner, orders=[(taken.order_id, 1)], base_url=BASE).results[0].result == "held"
    revise = partial(
        revise_order, actor=owner, order_id=taken.order_id, seen=1, reason="改价", base_url=BASE,
        amendment=Amendment(totals=TotalsChanges(payable_minor=7980)),
    )  # fmt: skip
    revised = db.write(house.merchant_id, revise)
    assert revised.requested is not None and revised.requested.result == "queued"
    assert not db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))
    spool = Spool(db)
    spool.start()
    wait_for(
        lambda: (
            db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id)).desk_state
            == "printed"
        )
    )
    spool.stop()
    peer.close()


def test_an_unknown_paper_waits_for_a_person(db: Database) -> None:
    house, peer = make_house(db), EscposPeer()
    owner = house.actor()
    options = {"host": "127.0.0.1", "port": peer.port, "answer_timeout_seconds": 1}
    db.write(
        house.merchant_id,
        lambda tx: add_printer(tx, owner, name="前台", kind="escpos_network", options=options),
    )
    taken = take(house, external_id="E-1")
    peer.switches.reset_after_bytes = 3000
    spool = Spool(db)
    spool.start()
    try:
        job_id = print_orders(db, owner, orders=[(taken.order_id, 1)], base_url=BASE).results[0].job_ids[0]
        wait_for(lambda: db.read(house.merchant_id, lambda tx: get_job(tx, job_id=job_id)).state == "unknown")
        assert (
            print_orders(db, owner, orders=[(taken.order_id, 1)], base_url=BASE).results[0].result == "held"
        )
        db.write(house.merchant_id, partial(settle_unknown, actor=owner, job_id=job_id, came_out=True))
        assert (
            db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id)).desk_state
            == "printed"
        )
    finally:
        spool.stop()
        peer.close()


@pytest.mark.parametrize("role", ["checker", "owner"])
def test_warnings_are_acknowledged_and_manual_holds_released(db: Database, role: str) -> None:
    house = make_house(db)
    actor = house.actor(role)
    taken = take(house, price=0.0)
    check_new_revisions(db)
    assert [
        h.kind for h in db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))
    ] == ["acknowledge"]
    verdict = db.write(
        house.merchant_id,
        partial(
            acknowledge_findings, actor=actor, order_id=taken.order_id, revision=1, codes=("price_zero",)
        ),
    )
    assert verdict.passed
    hold_id = db.write(
        house.merchant_id, partial(hold_order, actor=actor, order_id=taken.order_id, reason="等客户")
    )
    db.write(house.merchant_id, partial(release_hold, actor=actor, hold_id=hold_id, reason="已确认"))
    assert not db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))


def test_desk_actor_may_not_print_for_another_merchant(db: Database) -> None:
    house, other = make_house(db), make_house(db, code="NJ")
    taken = take(house)
    with pytest.raises(Exception, match=r"no order|no such print"):
        print_orders(db, desk_actor(other.merchant_id), orders=[(taken.order_id, 1)], base_url=BASE)
