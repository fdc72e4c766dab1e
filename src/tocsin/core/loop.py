"""Loops: threads that take one step after another, woken by events, until they are stopped.

A step that fails is logged and taken again: nothing in the background waits for a person to restart it.
"""

import threading
import time
from collections.abc import Callable, Iterable

from tocsin.core.db import DIRECTORY_SCOPE, Database
from tocsin.core.errors import DatabaseBusy, Outage, Refusal, is_everybodys
from tocsin.core.event import Event, on_event
from tocsin.core.log import get_log
from tocsin.core.telemetry import doing
from tocsin.core.tenant import list_merchants

# A fault is tried again soon, one that stays twice as late each time: a daily step is no step a second for ever.
_AFTER_FAULT_SECONDS, _FAULTS_MOST = 1.0, 10
# What happens one by one under load is dealt with some at a time: each step has a price of its own, its commits above all.
_REST_SECONDS = 0.05
# A fault of a moment is gone by then. Of many that fail at once those behind it have no pauses: others wait.
_PAUSES_SECONDS, _PAUSES_MOST = (0.1, 0.5), 10
_log = get_log("loop")


class Loop:
    """One named thread.

    Args:
        step: does some work and returns how much; it is called again at once while it returns any.
        idle_seconds: longest wait between two steps that found nothing.
        by_event: what the kinds of the events begin with that wake it; the first one at once, those that follow it together.
        rest_seconds: how long those that follow gather.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], int],
        *,
        idle_seconds: float,
        by_event: tuple[str, ...] = (),
        rest_seconds: float = _REST_SECONDS,
    ) -> None:
        self._name, self._step, self._idle_seconds, self._by_event = name, step, idle_seconds, by_event
        self._rest_seconds = rest_seconds
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._unlisten: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin."""
        if self._by_event:
            self._unlisten = on_event(self._wake.set, kinds=self._by_event)
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Take no further step; wait for nothing."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """End after the step in hand."""
        self.end()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        faults = 0
        while True:
            self._wake.clear()
            if self._stopping.is_set():  # after it: whoever ends the loop wakes it last
                return
            wait_seconds, began = 0.0, time.monotonic()
            try:
                with doing("step", self._name) as step:
                    found = self._step()
                    step.idle = not found
                faults = 0
                if not found:
                    wait_seconds = self._idle_seconds
            except Outage as away:  # of all loops at once: the one line is enough
                _log.warning("step_waits", loop=self._name, code=away.code)
                wait_seconds = _AFTER_FAULT_SECONDS
            except Exception as fault:  # noqa: BLE001 - the next turn tries again
                _log.error("step_failed", loop=self._name, exc_info=fault)
                later = _AFTER_FAULT_SECONDS * 2 ** min(faults, _FAULTS_MOST)
                wait_seconds, faults = min(later, max(self._idle_seconds, _AFTER_FAULT_SECONDS)), faults + 1
            rest_seconds = began + self._rest_seconds - time.monotonic()
            if self._by_event and rest_seconds > 0:
                self._stopping.wait(rest_seconds)
            if wait_seconds:
                self._wake.wait(wait_seconds)


def rest_after(began: float, *, times: float = 1) -> None:
    """Leave the machine to others for as long as a turn took, or so many times as long; a twentieth of a second at most.

    Args:
        began: when the turn began, by `time.monotonic`.
    """
    time.sleep(min(_REST_SECONDS, times * (time.monotonic() - began)))


def stop_loops(loops: Iterable[Loop]) -> None:
    """End all after the steps in hand: it takes as long as the longest of them."""
    for loop in (told := tuple(loops)):
        loop.end()
    for loop in told:
        loop.stop()


def for_each_merchant(
    db: Database, act: Callable[[int], int], *, besides: tuple[int, ...] = (), again: bool = True
) -> int:
    """Do something for each merchant; what one meets is logged and the others go on. Return the sum of what was done.

    Args:
        act: is told the merchant's id, and returns how much it did.
        besides: further scopes, such as the directory's, which go first.
        again: let a step in which nothing but faults came fail, so that it is soon taken again.

    Raises:
        Outage: at once, for it is everybody's, but not that a row is kept locked.
        Exception: at once what is everybody's, as a full disk, where the step is to be taken again.
    """
    done, faults, busy = 0, list[Exception](), 0
    for merchant_id in (*besides, *(one.id for one in db.read(DIRECTORY_SCOPE, list_merchants))):
        try:
            done += act(merchant_id)
        except Exception as fault:  # whatever his data meets, the others' must not wait for it
            # One row that is kept locked is its merchant's; where the next meets it too a table is.
            busy += isinstance(fault, DatabaseBusy)
            his_own = isinstance(fault, DatabaseBusy) and busy == 1
            if not his_own and (is_everybodys(fault) if again else isinstance(fault, Outage)):
                raise
            _log.error("merchant_failed", merchant=str(merchant_id), exc_info=fault)
            faults.append(fault)
    if again and faults and not done:
        raise faults[0]
    return done


def for_each_event(
    events: Iterable[Event],
    act: Callable[[Event], object],
    *,
    give_up: Callable[[Event], object] | None = None,
) -> None:
    """Do something for each event; one that can't be done after three tries is logged and passed over.

    Args:
        give_up: is told of an event that is passed over.

    Raises:
        Exception: at once what is everybody's, as where the database is away or full: the consumer stays before it.
    """
    failed = 0
    for one in events:
        try:
            _try_some_times(act, one, pauses=_PAUSES_SECONDS if failed < _PAUSES_MOST else ())
        except Exception as fault:  # whatever an event's data meets, those behind it must not wait for it
            if is_everybodys(fault):
                raise
            failed += 1
            _log.error(
                "event_passed_over",
                id=str(one.id),
                merchant=str(one.merchant_id),
                kind=one.kind,
                exc_info=fault,
            )
            if give_up is not None:
                _give_up(give_up, one)


def _try_some_times(act: Callable[[Event], object], one: Event, *, pauses: tuple[float, ...]) -> None:
    for pause in pauses:
        try:
            act(one)
            return
        except Exception as fault:
            if is_everybodys(fault) or (isinstance(fault, Refusal) and fault.kind != "broken"):
                raise
        time.sleep(pause)
    act(one)


def _give_up(tell: Callable[[Event], object], one: Event) -> None:
    try:
        tell(one)
    except Exception as fault:  # what the event met may be met here too
        if is_everybodys(fault):
            raise
        _log.error("event_not_given_up", id=str(one.id), exc_info=fault)
