"""A counter: a house with a printer peer on a real socket, and the verbs of boxes 10 to 20 in a word each."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa

from tests.house import House, make_draft, make_house
from tests.peers.escpos_peer import EscposPeer
from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.draft import Order
from tocsin.orders.intake import Taken, take_in
from tocsin.orders.produce import Issued
from tocsin.orders.stop import Hold, open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import check_new_revisions, check_order
from tocsin.tickets.device import Device, add_printer, get_printer
from tocsin.tickets.hold import acknowledge_findings
from tocsin.tickets.job import Job, get_job
from tocsin.tickets.spool import Spool
from tocsin.tickets.terminal import Requested, print_orders

BASE = "http://localhost:8717"
_ALL_SEEN = Statement[tuple[bool]](
    sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot())")
)


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.01)


def check_all(db: Database) -> None:
    """Let the checks see all that is new: on PostgreSQL an event is seen once no older transaction is open."""
    if db.dialect == "postgresql":
        with suppress(AssertionError):  # a test may hold one open on purpose
            wait_for(lambda: db.read(0, lambda tx: tx.value(_ALL_SEEN)), seconds=3)
    while check_new_revisions(db):
        continue


class Counter:
    """What a clerk does, on one merchant's orders."""

    def __init__(self, house: House, peer: EscposPeer, actor: Actor) -> None:
        self.house, self.db, self.peer, self.actor = house, house.db, peer, actor
        self.spools: list[Spool] = []

    def do(self, verb: Callable[..., Any], **given: Any) -> Any:
        """Run a verb that changes something, as this actor."""
        return self.db.write(self.house.merchant_id, partial(verb, actor=self.actor, **given))

    def ask(self, verb: Callable[..., Any], **given: Any) -> Any:
        """Run a verb that only reads."""
        return self.db.read(self.house.merchant_id, partial(verb, **given))

    def take(self, **changes: Any) -> Taken:
        """Take a draft in."""
        return self.do(take_in, draft=make_draft(**changes))

    def amend(
        self, order_id: int, seen: int, amendment: Amendment | None = None, reason: str = "客户要求"
    ) -> Issued:
        """Amend an order, by default its carrier."""
        made = amendment or Amendment(carrier=f"顺丰 {seen}")
        return self.do(amend_order, order_id=order_id, seen=seen, amendment=made, reason=reason)

    def order(self, order_id: int, **given: Any) -> Order:
        """Return an order."""
        return self.ask(load_order, order_id=order_id, **given)

    def holds(self, order_id: int) -> list[Hold]:
        """Return an order's open holds."""
        return self.ask(open_holds, order_id=order_id)

    def kinds(self, order_id: int) -> list[str]:
        """Return the kinds of an order's open holds."""
        return sorted(hold.kind for hold in self.holds(order_id))

    def check(self) -> None:
        """Let the checks see what is new."""
        check_all(self.db)

    def acknowledge(self, order_id: int) -> None:
        """Acknowledge each warning that waits."""
        verdict = self.do(check_order, order_id=order_id)
        codes = tuple(finding.code for finding in verdict.unacknowledged)
        self.do(acknowledge_findings, order_id=order_id, revision=verdict.revision, codes=codes)

    def print(self, order_id: int, seen: int = 1, **given: Any) -> Requested:
        """Ask the print terminal for an order's tickets."""
        return print_orders(self.db, self.actor, orders=[(order_id, seen)], base_url=BASE, **given).results[0]

    def job(self, job_id: int) -> Job:
        """Return a job."""
        return self.ask(get_job, job_id=job_id)

    def printer(self) -> Device:
        """Return the printer."""
        return self.ask(get_printer)

    def run_spool(self) -> Spool:
        """Start the spool."""
        self.spools.append(Spool(self.db))
        self.spools[-1].start()
        return self.spools[-1]

    def wait_state(self, job_id: int, state: str) -> Job:
        """Wait until a job has come to a state."""
        wait_for(lambda: self.job(job_id).state == state)
        return self.job(job_id)


@contextmanager
def open_counter(
    db: Database, *, copies: tuple[str, ...] = ("merchant",), code: str = "HF", **options: Any
) -> Iterator[Counter]:
    """Open a counter of an owner, with one printer."""
    house = make_house(db, code=code)
    with EscposPeer() as peer:
        counter = Counter(house, peer, house.actor())
        where = {"host": "127.0.0.1", "port": peer.port, **options}
        counter.do(add_printer, name="前台", kind="escpos_network", options=where, copies=copies)
        try:
            yield counter
        finally:
            for spool in counter.spools:
                spool.stop()
