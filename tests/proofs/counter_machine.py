"""A counter driven at random: orders, checks, holds, printers, refunds, crashes; after each step nothing may be wrong."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from msgspec.structs import replace

from tests.proofs.counter_orders import BASE, CounterOrders, picks, seldom
from tests.proofs.counter_state import LOST
from tests.proofs.shadow import Known
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.core.errors import Refusal
from tocsin.tickets import (
    claim,
    device,
    hand_over,
    hold,
    late,
    print_queue,
    queue_move,
    queue_setup,
    radar,
    settlement,
    terminal,
)
from tocsin.tickets.job import ON_PAPER
from tocsin.tickets.printer import PrintOutcome

printers = st.integers(0, 1)
copies = st.sampled_from([("merchant",), ("merchant", "customer")])
results = st.sampled_from(["printed", "printed", "failed", "unknown"])


class CounterMachine(CounterOrders):
    """What papers, printers, time and power do at a counter."""

    @initialize()
    def open(self) -> None:
        """Each run has something to spoil at once."""
        for n, kind in enumerate(("warned", "wrong", "good", "good")):
            self.take(kind)
            self.acknowledge(0)
            self.ask(0, n % 2, old=False, copies=("merchant", "customer"))

    @rule(pick=picks, printer=printers, old=st.sampled_from([False, False, True]), copies=copies)
    def ask(self, pick: int, printer: int, old: bool, copies: tuple[str, ...]) -> None:
        """Somebody asks for an order's tickets, perhaps on a page that is old."""
        known = self._pick(pick)
        if known:
            self._ask(known, max(1, known.revision - old), queue_id=self.printers[printer], copies=copies)

    @rule(pick=picks, printer=printers)
    def ask_again(self, pick: int, printer: int) -> None:
        """Somebody wants a second paper of what is out already."""
        out = [job for job in self._facts().jobs.values() if job.state in ON_PAPER]
        if out:
            job = out[-1 - pick % len(out)]
            known, queue_id = self.orders[job.order_id], self.printers[printer]
            self._ask(known, known.revision, queue_id=queue_id, copies=(job.copy,))
            self.serve(printer, "printed")

    def _ask(self, known: Known, seen: int, **where: Any) -> None:
        given = {"orders": [(known.id, seen)], "base_url": BASE, **where}
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
            told = self._do(lambda tx, actor: late.record_outcome(tx, job_id=job_id, outcome=outcome))  # noqa: ARG005
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
        told = self._do(lambda tx, actor: late.record_outcome(tx, job_id=job_id, outcome=outcome))  # noqa: ARG005
        assert told is LOST or self._facts().jobs[job_id] == before, "a late word has changed a paper's fate"

    @rule(pick=picks, came_out=st.booleans())
    def settle(self, pick: int, came_out: bool) -> None:
        """A person looks whether a paper lies there."""
        unknown = [job for job in self._facts().jobs.values() if job.state == "unknown"]
        if unknown:
            job = unknown[pick % len(unknown)]
            if self._do(hold.settle_unknown, job_id=job.id, came_out=came_out) is not LOST and came_out:
                self.printed.add(job.id)

    @rule(came_out=st.booleans())
    def settle_together(self, came_out: bool) -> None:
        """One question is answered for all papers of a printer that nobody knows of."""
        unknown = self.db.read(self.house.merchant_id, partial(radar.list_problems, kind="unknown"))
        for asked in settlement.ask_together(unknown)[:1]:
            settled = self._do(settlement.settle_many, job_ids=asked.job_ids, came_out=came_out)
            if settled is not LOST:
                assert settled == len(asked.job_ids)
                self.printed |= {*asked.job_ids} if came_out else set()

    @rule()
    def look(self) -> None:
        """Two hours later somebody looks at the problem view: it counts what is so, no more and no less."""
        self.wait(120)
        found = self.db.read(self.house.merchant_id, radar.count_problems)
        told = (found.held, found.unprinted, found.changed, found.waiting, found.unknown)
        assert told == (so := self._problems()), f"the problem view tells {told} where it is {so}"

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

    @rule(pick=picks, printer=printers, whole=st.booleans())
    def move(self, pick: int, printer: int, whole: bool) -> None:
        """A waiting paper, or a whole queue, is sent to another printer."""
        waiting = [job for job in self._facts().jobs.values() if job.state == "queued"]
        there = self.printers[printer]
        if whole:
            self._do(queue_move.move_queue, queue_id=self.printers[1 - printer], to_id=there)
        elif waiting:
            self._do(queue_move.move_job, job_id=waiting[pick % len(waiting)].id, queue_id=there)

    @rule(queue=printers, printer=printers)
    def swap(self, queue: int, printer: int) -> None:
        """Another printer is put where a queue comes out: what waits follows."""
        queue_id, printer_id = self.printers[queue], self.printers[printer]
        here = self.db.read(self.house.merchant_id, partial(print_queue.get_queue, queue_id=queue_id))
        changed = replace(here, printer_id=printer_id)
        if self._do(queue_setup.change_queue, queue=changed) is not LOST:
            self.stands[queue_id] = printer_id

    @rule(printer=printers, seldom=st.integers(0, 1))
    def pause(self, printer: int, seldom: int) -> None:
        """A queue goes on, or is stopped."""
        paused = not self.paused[printer]
        if (
            not (paused and seldom)
            and self._do(queue_setup.pause_queue, queue_id=self.printers[printer], paused=paused) is not LOST
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
