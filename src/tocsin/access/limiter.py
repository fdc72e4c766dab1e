"""The limiter: stands before every path that reads a secret that can be guessed.

One attempt at a time per account: it is counted before the secret is looked at and settled
afterwards, so that parallel guesses can't outrun the count (200 parallel guesses with a limit of
10 tested 33 where the count came after). What is locked is the pair of account and device: a
known device has a lane of its own, which nobody else can lock.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.attempt import digests_of, tell_attempt
from tocsin.access.bucket import Bucket, Counter, add_lock, lift_locks, lock_bucket, store_bucket, wait_us
from tocsin.access.decoy import decoy_merchant
from tocsin.access.guess import Guess as Guess
from tocsin.access.guess import budgets_of, counters_of, lane_of, row_of
from tocsin.alarm.signal import Kind
from tocsin.core.clock import SECOND_US, steady_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.ident import new_id

R = TypeVar("R")
LEASE_SECONDS = 30
TURN_SECONDS = 15.0
_POLL_SECONDS = 0.02


class Lease(Struct, frozen=True):
    """The right to test one secret, for 30 s; the attempt is counted already."""

    id: int
    guess: Guess
    counters: tuple[Counter, ...]


class Locked(Struct, frozen=True):
    """Nothing is tested now.

    `busy`: another attempt at the account is under way. `needs_reset`: no time ends it, a person does.
    """

    retry_after_seconds: int
    busy: bool = False
    needs_reset: bool = False


class SignInRefused(Struct, frozen=True):
    """Why a secret did not open: the same answer for unknown accounts.

    `wrong`, or `locked` with the time to wait; nothing was tested then. `needs_reset`: waiting does not help.
    """

    code: str
    retry_after_seconds: int = 0
    needs_reset: bool = False


_turns = tuple(threading.Lock() for _ in range(1024))


def guarded_verify(
    db: Database, guess: Guess, *, secret_check: Callable[[], bool], on_right: Callable[[Tx], R | None]
) -> R | SignInRefused:
    """Test a secret behind the limiter; return what `on_right` makes of it, or the refusal.

    Args:
        secret_check: looks at the secret, outside any transaction; called once or not at all.
        on_right: runs in the transaction that records the success; None takes the success back.
    """
    named = db.read(DIRECTORY_SCOPE, lambda tx: name_guess(tx, guess))
    counters = counters_of(named)
    with _turn(lane_of(counters).name) as mine:
        lease = _wait_for_lease(db, named) if mine else _refuse_busy(db, named)
        if isinstance(lease, Locked):
            return SignInRefused("locked", lease.retry_after_seconds, lease.needs_reset)
        try:
            right = secret_check()
            return _settle(db, lease, right=right, on_right=on_right)
        except BaseException:
            # Neither right nor wrong (a weak new password, a fault): the count stays, the lane is free.
            db.write(DIRECTORY_SCOPE, lambda tx: give_back(tx, lease))
            raise


def name_guess(tx: Tx, guess: Guess) -> Guess:
    """Return a guess with its digests, and with the merchant of a decoy (directory scope)."""
    digest, known = digests_of(tx, guess)
    merchant_id = decoy_merchant(tx, guess.name_key)
    found = bool(merchant_id) and not guess.operator_id
    return replace(
        guess, name_digest=digest, known_device=known, decoy=found or guess.decoy,
        merchant_id=merchant_id if found else guess.merchant_id,
    )  # fmt: skip


def lease_attempt(tx: Tx, guess: Guess) -> Lease | Locked:
    """Count a named attempt before its secret is looked at, or tell how long nothing may be tried.

    To be committed before the secret is tested; ends with `record_attempt`.
    """
    counters, buckets = counters_of(guess), dict[Counter, Bucket]()
    lane = lane_of(counters)
    for counter in counters:
        bucket = buckets[counter] = lock_bucket(tx, counter)
        if counter is lane and bucket.lease_id and bucket.lease_until_us > steady_us():
            return Locked(1, busy=True)
        if waiting_us := wait_us(counter, bucket):
            tell_attempt(tx, guess, outcome="locked")
            return Locked(_seconds(waiting_us), needs_reset=counter.kind == "row")
    lease = Lease(new_id(), guess, counters)
    for counter, bucket in buckets.items():
        counted = replace(bucket, failures=bucket.failures + 1)
        if counter is lane:
            until = steady_us() + LEASE_SECONDS * SECOND_US
            counted = replace(counted, lease_id=lease.id, lease_until_us=until)
        store_bucket(tx, counter, counted)
    return lease


def record_attempt(tx: Tx, lease: Lease, *, right: bool) -> None:
    """Settle a leased attempt: a success takes its count back, a failure locks as the counts ask.

    A wrong secret is also a signal, which the alarm reads, and a journal entry.
    """
    failures, lane = 0, lane_of(lease.counters)
    for counter in lease.counters:
        bucket = lock_bucket(tx, counter)
        if bucket.lease_id == lease.id:
            bucket = replace(bucket, lease_id=0, lease_until_us=0)
        bucket = _take_back(counter, bucket) if right else add_lock(counter, bucket)
        if counter is lane:
            failures = bucket.failures
        store_bucket(tx, counter, bucket)
    if right:
        _end_row(tx, lease.guess)
    tell_attempt(tx, lease.guess, outcome="right" if right else "wrong", failures=failures)


def spend_budget(
    tx: Tx, guess: Guess, *, kind: Kind = "credential_wrong", subject: str = "", outcome: str = "wrong", reason: str = ""
) -> Locked | None:  # fmt: skip
    """Count a wrong secret that nobody can guess (a key, a passkey) against its address, and tell the alarm.

    Args:
        kind: `revoked_used` where the secret was right once.
        subject: what was tried, such as `api_key:7`; the account where it is empty.
        outcome: `inferred` where no secret came, and a page says why.
        reason: what was wrong, a code for the journal.
    """
    named, waiting_us, failures = name_guess(tx, guess), 0, 0
    locked = {counter: lock_bucket(tx, counter) for counter in budgets_of(guess)}
    for counter, bucket in locked.items():
        waiting_us = max(waiting_us, wait_us(counter, bucket))
        failures = failures or bucket.failures + 1
    told = "locked" if waiting_us else outcome
    tell_attempt(tx, named, outcome=told, failures=failures, kind=kind, subject=subject, reason=reason)
    if waiting_us:
        return Locked(_seconds(waiting_us))
    for counter, bucket in locked.items():
        store_bucket(tx, counter, replace(bucket, failures=bucket.failures + 1))
    return None


def note_right(tx: Tx, guess: Guess) -> None:
    """Record a right secret that no counter counts: it ends the account's row of failures."""
    named = name_guess(tx, guess)
    _end_row(tx, named)
    tell_attempt(tx, named, outcome="right")


def give_back(tx: Tx, lease: Lease) -> None:
    """Free the lane of an attempt that was neither right nor wrong; its count stays."""
    lane = lane_of(lease.counters)
    bucket = lock_bucket(tx, lane)
    if bucket.lease_id == lease.id:
        store_bucket(tx, lane, replace(bucket, lease_id=0, lease_until_us=0))


def unlock_account(tx: Tx, *, name_key: str) -> int:
    """Lift every lock of a sign-in name, its row of failures too; return how many counters it had."""
    return lift_locks(tx, account=tx.vault.installation_digest("sign-in name", name_key))


def _take_back(counter: Counter, bucket: Bucket) -> Bucket:
    if counter.kind == "budget":
        return replace(bucket, failures=max(0, bucket.failures - 1))
    return replace(bucket, failures=0, locked_until_us=0)


def _end_row(tx: Tx, guess: Guess) -> None:
    # At a known device, or with a credential that is no password, the person himself was there.
    if guess.known_device or guess.kind() != "secret":
        row = row_of(guess.name_digest)
        bucket = lock_bucket(tx, row)
        if bucket.failures:
            store_bucket(tx, row, replace(bucket, failures=0))


@contextmanager
def _turn(lane: str) -> Iterator[bool]:
    """Wait for this process's turn in a lane, so that the database is not polled by many."""
    lock = _turns[hash(lane) % len(_turns)]
    mine = lock.acquire(timeout=TURN_SECONDS)
    try:
        yield mine
    finally:
        if mine:
            lock.release()


def _wait_for_lease(db: Database, guess: Guess) -> Lease | Locked:
    until = time.monotonic() + TURN_SECONDS
    while True:
        found = db.write(guess.merchant_id, lambda tx: lease_attempt(tx, guess))
        if isinstance(found, Lease) or not found.busy:
            return found
        if time.monotonic() > until:
            return _refuse_busy(db, guess)
        time.sleep(_POLL_SECONDS * (0.5 + random.random()))


def _refuse_busy(db: Database, guess: Guess) -> Locked:
    db.write(guess.merchant_id, lambda tx: tell_attempt(tx, guess, outcome="locked"))
    return Locked(1, busy=True)


def _settle(
    db: Database, lease: Lease, *, right: bool, on_right: Callable[[Tx], R | None]
) -> R | SignInRefused:
    def record(tx: Tx) -> R | SignInRefused:
        made = on_right(tx) if right else None
        record_attempt(tx, lease, right=made is not None)
        return SignInRefused("wrong") if made is None else made

    return db.write(lease.guess.merchant_id, record)


def _seconds(waiting_us: int) -> int:
    return -(-waiting_us // SECOND_US)
