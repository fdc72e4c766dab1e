"""The limiter: stands before every path that reads a secret that can be guessed.

One attempt at a time per account: it is counted before the secret is looked at and settled
afterwards, so that parallel guesses can't outrun the count (200 parallel guesses with a limit of
10 tested 33 where the count came after). What is locked is the pair of account and device: a
known device has a lane of its own, which nobody else can lock.
"""

import ipaddress
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.bucket import Counter, add_lock, lock_bucket, store_bucket, sweep_buckets, wait_us
from tocsin.access.device import known_hash
from tocsin.access.table import attempt
from tocsin.alarm.signal import Kind, Signal, send_signal
from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into

R = TypeVar("R")
FREE_PER_PAIR, FREE_PER_ACCOUNT, FREE_PER_ADDRESS, FREE_OVERALL = 5, 10, 20, 1000
LEASE_SECONDS = 30
TURN_SECONDS = 15.0
_POLL_SECONDS = 0.02
_KEPT_DAYS = 90

SECRET_READERS: dict[str, str] = {
    "tocsin.access.login.sign_in": "the password of a sign-in name",
    "tocsin.access.login.change_password": "one's own password",
    "tocsin.access.owner_link.redeem_owner_link": "the one-time link of an owner",
    "tocsin.access.owner_link.redeem_reset_link": "the one-time link of a new password",
    "tocsin.access.api_key.find_api_key": "the secret of an API key",
}
"""Every verb that compares a secret with what is stored; a test misses what is not on it."""


class Guess(Struct, frozen=True):
    """One attempt: by which method, at which account, from where.

    `device` is the cookie's secret; `merchant_id` and `operator_id` are 0 for unknown accounts.
    """

    method: str
    name_key: str
    address: str
    device: str = ""
    merchant_id: int = 0
    operator_id: int = 0


class Lease(Struct, frozen=True):
    """The right to test one secret, for 30 s; the attempt is counted already."""

    id: int
    guess: Guess
    name_digest: str
    known_device: str
    counters: tuple[Counter, ...]


class Locked(Struct, frozen=True):
    """Nothing is tested now; `busy` means that another attempt at the account is under way."""

    retry_after_seconds: int
    busy: bool = False


class SignInRefused(Struct, frozen=True):
    """Why a secret did not open: the same answer for unknown accounts.

    `wrong`, or `locked` with the time to wait; nothing was tested then.
    """

    code: str
    retry_after_seconds: int = 0


_ADD_ATTEMPT = insert_into(attempt)
_SWEEP = Statement[None](sa.delete(attempt).where(attempt.c.at_us < bind("before")))
_turns = tuple(threading.Lock() for _ in range(1024))


def guarded_verify(
    db: Database, guess: Guess, *, secret_check: Callable[[], bool], on_right: Callable[[Tx], R | None]
) -> R | SignInRefused:
    """Test a secret behind the limiter; return what `on_right` makes of it, or the refusal.

    Args:
        secret_check: looks at the secret, outside any transaction; called once or not at all.
        on_right: runs in the transaction that records the success; None takes the success back.
    """
    digest = db.vault.installation_digest("sign-in name", guess.name_key)
    known = db.read(DIRECTORY_SCOPE, lambda tx: known_hash(tx, name_digest=digest, token=guess.device))
    counters = _counters(guess, digest, known)
    with _turn(counters[0].name) as mine:
        lease = _wait_for_lease(db, guess, digest=digest, known=known) if mine else Locked(1, busy=True)
        if isinstance(lease, Locked):
            return SignInRefused("locked", lease.retry_after_seconds)
        try:
            right = secret_check()
            return _settle(db, lease, right=right, on_right=on_right)
        except BaseException:
            # Neither right nor wrong (a weak new password, a fault): the count stays, the lane is free.
            db.write(DIRECTORY_SCOPE, lambda tx: give_back(tx, lease))
            raise


def lease_attempt(tx: Tx, guess: Guess, *, name_digest: str, known_device: str) -> Lease | Locked:
    """Count an attempt before its secret is looked at, or tell how long nothing may be tried.

    To be committed before the secret is tested; ends with `record_attempt`.
    """
    counters = _counters(guess, name_digest, known_device)
    buckets = {}
    for counter in _locking_order(counters):
        bucket = buckets[counter] = lock_bucket(tx, counter)
        if counter is counters[0] and bucket.lease_id and bucket.lease_until_us > tx.now_us:
            return Locked(1, busy=True)
        if waiting_us := wait_us(counter, bucket, tx.now_us):
            _refuse_untested(tx, guess, digest=name_digest, known=known_device)
            return Locked(-(-waiting_us // SECOND_US))
    lease = Lease(new_id(), guess, name_digest, known_device, counters)
    for counter, bucket in buckets.items():
        counted = replace(bucket, failures=bucket.failures + 1)
        if counter is counters[0]:
            counted = replace(
                counted, lease_id=lease.id, lease_until_us=tx.now_us + LEASE_SECONDS * SECOND_US
            )
        store_bucket(tx, counter, counted)
    return lease


def record_attempt(tx: Tx, lease: Lease, *, right: bool) -> None:
    """Settle a leased attempt: a success takes its count back, a failure locks as the counts ask.

    A wrong secret is also a signal, which the alarm reads, and a journal entry.
    """
    failures = 0
    for counter in _locking_order(lease.counters):
        bucket = lock_bucket(tx, counter)
        if bucket.lease_id == lease.id:
            bucket = replace(bucket, lease_id=0, lease_until_us=0)
        if right and counter.kind == "delay":
            bucket = replace(bucket, failures=0, locked_until_us=0)
        elif right:
            bucket = replace(bucket, failures=max(0, bucket.failures - 1))
        else:
            bucket = add_lock(counter, bucket, tx.now_us)
        if counter is lease.counters[0]:
            failures = bucket.failures
        store_bucket(tx, counter, bucket)
    outcome = "right" if right else "wrong"
    _add_attempt(tx, lease.guess, digest=lease.name_digest, known=lease.known_device, outcome=outcome)
    if not right:
        _tell(tx, lease.guess, digest=lease.name_digest, device=lease.known_device, failures=failures)


def spend_budget(
    tx: Tx, guess: Guess, *, kind: Kind = "credential_wrong", subject: str = ""
) -> Locked | None:
    """Count a wrong secret that has no account (an unknown key) against its address, and tell the alarm.

    Args:
        kind: `revoked_used` where the secret was right once.
        subject: what was tried, such as `api_key:7`; the account where it is empty.
    """
    digest = tx.vault.installation_digest("sign-in name", guess.name_key)
    counter = Counter(f"{guess.method}:{address_group(guess.address)}", "budget", FREE_PER_ADDRESS)
    bucket = lock_bucket(tx, counter)
    waiting_us = wait_us(counter, bucket, tx.now_us)
    _add_attempt(tx, guess, digest=digest, known="", outcome="locked" if waiting_us else "wrong")
    _signal(tx, guess, digest=digest, outcome="locked" if waiting_us else "wrong", kind=kind, subject=subject)
    if waiting_us:
        return Locked(-(-waiting_us // SECOND_US))
    store_bucket(tx, counter, replace(bucket, failures=bucket.failures + 1))
    _journal_failure(tx, guess, failures=bucket.failures + 1, known=False, subject=subject)
    return None


def give_back(tx: Tx, lease: Lease) -> None:
    """Free the lane of an attempt that was neither right nor wrong; its count stays."""
    bucket = lock_bucket(tx, lease.counters[0])
    if bucket.lease_id == lease.id:
        store_bucket(tx, lease.counters[0], replace(bucket, lease_id=0, lease_until_us=0))


def sweep_attempts(tx: Tx) -> int:
    """Delete counters that rest and attempts of more than 90 days ago; return how many rows (directory scope)."""
    return sweep_buckets(tx) + tx.run(_SWEEP, before=tx.now_us - _KEPT_DAYS * DAY_US)


def address_group(address: str) -> str:
    """Return what is counted as one address: an IPv4 address, or the /64 that one IPv6 host can choose from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


def _tell(tx: Tx, guess: Guess, *, digest: str, device: str, failures: int) -> None:
    _signal(tx, guess, digest=digest, device=device, outcome="wrong")
    _journal_failure(tx, guess, failures=failures, known=bool(device))


def _refuse_untested(tx: Tx, guess: Guess, *, digest: str, known: str) -> None:
    _add_attempt(tx, guess, digest=digest, known=known, outcome="locked")
    _signal(tx, guess, digest=digest, device=known, outcome="locked")


def _signal(
    tx: Tx, guess: Guess, *, digest: str, outcome: str, device: str = "", kind: Kind = "credential_wrong", subject: str = ""
) -> None:  # fmt: skip
    send_signal(tx, Signal(
        kind=kind, operator_id=guess.operator_id, name_digest=digest, method=guess.method, address=guess.address,
        device=device, outcome=outcome, subject=subject,
    ))  # fmt: skip


def _journal_failure(tx: Tx, guess: Guess, *, failures: int, known: bool, subject: str = "") -> None:
    data = {"method": guess.method, "failures": failures, "known_device": known}
    about = subject or f"operator:{guess.operator_id}"
    write_journal(tx, desk_actor(tx.merchant_id), verb="access.sign_in_failed", subject=about, data=data)


def _counters(guess: Guess, digest: str, known: str) -> tuple[Counter, ...]:
    """Return what counts a guess, its lane first."""
    if known:
        return (Counter(f"device:{digest}:{known}", "delay", FREE_PER_PAIR),)
    group = address_group(guess.address)
    return (
        Counter(f"account:{digest}", "delay", FREE_PER_ACCOUNT),
        Counter(f"pair:{digest}:{group}", "delay", FREE_PER_PAIR),
        Counter(f"address:{group}", "budget", FREE_PER_ADDRESS),
        Counter("overall", "budget", FREE_OVERALL),
    )


def _locking_order(counters: tuple[Counter, ...]) -> tuple[Counter, ...]:
    # The address first: one that has spent its budget makes no rows for the names it tries.
    # The same order everywhere, and the hottest row last: no deadlocks, short waits.
    return (counters[2], counters[0], counters[1], counters[3]) if len(counters) > 1 else counters


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


def _wait_for_lease(db: Database, guess: Guess, *, digest: str, known: str) -> Lease | Locked:
    until = time.monotonic() + TURN_SECONDS
    while True:
        found = db.write(
            guess.merchant_id, lambda tx: lease_attempt(tx, guess, name_digest=digest, known_device=known)
        )  # fmt: skip
        if isinstance(found, Lease) or not found.busy or time.monotonic() > until:
            return found
        time.sleep(_POLL_SECONDS * (0.5 + random.random()))


def _settle(
    db: Database, lease: Lease, *, right: bool, on_right: Callable[[Tx], R | None]
) -> R | SignInRefused:
    def record(tx: Tx) -> R | SignInRefused:
        made = on_right(tx) if right else None
        record_attempt(tx, lease, right=made is not None)
        return SignInRefused("wrong") if made is None else made

    return db.write(lease.guess.merchant_id, record)


def _add_attempt(tx: Tx, guess: Guess, *, digest: str, known: str, outcome: str) -> None:
    tx.run(
        _ADD_ATTEMPT, id=new_id(), name_digest=digest, merchant_id=guess.merchant_id, operator_id=guess.operator_id,
        address=guess.address[:64], known_device=int(bool(known)), method=guess.method, outcome=outcome, at_us=tx.now_us,
    )  # fmt: skip
