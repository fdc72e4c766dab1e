"""The product, broken on purpose: `python -m tests.proofs.broken FAULT serve …`. A proof must see each fault."""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from tests.proofs.broken_serving import (
    answer_groups_early,
    answer_rush_early,
    fail_some,
    first_come,
    index_nothing,
    keep_all,
    tire,
)
from tocsin.__main__ import main
from tocsin.access import admission, assertion, attempt, finger_answer, finger_record, limiter, login, passkey
from tocsin.alarm import attack, siren_line
from tocsin.alarm.siren import Confirmed
from tocsin.api import amendments, stations
from tocsin.core.ident import new_id
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.statement import Statement, own, upsert
from tocsin.core.tenant import list_merchants
from tocsin.core.writer import Writer
from tocsin.orders import produce, query
from tocsin.orders.store import load_order
from tocsin.orders.table import order_number
from tocsin.tickets import check, claim, revise, spool, terminal
from tocsin.tickets.table import print_job

_BEFORE_COMMIT_SECONDS = 0.15
_REQUEUE = Statement[None](
    sa.update(print_job).where(own(print_job), print_job.c.state == "sending"), sets=("state",)
)


def find_nothing() -> None:
    """Checks that see nothing: wrong orders are not held."""
    check.run_checks = lambda *_: ()  # type: ignore[assignment]


def check_nothing() -> None:
    """Terminal and spool approve without asking: papers stand on no verdict."""

    def approve(tx: Any, _actor: Any, *, order_id: int, asked_revision: int = 0, **_: Any) -> check.Verdict:
        revision = asked_revision or check.load_order(tx, order_id=order_id).revision
        return check.Verdict(
            id=new_id(), order_id=order_id, revision=revision, passed=True, findings=(), unacknowledged=()
        )  # fmt: skip

    for module in (terminal, claim, revise):
        module.check_order = approve  # type: ignore[attr-defined]


def record_nothing() -> None:
    """Look-ups leave no trace."""
    query._record = lambda *_, **__: 0  # type: ignore[assignment]


def answer_early() -> None:
    """Changes are acknowledged before they are durable."""

    run_whole = Writer.run

    def run_late(self: Writer, call: Callable[[Any], Any]) -> Any:
        answered: Future[Any] = Future()

        def answer(connection: Any) -> None:
            answered.set_result(call(connection))
            time.sleep(_BEFORE_COMMIT_SECONDS)

        def run() -> None:
            try:
                run_whole(self, answer)
            except Exception as fault:
                if not answered.done():
                    answered.set_exception(fault)

        threading.Thread(target=run, daemon=True).start()
        return answered.result()

    def write_late(self: PostgresDatabase, merchant_id: int, verb: Callable[[Any], Any]) -> Any:
        answered: Future[Any] = Future()

        def run() -> None:
            try:
                with self._transaction(merchant_id, "BEGIN") as tx:
                    answered.set_result(verb(tx))
                    time.sleep(_BEFORE_COMMIT_SECONDS)
                tx.finish()
            except Exception as fault:
                if not answered.done():
                    answered.set_exception(fault)

        threading.Thread(target=run, daemon=True).start()
        return answered.result()

    Writer.run = run_late  # type: ignore[method-assign]
    answer_groups_early(lambda count: _BEFORE_COMMIT_SECONDS * count)
    PostgresDatabase.write = write_late  # type: ignore[method-assign,assignment]


def send_again() -> None:
    """A spool that puts what was `sending` back into its queue at start."""
    start = spool.Spool.start

    def start_again(self: spool.Spool) -> None:
        for merchant in self._db.read(0, list_merchants):
            self._db.write(merchant.id, lambda tx: tx.run(_REQUEUE, state="queued"))
        start(self)

    spool.Spool.start = start_again  # type: ignore[method-assign]


def count_late() -> None:
    """A limiter that looks whether an account is locked, tests the password, and counts it afterwards."""

    def verify(
        db: Any, guess: Any, *, secret_check: Callable[[], bool], on_right: Callable[[Any], Any]
    ) -> Any:
        named = db.read(0, lambda tx: limiter.name_guess(tx, guess))
        wanted = limiter.counters_of(named)

        def waiting(tx: Any) -> int:
            return max(limiter.wait_us(one, limiter.lock_bucket(tx, one)) for one in wanted)

        if db.write(guess.merchant_id, waiting):
            db.write(guess.merchant_id, lambda tx: limiter.tell_attempt(tx, named, outcome="locked"))
            return limiter.SignInRefused("locked", 30)
        right = secret_check()
        lease = limiter.Lease(0, named, wanted)

        def count(tx: Any) -> None:
            for one in wanted:
                bucket = limiter.lock_bucket(tx, one)
                limiter.store_bucket(tx, one, limiter.replace(bucket, failures=bucket.failures + 1))

        db.write(guess.merchant_id, count)
        return limiter._settle(db, lease, right=right, on_right=on_right)

    login.guarded_verify = verify  # type: ignore[assignment]


def sound_late() -> None:
    """Sirens that take their time."""
    work = siren_line.Line._work

    def work_late(self: siren_line.Line, act: Any, pattern: Any) -> None:
        time.sleep(1.2 if pattern.on else 0)
        work(self, act, pattern)

    siren_line.Line._work = work_late  # type: ignore[method-assign]


def record_few() -> None:
    """One attempt in ten leaves no row."""
    tell, count = attempt.tell_attempt, [0]

    def tell_most(tx: Any, guess: Any, **more: Any) -> None:
        count[0] += 1
        if count[0] % 10:
            tell(tx, guess, **more)

    limiter.tell_attempt = tell_most  # type: ignore[assignment]


def raise_each() -> None:
    """Each signal is an incident of its own."""
    join, count = attack.join_incident, [0]

    def join_none(tx: Any, made: Any) -> Any:
        count[0] += 1
        return join(tx, limiter.replace(made, key=f"{made.key}:{count[0]}"))

    attack.find_open = lambda *_, **__: None  # type: ignore[assignment]
    attack.join_incident = join_none  # type: ignore[assignment]


def trust_blindly() -> None:
    """A siren that was told is taken for one that sounds."""
    take = siren_line.Line.take

    def take_it(self: siren_line.Line, now: float) -> Any:
        if self._job is not None:
            asked = self._job[1]
            self._result = (Confirmed(light=asked.light, sound=asked.sound, confirmed=True), 0.0)
        return take(self, now)

    siren_line.Line.take = take_it  # type: ignore[method-assign]


def hash_nothing() -> None:
    """Names that nobody has cost no hash."""
    verify = login.verify_password
    login.verify_password = lambda given, hashed: hashed != login.DECOY_HASH and verify(given, hashed)


def name_passkeys() -> None:
    """A name is offered its own passkeys, and none where it has none."""
    assertion.allowed_credentials = lambda tx, *, operator_id, name_key: passkey.credential_ids(  # noqa: ARG005
        tx, operator_id=operator_id
    )


def take_twice() -> None:
    """What a station signed counts however often it comes."""
    admit, answer = admission._admission, stations.answer_command

    def admit_again(found: Any, seal: Any, guess: Any) -> Callable[[Any], Any]:
        return admit(found, replace(seal, nonce=f"{seal.nonce}{new_id()}"), guess)

    def find_open(tx: Any, *, attempt_id: int) -> Any:
        found = finger_record.find_attempt(tx, attempt_id=attempt_id)
        return found and replace(found, state="open", expires_at_us=tx.now_us + 1)

    admission._admission = admit_again
    finger_answer.find_attempt = find_open
    stations.answer_command = lambda tx, **given: answer(tx, **given) and "accepted"


def change_blindly() -> None:
    """Amendments go against whatever stands there, and every tenth number is the one before it."""
    amend, following, count = amendments.amend_order, produce._next_number, [0]

    def amend_head(tx: Any, actor: Any, *, order_id: int, seen: int, **more: Any) -> Any:
        del seen
        return amend(tx, actor, order_id=order_id, seen=load_order(tx, order_id=order_id).revision, **more)

    def number_again(tx: Any, shop: Any) -> str:
        number = following(tx, shop)
        count[0] += 1
        head, _, place = number.rpartition("-")
        return f"{head}-{max(1, int(place) - (count[0] % 10 == 0)):04d}"

    # The key of the numbers would refuse the second one: it is planted without its lock.
    adding = Statement[None](
        upsert(order_number).on_conflict_do_nothing(), sets=("merchant_id", "number", "order_id")
    )
    amendments.amend_order, produce._next_number, produce._ADD_NUMBER = amend_head, number_again, adding


FAULTS = {
    "find_nothing": find_nothing, "check_nothing": check_nothing, "record_nothing": record_nothing,
    "answer_early": answer_early, "send_again": send_again, "count_late": count_late,
    "sound_late": sound_late, "record_few": record_few, "raise_each": raise_each, "trust_blindly": trust_blindly,
    "take_twice": take_twice, "hash_nothing": hash_nothing, "name_passkeys": name_passkeys,
    "change_blindly": change_blindly, "first_come": first_come, "keep_all": keep_all, "tire": tire,
    "fail_some": fail_some, "index_nothing": index_nothing, "answer_rush_early": answer_rush_early,
}  # fmt: skip

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
