"""What happens to the orders of a counter that is driven at random: shops, clerks and checks."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec.structs import replace

from tests.counter import check_all
from tests.house import make_draft
from tests.proofs.counter_state import LOST, CounterState
from tests.proofs.shadow import Known
from tests.tickets.tallied import count_all
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.orders.amend import cancel_order
from tocsin.orders.draft import Totals
from tocsin.orders.intake import take_in
from tocsin.tickets import auto_print, hold, revise
from tocsin.tickets.intercept import slips_of
from tocsin.tickets.job import ON_PAPER

BASE = "http://localhost:8717"
picks = st.integers(0, 9)
seldom = st.integers(0, 3)


class CounterOrders(CounterState):
    """What shops, clerks and checks do to orders."""

    @rule(kind=st.sampled_from(["good", "good", "good", "wrong", "warned", "unpaid"]))
    def take(self, kind: str) -> None:
        """An order comes in."""
        n, price = len(self.orders) + 1, 0 if kind == "warned" else 1000
        draft = make_draft(
            external_id=f"E-{n}", price=price / 100, quantity=n, placed_at_us=clock.now_us(), paid_at_us=clock.now_us(),
            payment="unpaid" if kind == "unpaid" else "paid",
            totals=Totals(goods_minor=n * price, payable_minor=n * price + (700 if kind == "wrong" else 0)),
        )  # fmt: skip
        taken = self._do(take_in, draft=draft)
        if taken is not LOST:
            known = Known(
                taken.order_id, draft, n * price, draft.payment, wrong=kind == "wrong", warned=not price
            )
            self.orders[known.id] = known

    @rule(pick=picks, payment=st.sampled_from(["paid", "paid", "paid", "refunded"]))
    def hear(self, pick: int, payment: str) -> None:
        """Its shop says that an order is paid, or refunded."""
        known = self._pick(pick)
        if known and known.payment != "refunded":
            draft = replace(known.draft, payment=payment)
            if self._do(take_in, draft=draft) is not LOST:
                known.draft, known.payment = draft, payment

    @rule(pick=picks)
    def dispute(self, pick: int) -> None:
        """Its shop changes an order: taken over where nobody has amended it here, a conflict otherwise."""
        known = self._pick(pick)
        if known and not known.cancelled:
            draft = replace(known.draft, carrier=f"圆通 {known.revision}")
            taken = self._do(take_in, draft=draft)
            if taken is not LOST and taken.result != "older":
                known.draft = draft
            if taken is not LOST and taken.result == "changed":
                known.revision, known.wrong = taken.revision, draft.totals.payable_minor != known.goods_minor
                self.seen["taken_over"] += 1
            elif taken is not LOST:
                held = "conflict" in {hold.kind for hold in self._facts().open(known.id)}
                assert held or taken.result != "conflict", "what the shop says otherwise is held by nothing"

    @rule(pick=picks, turn=st.booleans())
    def amend(self, pick: int, turn: bool) -> None:
        """A clerk changes the carrier, or turns a right sum wrong and a wrong one right."""
        known = self._pick(pick)
        if known and not known.cancelled:
            given = {"order_id": known.id, "seen": known.revision, "reason": "客户要求"}
            amendment = self._amendment(known, turn=turn)
            if self._do(revise.amend_order, amendment=amendment, **given) is not LOST:
                self._amended(known, turn=turn)

    @rule(pick=picks)
    def mend(self, pick: int) -> None:
        """A clerk revises an order, which goes back to the terminal."""
        known = self._pick(pick)
        if known and not known.cancelled:
            given = {"order_id": known.id, "seen": known.revision, "reason": "改正", "base_url": BASE}
            made = self._do(revise.revise_order, amendment=self._amendment(known, turn=known.wrong), **given)
            if made is not LOST:
                self._amended(known, turn=known.wrong)
                self._approve(known, made.requested)

    @rule(pick=picks, seldom=seldom)
    def cancel(self, pick: int, seldom: int) -> None:
        """An order is cancelled at the desk."""
        known = self._pick(pick)
        if (
            known
            and not seldom
            and not known.cancelled
            and self._do(cancel_order, order_id=known.id, reason="取消") is not LOST
        ):
            known.cancelled = True

    @rule()
    def check(self) -> None:
        """The checks see what is new, and it is counted."""
        check_all(self.db)
        count_all(self.house)
        facts = self._facts()
        for order in [one for one in self.orders.values() if one.is_void()]:
            out = {
                job.id for job in facts.jobs.values() if job.order_id == order.id and job.state in ON_PAPER
            }
            held = any(held.order_id == order.id and held.kind == "refund" for held in facts.holds)
            slips = self.db.read(self.house.merchant_id, partial(slips_of, order_id=order.id))
            warned = held and out <= {slip.job_id for slip in slips}
            assert warned or not out, "a ticket of a void order lies about and nobody is told"

    @rule(seldom=st.integers(0, 1))
    def print_new(self, seldom: int) -> None:
        """An order comes in; a screen prints what is new by itself: each right one without a paper, and nothing else."""
        if seldom:
            return
        self.take("good")
        self.check()
        facts = self._facts()
        papered = {
            job.order_id for job in facts.jobs.values()
            if job.state in ON_PAPER or job.revision == self.orders[job.order_id].revision
        }  # fmt: skip
        right = {
            one.id for one in self.orders.values()
            if one.may_print() and not facts.open(one.id) and one.id not in papered
        }  # fmt: skip
        while auto_print.print_automatically(self.db, base_url=BASE):
            continue
        made = [job for job in self._facts().jobs.values() if job.id not in facts.jobs]
        assert {job.order_id for job in made} == right, "a screen prints otherwise than it should"
        for job in made:
            self._approve_job(self.orders[job.order_id], job)
            self.seen["asked_by_screen"] += 1

    @rule(pick=picks, minutes=st.sampled_from([0, 0, 30, 600]))
    def hold(self, pick: int, minutes: int) -> None:
        """A clerk holds an order, until a time or until he lets it go."""
        known = self._pick(pick)
        if known:
            until = {"kind": "later", "until_us": clock.now_us() + minutes * MINUTE_US} if minutes else {}
            self._do(hold.hold_order, order_id=known.id, reason="等客户", **until)

    @rule(pick=picks)
    def release(self, pick: int) -> None:
        """Somebody lets a hold go."""
        facts = self._facts()
        held = [h for h in facts.holds if h.closed_at_us is None and h.kind not in hold._CURES]
        if held:
            found = held[pick % len(held)]
            made = self._do(hold.release_hold, hold_id=found.id, reason="可以", base_url=BASE)
            if made is not LOST:
                self._approve(self.orders[found.order_id], made.requested)

    @rule()
    def wake(self) -> None:
        """The desk lets go what waited for its time, and nothing else."""
        early = {
            held.id for held in self._facts().holds
            if held.closed_at_us is None and held.kind not in ("check", "acknowledge")
            and (held.until_us is None or held.until_us > clock.now_us())
        }  # fmt: skip
        hold.wake_due(self.db, base_url=BASE)
        facts = self._facts()
        assert not [h for h in facts.holds if h.id in early and h.closed_at_us], (
            "a hold was let go before its time"
        )
        for job in facts.jobs.values():
            if job.id not in self.approved:
                self._approve_job(self.orders[job.order_id], job)

    @rule(pick=picks)
    def acknowledge(self, pick: int) -> None:
        """Somebody has seen a warning."""
        known = self._pick(pick)
        if known and known.warned and known.acknowledged != known.revision:
            given = {"order_id": known.id, "revision": known.revision, "codes": ("price_zero",)}
            if self._do(hold.acknowledge_findings, **given) is not LOST:
                known.acknowledged = known.revision
