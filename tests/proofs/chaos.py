"""A counter with a printer that cuts lines, answers late, lies about its paper, and is away for a night."""

import time
from collections import Counter
from functools import partial
from typing import Any

from tests.counter import Counter as Clerk
from tests.counter import wait_for
from tests.peers.escpos_peer import EscposPeer
from tests.peers.tspl_peer import TsplPeer
from tests.proofs.shadow import Known, read_facts, read_verdicts, unseen
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.orders.amend import cancel_order
from tocsin.orders.draft import Line, Party, Totals
from tocsin.tickets.hold import release_hold, settle_unknown
from tocsin.tickets.intercept import Slip, slips_of
from tocsin.tickets.job import list_jobs
from tocsin.tickets.printer import Drawn
from tocsin.tickets.printers import escpos_network, tspl
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.trial import ask_printer

DRIVERS: dict[str, tuple[Any, Any, Any]] = {
    "escpos_network": (EscposPeer, escpos_network.PLUGIN, partial(escpos_network.EscposOptions, paper_mm=58)),
    "tspl": (TsplPeer, tspl.PLUGIN, tspl.TsplOptions),
}
NIGHT_US = (8 * 60 + 5) * MINUTE_US


def cut_each(kind: str, drawn: Drawn, *, step: int) -> dict[str, int]:
    """Give a paper to a printer that takes exactly so many bytes, for each number; what the driver says must fit."""
    said: Counter[str] = Counter()
    make_peer, plugin, make_options = DRIVERS[kind]
    with make_peer() as peer:
        options = make_options(host=peer.host, port=peer.port, answer_timeout_seconds=5)
        size = len(options.talk().language.encode_paper(drawn.raster()))
        for count in range(0, size, step):
            peer.switches.reset_after_bytes = count
            outcome = plugin.send(options, drawn)
            came_in = peer.jobs.pop().received
            said["cuts"] += 1
            said[outcome.result] += 1
            # `failed` may be sent again: then no byte may have come in.
            said["believed"] += outcome.result == "printed" or (outcome.result == "failed" and came_in > 0)
    return {**said, "stream_bytes": size}


class Chaos:
    """The desk with its spool in this process, and what the printer did to each paper."""

    def __init__(self, clerk: Clerk) -> None:
        self.clerk, self.peer, self.switches = clerk, clerk.peer, clerk.peer.switches
        self.orders: dict[int, Known] = {}
        self.asked: list[int] = []
        self.slips: set[int] = set()
        self.amended_while_waiting = dict[int, int]()
        self.shown_seconds: list[float] = []
        self.seen: Counter[str] = Counter()

    def cut(self, count: int) -> None:
        """The line breaks after exactly so many bytes of a ticket."""
        self.switches.reset_after_bytes = count
        job_id = self._ask()
        state = self._wait_ended(job_id)
        self.switches.reset_after_bytes = None
        self.seen["cuts"] += 1
        broken = self.peer.jobs[-1]
        if broken.received and broken.reset_at:
            self.seen[f"cut_{state}"] += 1
            self.shown_seconds.append(time.monotonic() - broken.reset_at)
        if state == "unknown":
            self.clerk.do(settle_unknown, job_id=job_id, came_out=False)
        broken.closed.wait(10)  # it prints what it has got

    def answer_late(self) -> None:
        """The answer comes after the desk has given up waiting: the paper is unknown, and stays so."""
        self.switches.delay_seconds = 4.0
        job_id = self._ask()
        assert self._wait_ended(job_id) == "unknown"
        self.switches.delay_seconds = 0.0
        self.peer.jobs[-1].closed.wait(30)
        self.seen["late"] += 1

    def lie(self) -> None:
        """It says that the paper has ended when it came out, then that there is none when there is plenty."""
        self.switches.paper, self.switches.goes_on_when_out = "ok", True
        self.switches.out_after_rows = 100
        assert self._wait_ended(self._ask()) == "unknown"
        self.switches.goes_on_when_out = False
        ask_printer(
            self.clerk.db, self.clerk.actor, printer_id=0
        )  # it may have been too slow to say so itself
        waits = self._ask()  # it is known to have none: nothing is sent there, nothing fails
        assert self.peer_is_left_alone(waits)
        self.switches.paper = "ok"
        assert self._wait_ended(waits) == "printed"
        self.seen["lies"] += 2

    def peer_is_left_alone(self, job_id: int) -> bool:
        """Tell whether a paper waits while its printer is asked how it is, again and again."""
        asked = len(self.peer.jobs)
        until = time.monotonic() + 30
        while len(self.peer.jobs) < asked + 2:
            assert time.monotonic() < until, "nobody asks the printer how it is"
            time.sleep(0.01)
        return self.clerk.job(job_id).state == "queued" and not any(
            job.received for job in self.peer.jobs[asked:]
        )

    def stay_silent(self) -> None:
        """It cuts the paper and does not say so."""
        self.switches.mute_queued = True
        self._wait_ended(self._ask())
        self.switches.mute_queued = False
        self.seen["silent"] += 1

    def be_away(self) -> None:
        """Its queue stands for a night and the clock moves on: nothing comes out unseen, all is told."""
        self._pause(paused=True)
        jobs = [self._ask() for _ in range(3)]
        clock.shift_clock(NIGHT_US)
        self._pause(paused=False)
        assert {self._wait_ended(job) for job in jobs} == {"expired"}
        held = next(
            hold for hold in self.clerk.holds(self.clerk.job(jobs[0]).order_id) if hold.kind == "failed"
        )
        again = self.clerk.do(
            release_hold, hold_id=held.id, reason="看过了", base_url="http://localhost:8717"
        ).requested
        self._approve(again.job_ids)
        assert self._wait_ended(again.job_ids[0]) == "printed"
        clock.shift_clock(-NIGHT_US)  # somebody sets it right, and too far
        assert self._wait_ended(self._ask()) == "printed"
        clock.shift_clock(0)
        self.switches.online = False
        assert self._wait_ended(self._ask()) == "failed"  # asked before, it is not there: no byte leaves
        self.switches.online = True
        self.seen["away"] += 1

    def change(self) -> None:
        """An order is changed while its paper waits: the paper that waits is of no use any more."""
        self._pause(paused=True)
        job_id = self._ask()
        known = self.orders[self.clerk.job(job_id).order_id]
        self.clerk.amend(known.id, known.revision)
        known.revision += 1
        self.amended_while_waiting[job_id] = known.revision
        self._pause(paused=False)
        self._wait_ended(job_id)
        self.seen["changed"] += 1

    def recall(self) -> None:
        """An order is cancelled when its paper is out: a slip says so where it lies, once; one whose line breaks is not sent again."""
        for cut, fate in ((None, "printed"), (900, "unknown")):
            order_id = self.clerk.job(self._print_whole()).order_id
            self.switches.reset_after_bytes = cut
            self.clerk.do(cancel_order, order_id=order_id, reason="取消")
            self.orders[order_id].cancelled = True
            self.clerk.check()
            wait_for(lambda order_id=order_id: self._slip(order_id).state not in ("queued", "sending"))
            self.switches.reset_after_bytes = None
            self._print_whole()
            slip = self._slip(order_id)
            assert (slip.state, slip.tries) == (fate, 1), slip
            self.slips.add(slip.id)
        self.seen["recalled"] += 2

    def print_well(self) -> int:
        """A paper as it should be; return how many bytes it took."""
        self._print_whole()
        return self.peer.jobs[-1].received

    def reckon(self) -> dict[str, Any]:
        """Return the figures, read past the desk's own guards, and by the bar codes of the papers themselves."""
        facts, verdicts = self.clerk.ask(read_facts), self.clerk.ask(read_verdicts)
        papers = Counter(int(paper.codes().get("code128", "0")) for paper in self.peer.papers())
        by_desk = [job for job in facts.jobs.values() if job.state == "printed" and not job.settled_by]
        lost = unseen(facts, self.orders) + [
            f"job {job.id} is printed" for job in by_desk if not papers[job.id]
        ]
        gone = [job for job in self.asked if job not in facts.jobs]
        again = [job for job, count in papers.items() if count > 1 or job not in {*self.asked, *self.slips}]
        unchecked = [
            job.id for job in facts.jobs.values()
            if self.clerk.job(job.id).started_at_us is not None
            and not ((v := verdicts.get(job.verdict_id)) and v.passed and v.job_id == job.id and v.revision == job.revision)
        ]  # fmt: skip
        stale = [job for job in self.amended_while_waiting if self.clerk.job(job).started_at_us is not None]
        shown = sorted(self.shown_seconds) or [0.0]
        return {
            **self.seen, "papers": papers.total(), "silent_loss": len(lost) + len(gone), "auto_reprint": len(again),
            "unchecked_paper": len(unchecked), "stale_paper": len(stale),
            "unknown_shown_p50_s": round(shown[len(shown) // 2], 3),
            "unknown_shown_p99_s": round(shown[min(len(shown) - 1, int(len(shown) * 0.99))], 3), "said": [*lost[:3], *again[:3]],
        }  # fmt: skip

    def _print_whole(self) -> int:
        job_id = self._ask()
        assert self._wait_ended(job_id) == "printed", self.clerk.job(job_id)
        return job_id

    def _slip(self, order_id: int) -> Slip:
        (slip,) = self.clerk.ask(slips_of, order_id=order_id)
        return slip

    def _ask(self) -> int:
        n = len(self.orders) + 1
        line = Line(
            title="砀山酥梨", sku=f"LI-{n}", unit="件", quantity_micro=10**6, unit_price_micro=39_900_000
        )
        receiver = Party(name="王小明", phone="13812345678", address=f"黄山路 {n} 号")
        taken = self.clerk.take(
            lines=(line,), receiver=receiver, totals=Totals(goods_minor=3990, payable_minor=3990),
            placed_at_us=clock.now_us(), paid_at_us=clock.now_us(),
        )  # fmt: skip
        self.orders[taken.order_id] = Known(taken.order_id, None, 3990, "paid")  # type: ignore[arg-type]
        (job_id,) = self.clerk.print(taken.order_id).job_ids
        self._approve((job_id,))
        return job_id

    def _approve(self, job_ids: tuple[int, ...]) -> None:
        self.asked += job_ids

    def _pause(self, *, paused: bool) -> None:
        self.clerk.do(pause_queue, queue_id=self.clerk.printer().id, paused=paused)

    def _wait_ended(self, job_id: int) -> str:
        """Wait until a job has ended and can be seen where people look for it; return how."""
        until = time.monotonic() + 60
        while (state := self.clerk.job(job_id).state) in ("queued", "sending"):
            assert time.monotonic() < until, f"job {job_id} does not end"
            time.sleep(0.002)
        if state == "unknown":
            listed = partial(list_jobs, state="unknown")
            assert job_id in {job.id for job in self.clerk.ask(listed)}, "an unknown paper is not listed"
        return state
