"""A counter driven at random: orders, checks, holds, printers, refunds, crashes; after each step nothing may be wrong."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from msgspec.structs import replace

from tests.house import make_draft
from tests.proofs.counter_state import LOST, CounterState
from tests.proofs.shadow import Known
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.core.errors import Refusal
from tocsin.orders.amend import cancel_order
from tocsin.orders.draft import Totals
from tocsin.orders.intake import take_in
from tocsin.tickets import claim, device, hand_over, hold, revise, spool, terminal
from tocsin.tickets.check import check_new_revisions
from tocsin.tickets.job import ON_PAPER
from tocsin.tickets.printer import PrintOutcome

BASE = "http://localhost:8717"
picks = st.integers(0, 9)
printers = st.integers(0, 1)
copies = st.sampled_from([("merchant",), ("merchant", "customer")])
results = st.sampled_from(["printed", "printed", "failed", "unknown"])
seldom = st.integers(0, 3)


class CounterMachine(CounterState):
    """What people, shops, printers, time and power do at a counter."""

    @initialize()
    def open(self) -> None:
        """Each run has something to spoil at once."""
        for n, kind in enumerate(("warned", "wrong", "good", "good")):
            self.take(kind)
            self.acknowledge(0)
            self.ask(0, n % 2, old=False, copies=("merchant", "customer"))

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
        """The checks see what is new."""
        while check_new_revisions(self.db):
            continue

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

    @rule(pick=picks, printer=printers, old=st.sampled_from([False, False, True]), copies=copies)
    def ask(self, pick: int, printer: int, old: bool, copies: tuple[str, ...]) -> None:
        """Somebody asks for an order's tickets, perhaps on a page that is old."""
        known = self._pick(pick)
        if not known:
            return
        seen = max(1, known.revision - old)
        given = {
            "orders": [(known.id, seen)],
            "base_url": BASE,
            "printer_id": self.printers[printer],
            "copies": copies,
        }
        receipt = self._do(terminal.print_few, **given)
        if receipt is LOST:
            return
        (answer,) = receipt.results
        right = seen == known.revision and known.may_print() and not self._facts().open(known.id)
        assert answer.result == ("queued" if right else "held"), (
            f"{answer.result} where it is {right} to print"
        )
        self.seen[f"asked_{answer.result}"] += 1
        self._approve(known, answer)

    @rule(printer=printers)
    def claim(self, printer: int) -> None:
        """A printer takes its next paper."""
        before = self._facts()
        printer = printer if self._claimable(before, printer) else 1 - printer
        printer_id = self.printers[printer]
        at = self.db.read(self.house.merchant_id, partial(device.get_printer, printer_id=printer_id))
        sending = self._do(lambda tx, actor: claim.claim_job(tx, device=at))  # noqa: ARG005
        if sending is LOST:
            return
        if sending is None:
            after = self._facts()
            assert after != replace(before, now_us=after.now_us) or not self._claimable(before, printer), (
                "a paper that may come out does not"
            )
            return
        self._judge(before, sending, printer)
        self.sent.add(sending.job.id)
        self.flying[printer] = sending.job.id
        self.seen["papers"] += 1

    @rule(printer=printers, copies=copies)
    def begin(self, printer: int, copies: tuple[str, ...]) -> None:
        """An order comes in, and somebody asks for its tickets at once."""
        self.take("good")
        self.ask(0, printer, old=False, copies=copies)

    @rule(printer=printers, result=results)
    def serve(self, printer: int, result: str) -> None:
        """A printer takes its next paper, and says what became of it, or is cut short by a crash."""
        self.claim(printer)
        self.answer(printer, result)

    @rule(printer=printers)
    def cut_short(self, printer: int) -> None:
        """A printer takes its next paper, and the desk dies meanwhile."""
        self.claim(printer)
        self._die()

    @rule(printer=printers, result=results)
    def answer(self, printer: int, result: Any) -> None:
        """A printer says what became of its paper."""
        if printer in self.flying:
            outcome = PrintOutcome(result=result, reason="told", bytes_left=result != "failed")
            job_id = self.flying[printer]
            told = self._do(lambda tx, actor: spool.record_outcome(tx, job_id=job_id, outcome=outcome))  # noqa: ARG005
            if told is not LOST:
                assert told, "the answer of a printer was not kept"
                del self.flying[printer]
                self.printed |= {job_id} if result == "printed" else set()
                self.seen[result] += 1

    @rule(seldom=seldom)
    def crash(self, seldom: int = 0) -> None:
        """The desk dies and starts again."""
        if seldom:
            return
        self._die()

    @precondition(lambda self: self.late)
    @rule(result=st.sampled_from(["printed", "failed"]))
    def answer_late(self, result: Any) -> None:
        """What a dead process sent is answered after all: too late to count by itself."""
        job_id, outcome = self.late.pop(), PrintOutcome(result=result, reason="late")
        before = self._facts().jobs[job_id]
        told = self._do(lambda tx, actor: spool.record_outcome(tx, job_id=job_id, outcome=outcome))  # noqa: ARG005
        assert told is LOST or self._facts().jobs[job_id] == before, "a late word has changed a paper's fate"

    @rule(pick=picks, came_out=st.booleans())
    def settle(self, pick: int, came_out: bool) -> None:
        """A person looks whether a paper lies there."""
        unknown = [job for job in self._facts().jobs.values() if job.state == "unknown"]
        if unknown:
            job = unknown[pick % len(unknown)]
            if self._do(hold.settle_unknown, job_id=job.id, came_out=came_out) is not LOST and came_out:
                self.printed.add(job.id)

    @rule(pick=picks)
    def give(self, pick: int) -> None:
        """Goods are handed over by a paper: once for each copy, and only by one that holds."""
        facts = self._facts()
        papers = [job for job in facts.jobs.values() if job.id in self.sent and job.state in ON_PAPER]
        if not papers:
            return
        job = papers[pick % len(papers)]
        right = self._may_give(facts, job)
        try:
            done = self._do(hand_over.hand_over, job_id=job.id)
        except Refusal as refusal:
            assert not right, f"a good paper is refused: {refusal.code}"
            return
        if done is not LOST:
            assert right, "goods are handed over by a paper that does not hold, or twice"
            self.given[job.order_id, job.copy] = job.id
            self.printed |= {job.id} if job.state == "unknown" else set()

    @rule(pick=picks)
    def withdraw(self, pick: int) -> None:
        """A waiting paper is cancelled."""
        waiting = [job for job in self._facts().jobs.values() if job.state == "queued"]
        if waiting:
            self._do(terminal.cancel_job, job_id=waiting[pick % len(waiting)].id)

    @rule(printer=printers, seldom=st.integers(0, 1))
    def pause(self, printer: int, seldom: int) -> None:
        """A queue goes on, or is stopped."""
        paused = not self.paused[printer]
        if (
            not (paused and seldom)
            and self._do(device.pause_printer, printer_id=self.printers[printer], paused=paused) is not LOST
        ):
            self.paused[printer] = paused

    @rule(minutes=st.sampled_from([1, 60, 60, 500]))
    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.shift_us += minutes * MINUTE_US
        clock.shift_clock(self.shift_us)

    @rule(seldom=seldom)
    def doom(self, seldom: int) -> None:
        """The power will go before the next change is durable."""
        self.doomed = not seldom
