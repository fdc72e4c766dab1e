"""The story: what is to happen, in the order of its instants; what happens may lead to more."""

import heapq
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random

from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.demo.past import Past
from tocsin.demo.people import People
from tocsin.tickets.claim import claim_job
from tocsin.tickets.device import Device
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome

Deed = Callable[[Tx], None]
Apart = Callable[[Database], None]
PRINTED = PrintOutcome(result="printed", bytes_left=True)
BROKEN_OFF = PrintOutcome(result="unknown", reason="no_answer", bytes_left=True)
AWAY = PrintOutcome(result="failed", reason="unreachable")
_AT_ONCE = 20


class Story:
    """A merchant's days as they are told: acts wait for their instant, each transaction holds some."""

    def __init__(
        self, past: Past, merchant_id: int, *, people: People, device: Device, base_url: str
    ) -> None:
        self.past, self.merchant_id, self.people = past, merchant_id, people
        self.device, self.base_url = device, base_url
        self._acts: list[tuple[int, int, Deed | None, Apart | None]] = []
        self._count = count()

    def at(self, instant_us: int, deed: Deed) -> None:
        """Let something happen at an instant."""
        heapq.heappush(self._acts, (instant_us, next(self._count), deed, None))

    def apart(self, instant_us: int, deed: Apart) -> None:
        """Let something happen at an instant that opens transactions of its own."""
        heapq.heappush(self._acts, (instant_us, next(self._count), None, deed))

    def tell(self, *, until_us: int) -> None:
        """Let happen what is due before an instant; what comes later is left out."""
        while self._acts and self._acts[0][0] < until_us:
            alone = self._acts[0][3]
            if alone is None:
                self.past.write(self.merchant_id, partial(self._some, until_us=until_us))
            else:
                self.past.go_to(heapq.heappop(self._acts)[0])
                alone(self.past)

    def paper(self, tx: Tx, *, chance: Random, outcome: PrintOutcome = PRINTED) -> int | None:
        """Have the printer take its next paper and answer; return its job, None where none waits."""
        with self.past.at(tx, self.past.now_us + chance.randint(1, 3) * SECOND_US):
            sending = claim_job(tx, device=self.device)
            if sending is None:
                return None
            record_outcome(tx, job_id=sending.job.id, outcome=outcome)
            return sending.job.id

    def next_paper(self, tx: Tx) -> int | None:
        """Have the printer print its next paper."""
        return self.paper(tx, chance=Random(self.past.now_us))

    def papers(self, tx: Tx, *, chance: Random) -> None:
        """Have the printer take all that waits."""
        while self.paper(tx, chance=chance) is not None:
            pass

    def _some(self, tx: Tx, *, until_us: int) -> None:
        for _ in range(_AT_ONCE):
            if not self._acts or self._acts[0][0] >= until_us:
                return
            instant_us, _, deed, _ = self._acts[0]
            if deed is None:
                return
            heapq.heappop(self._acts)
            with self.past.at(tx, instant_us):
                deed(tx)
