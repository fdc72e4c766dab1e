"""A counter at which things happen at random: orders come, change, are held, printed, cancelled, and taken back."""

import random
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from tests.counter import BASE, Counter
from tests.house import make_draft
from tocsin.core.clock import MINUTE_US, now_us
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.amend import Amendment, cancel_order
from tocsin.orders.archive import bring_back, put_back
from tocsin.orders.campaign import Plan, add_campaign
from tocsin.orders.mark import mark_order
from tocsin.orders.table import order_head
from tocsin.orders.undo import undo_amendment
from tocsin.tickets.check_choice import CheckPreference, choose_checks
from tocsin.tickets.claim import claim_job
from tocsin.tickets.hold import hold_order, release_hold, settle_unknown
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.reopen import reopen_order
from tocsin.tickets.spoil import spoil_paper
from tocsin.tickets.terminal import cancel_job

_STANDS = Statement[tuple[int]](
    sa.select(order_head.c.id).where(
        own(order_head), order_head.c.desk_state == bind("desk_state", str), order_head.c.fulfilment == bind("fulfilment", str),
    ).order_by(order_head.c.id)
)  # fmt: skip
CAMPAIGNS = ("", "", "MS-1", "PT-2")


class Walk:
    """A counter at which things happen at random."""

    def __init__(self, counter: Counter, seed: int) -> None:
        self.counter, self.dice = counter, random.Random(seed)
        self.taken: list[int] = []
        self.jobs: list[int] = []
        self.done = 0
        # What opens no hold is counted too.
        chosen = CheckPreference(levels={"date": "I", "price_zero": "I"})
        counter.do(choose_checks, chosen=chosen, revision=0)
        for code in CAMPAIGNS[2:]:
            plan = Plan(kind="flash_sale", title=code, code=code, stock={"LI-5": 400})
            counter.do(add_campaign, plan=plan)

    def step(self) -> None:
        """Let one thing happen; what is refused has not."""
        acts = (self.take, self.take, self.take, self.again, self.amend, self.undo, self.cancel, self.mark, self.hold, self.release, self.check, self.print,
                self.paper, self.paper, self.withdraw, self.settle, self.spoil, self.reopen, self.send, self.archive, self.bring_back)  # fmt: skip
        try:
            self.dice.choice(acts)()
            self.done += 1
        except Refusal:
            return

    @property
    def one(self) -> int:
        return self.dice.choice(self.taken) if self.taken else self.take()

    def draft(self, n: int, **changes: Any) -> dict[str, Any]:
        price = self.dice.choice((0, 39.9, 39.9))
        return {
            "external_id": f"E-{n}", "campaign": self.dice.choice(CAMPAIGNS), "quantity": self.dice.randrange(1, 4), "price": price,
            "placed_at_us": now_us() - self.dice.randrange(40 * 24) * 60 * MINUTE_US, "cancelled": self.dice.random() < 0.1,
            "receiver": replace(make_draft().receiver, phone=f"138{n:08}"), **changes,
        }  # fmt: skip

    def take(self, **changes: Any) -> int:
        made = self.counter.take(**self.draft(len(self.taken), **changes))
        self.taken.append(made.order_id)
        return int(made.order_id)

    def again(self) -> None:
        """Its shop has another version of it, which may be of another campaign or hour."""
        self.counter.take(**self.draft(self.dice.randrange(len(self.taken) or 1)))

    def amend(self) -> None:
        order = self.counter.order(self.one)
        self.counter.amend(
            order.id, order.revision, Amendment(campaign=self.dice.choice(CAMPAIGNS), merchant_note=str(self.done))
        )  # fmt: skip

    def undo(self) -> None:
        order = self.counter.order(self.one)
        self.counter.do(
            undo_amendment, order_id=order.id, seen=order.revision, reason="退回", printed_too=True
        )

    def cancel(self) -> None:
        self.counter.do(cancel_order, order_id=self.one, reason="不要了")

    def mark(self) -> None:
        self.counter.do(mark_order, order_id=self.one, payment="refunded", reason="退款")

    def hold(self) -> None:
        self.counter.do(hold_order, order_id=self.one, reason="等", until_us=None)

    def release(self) -> None:
        for one in self.counter.holds(self.one):
            self.counter.do(release_hold, hold_id=one.id, reason="好了", base_url=BASE)

    def check(self) -> None:
        self.counter.check()

    def print(self) -> None:
        """Somebody wants an order's tickets, often of one that has just come and is right."""
        order_id = (
            self.one
            if self.dice.randrange(3)
            else self.take(price=39.9, placed_at_us=now_us(), cancelled=False)
        )
        self.jobs += self.counter.print(order_id, self.counter.order(order_id).revision).job_ids

    def paper(self) -> None:
        """A printer takes its next paper and answers, perhaps never."""
        at, db = self.counter.printer(), self.counter.db
        sending = db.write(self.counter.house.merchant_id, lambda tx: claim_job(tx, device=at))
        if sending:
            result: Any = self.dice.choice(("printed", "printed", "failed", "unknown"))
            outcome = PrintOutcome(result=result, reason="told", bytes_left=result != "failed")
            ended = partial(record_outcome, job_id=sending.job.id, outcome=outcome)
            db.write(self.counter.house.merchant_id, ended)

    def withdraw(self) -> None:
        self.counter.do(cancel_job, job_id=self.job)

    def settle(self) -> None:
        self.counter.do(settle_unknown, job_id=self.job, came_out=self.dice.random() < 0.5)

    def spoil(self) -> None:
        self.counter.do(spoil_paper, job_id=self.job)

    def reopen(self) -> None:
        self.counter.do(reopen_order, order_id=self.one)

    def send(self) -> None:
        """What is on paper is sent; where nothing is, a paper comes first."""
        if not self.stand("printed", "unfulfilled"):
            self.print()
            self.paper()
        self.counter.do(
            mark_order, order_id=self.which("printed", "unfulfilled"), fulfilment="shipped", reason="发货"
        )

    def archive(self) -> None:
        self.counter.do(put_back, order_id=self.which("printed", "shipped"))

    def bring_back(self) -> None:
        self.counter.do(bring_back, order_id=self.which("archived", "shipped"))

    def stand(self, desk_state: str, fulfilment: str) -> list[int]:
        """Return the orders that stand so."""
        found = self.counter.ask(lambda tx: tx.rows(_STANDS, desk_state=desk_state, fulfilment=fulfilment))
        return [row[0] for row in found]

    def which(self, desk_state: str, fulfilment: str) -> int:
        """Return an order that stands so, if there is one."""
        found = self.stand(desk_state, fulfilment)
        return self.dice.choice(found) if found else self.one

    @property
    def job(self) -> int:
        return self.dice.choice(self.jobs) if self.jobs else 0
