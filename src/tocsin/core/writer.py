"""The writer: one connection to SQLite that callers lead in turn, and commits in groups.

Who comes when nobody writes leads: he runs his own verb on his own thread, then those that queued
meanwhile, each whole in its own savepoint (the first needs none); one fsync serves the group, and each waiter is answered
only when it is durable: one who is refused too, for what refused him may have been done in his group. Then he hands the lead to who came next. A COMMIT that fails fails every
waiter of the group, never hangs. A lone caller changes no thread: two hand-overs cost him more than
the verb and its fsync.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from tocsin.core.errors import Refusal
from tocsin.core.gather import Outcome
from tocsin.core.lane import Lane
from tocsin.core.log import get_log
from tocsin.core.telemetry import doing, within

GROUP_VERBS = 64
GROUP_SECONDS = 0.02
_log = get_log("writer")


class WriterStopped(Refusal):
    """The desk is stopping and takes no more changes: try again in a moment"""

    kind, code = "broken", "writer_stopped"


class _Raised(NamedTuple):
    """What a verb raised, kept until what it saw is durable."""

    fault: Exception


class _Waiter:
    """A call and what became of it; its thread sleeps at the gate until it is answered or has to lead."""

    __slots__ = ("alone", "call", "done", "fault", "gate", "result", "thread")

    def __init__(self, call: Callable[[Any], Any], *, alone: bool) -> None:
        self.call, self.thread = within(call), threading.get_ident()
        self.gate, self.alone = threading.Lock(), alone
        self.done, self.result = False, None
        self.fault: BaseException | None = None
        self.gate.acquire()

    def answer(self, *, result: Any = None, fault: BaseException | None = None) -> None:
        """Say what became of the call, once."""
        if not self.done:
            self.done, self.result, self.fault = True, result, fault
            self.gate.release()


class Writer:
    """Runs verbs on one connection, in the order they came.

    Args:
        connection: a DB-API connection in autocommit mode that any thread may use, one at a time.
        lane: where the verbs of a group are run; its COMMIT, which waits for the disk, is outside of it.
        began: told when a transaction has begun, before its first call.
    """

    def __init__(
        self, connection: Any, lane: Lane | None = None, *, began: Callable[[], None] = lambda: None
    ) -> None:
        self._connection, self._lane, self._began = connection, lane or Lane(), began
        self._waiting: deque[_Waiter] = deque()
        self._stopping, self._leader = False, 0
        self._mutex = threading.Lock()
        self._idle = threading.Condition(self._mutex)

    def run(self, call: Callable[[Any], Any], *, alone: bool = False) -> Any:
        """Run a call and return its result once it is durable.

        Args:
            alone: outside of any transaction, while all others wait: the file is written anew.

        Raises:
            WriterStopped: the writer has been stopped.
            Exception: whatever the call raised (its savepoint is rolled back), or COMMIT did.
        """
        waiter = _Waiter(call, alone=alone)
        self._run([waiter])
        if waiter.fault is not None:
            raise waiter.fault
        return waiter.result

    def run_all(self, calls: Sequence[Callable[[Any], Any]]) -> list[Outcome]:
        """Run calls in their order, in one group or several; return what became of each once all are durable.

        Raises:
            WriterStopped: the writer has been stopped.
        """
        waiters = [_Waiter(call, alone=False) for call in calls]
        if waiters:
            self._run(waiters)
        return [Outcome(one.result, one.fault) for one in waiters]

    def _run(self, waiters: list[_Waiter]) -> None:
        me = threading.get_ident()
        if self._leader == me:
            raise RuntimeError("a verb asked for a transaction of its own inside the writer's")
        with self._mutex:
            if self._stopping:
                raise WriterStopped
            self._waiting.extend(waiters)
            leads = not self._leader
            if leads:
                self._leader = me
        try:
            if leads:
                self._lead()
            for one in waiters:
                one.gate.acquire()
                if not one.done:
                    self._lead()
        except BaseException:  # interrupted: nobody may wait for a lead that will not be taken
            self._leave(waiters)
            raise

    def waiting(self) -> int:
        """Return how many calls nobody has taken yet."""
        return len(self._waiting)

    def stop(self) -> None:
        """Finish what was accepted, then close the connection."""
        with self._mutex:
            self._stopping = True
            self._idle.wait_for(lambda: not self._leader and not self._waiting)
        self._connection.close()

    def _leave(self, waiters: list[_Waiter]) -> None:
        with self._mutex:
            for one in waiters:
                with suppress(ValueError):  # the one who leads may have taken it already
                    self._waiting.remove(one)
        if self._leader == threading.get_ident():
            self._hand_over()

    def _lead(self) -> None:
        try:
            self._commit_group()
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        with self._mutex:
            following = self._waiting[0] if self._waiting else None
            self._leader = following.thread if following else 0
            if following is None:
                self._idle.notify_all()
        if following is not None:
            following.gate.release()

    def _commit_group(self) -> None:
        group, done = [self._waiting.popleft()], list[tuple[_Waiter, Any]]()
        if group[0].alone:
            self._run_alone(group[0])
            return
        try:
            self._run_group(group, done)
            with doing("commit", "core.writer"):
                self._connection.execute("COMMIT")
        except BaseException as fault:  # a failing COMMIT must fail its waiters, whatever it raised
            self._fail_group(fault if isinstance(fault, Exception) else WriterStopped(), group)
            if not isinstance(fault, Exception):  # who led was interrupted, not the others
                raise
        else:
            for waiter, result in done:
                if isinstance(result, _Raised):
                    waiter.answer(fault=result.fault)
                else:
                    waiter.answer(result=result)

    def _run_group(self, group: list[_Waiter], done: list[tuple[_Waiter, Any]]) -> None:
        until, must_leave = time.monotonic() + GROUP_SECONDS, self._lane.enter()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._began()
            changed = self._run_first(group[0], done)
            while self._waiting and not self._waiting[0].alone:
                if len(done) >= GROUP_VERBS or time.monotonic() > until:
                    break
                group.append(self._waiting.popleft())
                changed = self._run_one(group[-1], done) if changed else self._run_first(group[-1], done)
        finally:
            if must_leave:
                self._lane.leave()

    def _run_alone(self, waiter: _Waiter) -> None:
        try:
            waiter.answer(result=waiter.call(self._connection))
        except BaseException as fault:
            waiter.answer(fault=fault if isinstance(fault, Exception) else WriterStopped())
            if not isinstance(fault, Exception):
                raise

    def _run_first(self, waiter: _Waiter, done: list[tuple[_Waiter, Any]]) -> bool:
        """Run a call before which nothing was done: where it fails the transaction begins anew; tell whether it did anything."""
        try:
            result = waiter.call(self._connection)
        except Exception as fault:
            if not self._connection.in_transaction:
                raise
            self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            done.append((waiter, _Raised(fault)))
            return False
        done.append((waiter, result))
        return True

    def _run_one(self, waiter: _Waiter, done: list[tuple[_Waiter, Any]]) -> bool:
        self._connection.execute("SAVEPOINT verb")
        try:
            result = waiter.call(self._connection)
        except Exception as fault:
            # An engine that gave up the whole transaction (disk full) has no savepoint left.
            if not self._connection.in_transaction:
                raise
            self._connection.execute("ROLLBACK TO verb")
            self._connection.execute("RELEASE verb")
            done.append((waiter, _Raised(fault)))
        else:
            self._connection.execute("RELEASE verb")
            done.append((waiter, result))
        return True

    def _fail_group(self, fault: BaseException, group: list[_Waiter]) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except Exception as second:  # noqa: BLE001 - the waiters hear of the first fault, whatever else breaks
            _log.error("writer_rollback_failed", exc_info=second)
        for waiter in group:
            waiter.answer(fault=fault)
