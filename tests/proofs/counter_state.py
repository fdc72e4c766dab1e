"""What stands at a counter that is driven at random, and the judge of each paper that leaves it."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.house import make_house
from tests.proofs.shadow import Facts, Known, Shown, read_facts, read_verdicts, unseen
from tests.tickets.tallied import count_all, differences
from tocsin.core import clock
from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Database
from tocsin.core.ident import id_at
from tocsin.orders.amend import Amendment, TotalsChanges
from tocsin.orders.saved_screen import save_screen
from tocsin.orders.screen import Filter
from tocsin.tickets import auto_print, device, spool

LOST: Any = object()
"""What a change answers whose power was cut before its commit."""


class PowerCut(Exception):
    """The power went before a commit."""


class CounterState(RuleBasedStateMachine):
    """One merchant with two printers; `db` and `seen` are set by who runs it."""

    db: ClassVar[Database]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        clock.shift_clock(0)
        self.house = make_house(self.db, code=f"H{self.seen['runs']}")
        self.seen["runs"] += 1
        self.actor, self.shift_us, self.doomed = self.house.actor(), 0, False
        self.orders: dict[int, Known] = {}
        self.flying: dict[int, int] = {}
        self.late: list[int] = []
        self.sent: set[int] = set()
        self.approved: set[int] = set()
        self.printed: set[int] = set()
        self.given: dict[tuple[int, str], int] = {}
        self.paused = [False, False]
        self.printers = [self._add_printer(n) for n in (1, 2)]
        screen_id = self._do(save_screen, name="new", wanted=Filter(), shared=True)
        self._do(auto_print.switch_on, screen_id=screen_id)
        self.stands = {printer: printer for printer in self.printers}  # queue → its printer
        self._start()
        count_all(self.house)

    def teardown(self) -> None:
        """Put the clock right; what was counted meanwhile is what a count over the rows gives."""
        count_all(self.house)
        told = differences(self.house)
        clock.shift_clock(0)
        assert not told, f"a tally is not what a count gives: {told}"

    @invariant()
    def nothing_is_lost(self) -> None:
        """Each approved paper came out or is in sight; what is at a printer is known; `printed` is nobody's guess."""
        facts = self._facts()
        assert not (lost := unseen(facts, self.orders)), f"an approved ticket is lost: {lost}"
        sending = {job.id for job in facts.jobs.values() if job.state == "sending"}
        assert sending == set(self.flying.values()), "what is being sent is not what the printers have"
        printed = {job.id for job in facts.jobs.values() if job.state == "printed"}
        assert printed == self.printed, (
            "a paper counts as printed that nobody has confirmed, or the other way round"
        )
        for order in self.orders.values():
            done = any(
                facts.jobs[job].order_id == order.id and facts.jobs[job].revision == order.revision
                for job in printed
            )
            assert done or facts.states[order.id] != "printed", "an order counts as printed without a paper"

    def _judge(self, before: Facts, sending: Any, printer: int) -> None:
        """A paper leaves: everything that speaks against it must have kept it."""
        job, order, after = sending.job, self.orders[sending.job.order_id], self._facts()
        asked = before.jobs.get(job.id) or self._replaced(before, after, job)
        verdict = self.db.read(self.house.merchant_id, read_verdicts).get(after.jobs[job.id].verdict_id)
        sound = {
            "a paper of a superseded revision": job.revision == sending.content.revision == order.revision,
            "a paper of a void order": not order.is_void(),
            "a paper of a wrong order": order.may_print(),
            "a paper of a held order": not before.open(order.id),
            "a second paper at a busy printer": printer not in self.flying,
            "a paper of a paused queue": not self.paused[self.printers.index(asked.queue_id)],
            "a paper at another's printer": asked.printer_id == sending.device.id == self.stands[asked.queue_id],
            "a paper that was sent before": job.id not in self.sent,
            "a paper that was never approved": asked.id in self.approved,
            "a paper that is too old": not before.waited_too_long(asked),
            "a paper without its mark": (sending.content.reprint_no, sending.content.amended_from) == before.marks(asked),
        }  # fmt: skip
        assert all(sound.values()), [name for name, right in sound.items() if not right]
        assert (
            verdict and verdict.passed and verdict.job_id == asked.id and verdict.revision == job.revision
        ), "a paper without a check"
        order.sent[job.revision, job.copy] += 1
        assert order.sent[job.revision, job.copy] <= order.approved[job.revision, job.copy], (
            "more papers than approvals"
        )
        self.approved.add(job.id)

    def _replaced(self, before: Facts, after: Facts, job: Any) -> Shown:
        """Return the waiting job in whose place another was sent."""
        (gone,) = [
            old for old in before.jobs.values()
            if old.state == "queued" and after.jobs[old.id].reason == "replaced" and old.copy == job.copy
        ]  # fmt: skip
        return gone

    def _may_give(self, facts: Facts, job: Shown) -> bool:
        """Tell whether goods may be handed over by a paper: it holds, and no other of its copy was taken; or again by itself."""
        order, given = self.orders[job.order_id], self.given.get((job.order_id, job.copy))
        if given:
            return given == job.id
        held = [found for found in facts.open(order.id) if (found.kind, found.job_id) != ("unknown", job.id)]
        return not held and not order.is_void() and job.revision == order.revision

    def _claimable(self, facts: Facts, printer: int) -> bool:
        """Tell whether a printer that is free has a paper against which nothing speaks."""
        if printer in self.flying:
            return False
        return any(
            job.state == "queued" and self.stands[job.queue_id] == self.printers[printer]
            and not self.paused[self.printers.index(job.queue_id)] and not facts.open(job.order_id)
            and job.revision == self.orders[job.order_id].revision and self.orders[job.order_id].may_print()
            for job in facts.jobs.values()
        )  # fmt: skip

    def _problems(self) -> tuple[int, ...]:
        """Return how many orders are held, nobody prints, changed after paper; how many papers wait too long, are unknown."""
        facts, jobs = self._facts(), [*self._facts().jobs.values()]
        held = {order.id for order in self.orders.values() if facts.open(order.id)}
        going = {
            job.order_id for job in jobs
            if job.state in ("queued", "sending", "unknown") and job.revision == self.orders[job.order_id].revision
        }  # fmt: skip
        unprinted = [
            order for order in self.orders.values()
            if facts.states[order.id] == "produced" and not order.is_void() and order.id not in held | going
            and order.id >= id_at(facts.now_us - 7 * DAY_US)
        ]  # fmt: skip
        changed = {
            job.order_id for job in jobs
            if job.state in ("printed", "unknown") and job.revision < self.orders[job.order_id].revision
        }  # fmt: skip
        late = [order for order in unprinted if order.id not in changed]
        waiting = [
            job for job in jobs
            if job.state == "queued" and job.order_id not in held and job.asked_at_us < facts.now_us - 15 * MINUTE_US
        ]  # fmt: skip
        return (
            len(held),
            len(late),
            len(unprinted) - len(late),
            len(waiting),
            sum(job.state == "unknown" for job in jobs),
        )

    def _approve(self, known: Known, answer: Any) -> None:
        """Note what somebody's request has queued; only a right order's may be."""
        if answer is None or answer.result != "queued":
            return
        jobs = self._facts().jobs
        for job_id in set(answer.job_ids) - self.approved:
            assert known.may_print() and jobs[job_id].revision == known.revision, (
                "a paper was queued that may not be"
            )
            self._approve_job(known, jobs[job_id])

    def _approve_job(self, known: Known, job: Shown) -> None:
        self.approved.add(job.id)
        known.approved[job.revision, job.copy] += 1

    def _amendment(self, known: Known, *, turn: bool) -> Amendment:
        if turn:
            more = 0 if known.wrong else 700
            return Amendment(totals=TotalsChanges(payable_minor=known.goods_minor + more))
        return Amendment(carrier=f"顺丰 {known.revision}")

    def _amended(self, known: Known, *, turn: bool) -> None:
        known.revision, known.wrong = known.revision + 1, known.wrong != turn

    def _pick(self, pick: int) -> Known | None:
        """Return one of the latest orders, the latest for 0."""
        latest = [*self.orders.values()][-4:]
        return latest[-1 - pick % len(latest)] if latest else None

    def _do(self, verb: Callable[..., Any], **given: Any) -> Any:
        """Change something, unless the power goes before its commit."""

        def run(tx: Any) -> Any:
            result = verb(tx, actor=self.actor, **given)
            if self.doomed:
                raise PowerCut
            return result

        try:
            return self.db.write(self.house.merchant_id, run)
        except PowerCut:
            self.doomed = False
            self.seen["power_cuts"] += 1
            self._die()
            return LOST

    def _facts(self) -> Facts:
        return self.db.read(self.house.merchant_id, read_facts)

    def _die(self) -> None:
        """The process ends with whatever its printers have, and another begins."""
        self.seen["crashes"] += 1
        self.late += self.flying.values()
        self.seen["crashed_while_sending"] += len(self.flying)
        self.flying.clear()
        self._start()

    def _start(self) -> None:
        """A new process takes the station over; on PostgreSQL the dead one's lease has to run out first."""
        self.holder = f"process {self.seen['runs']} {self.seen['crashes']}"
        if self.db.dialect == "postgresql":
            self.shift_us += MINUTE_US
            clock.shift_clock(self.shift_us)
        lease = partial(spool.lease_station, holder=self.holder, takes_over=self.db.dialect == "sqlite")
        assert self.db.write(self.house.merchant_id, lease)

    def _add_printer(self, n: int) -> int:
        where = {"host": "127.0.0.1", "port": n}
        return int(self._do(device.add_printer, name=f"前台 {n}", kind="escpos_network", options=where))
