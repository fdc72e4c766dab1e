"""Buckets of the limiter: counters with a lock that grows, budgets per span of time, failures in a row.

Their times are of the steady clock: setting the wall clock neither lifts a lock nor lengthens it.
"""

from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.table import limit_bucket
from tocsin.core.clock import DAY_US, SECOND_US, steady_us
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, old_rows, upsert
from tocsin.core.sweep import sweep_old

FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 30, 3600
BUDGET_SECONDS = 300
_FORGOTTEN_AFTER_US, _ROW_KEPT_US = DAY_US, 400 * DAY_US
_SKEW_US = 5 * SECOND_US


class Counter(Struct, frozen=True):
    """What is counted.

    Args:
        kind: `delay` locks for longer each time, `budget` allows so many in 5 minutes, `row` so many in a row until a reset.
        account: digest of the account whose locks a person may lift; empty: none.
    """

    name: str
    kind: Literal["delay", "budget", "row"]
    free: int
    account: str = ""


class Bucket(Struct, frozen=True):
    """A counter's state."""

    failures: int = 0
    since_us: int = 0
    locked_until_us: int = 0
    lease_id: int = 0
    lease_until_us: int = 0
    touched_at_us: int = 0


_FIELDS = Bucket.__struct_fields__
_OPEN = Statement[None](upsert(limit_bucket).on_conflict_do_nothing(), sets=("name", "account", *_FIELDS))
_LOCK = Statement(
    sa.select(*(limit_bucket.c[f] for f in _FIELDS)).where(limit_bucket.c.name == bind("name", str)).with_for_update(), Bucket
)  # fmt: skip
_STORE = Statement[None](
    sa.update(limit_bucket).where(limit_bucket.c.name == bind("bucket", str)), sets=_FIELDS
)  # fmt: skip
_LIFT = Statement[None](
    sa.update(limit_bucket).where(limit_bucket.c.account == bind("of_account", str)),
    sets=("failures", "locked_until_us"),
)
_SWEPT_TO, _SWEEP = old_rows(limit_bucket.c.touched_at_us)


def lock_bucket(tx: Tx, counter: Counter) -> Bucket:
    """Return a counter's state; on PostgreSQL its row is locked until the transaction ends."""
    now = steady_us()
    fresh = {"since_us": now, "touched_at_us": now}
    tx.run(_OPEN, name=counter.name, account=counter.account, **{**dict.fromkeys(_FIELDS, 0), **fresh})
    bucket = tx.one(_LOCK, name=counter.name) or Bucket()
    if counter.kind == "row":
        return bucket
    if bucket.touched_at_us > now + _SKEW_US:
        bucket = _put_back(bucket, now)
        store_bucket(tx, counter, bucket)
    stale_after = BUDGET_SECONDS * SECOND_US if counter.kind == "budget" else _FORGOTTEN_AFTER_US
    begun = bucket.since_us if counter.kind == "budget" else bucket.touched_at_us
    if now - begun >= stale_after:
        return replace(bucket, failures=0, locked_until_us=0, since_us=now)
    return bucket


def wait_us(counter: Counter, bucket: Bucket) -> int:
    """Return how long nothing may be tried, 0 where it may be now; `row` waits for a person, not for a time."""
    if counter.kind == "delay":
        return max(0, bucket.locked_until_us - steady_us())
    if bucket.failures < counter.free:
        return 0
    if counter.kind == "row":
        return LONGEST_DELAY_SECONDS * SECOND_US
    return max(0, bucket.since_us + BUDGET_SECONDS * SECOND_US - steady_us())


def add_lock(counter: Counter, bucket: Bucket) -> Bucket:
    """Return a bucket locked as its failures ask: 30 s at the last free one, doubling to an hour."""
    if counter.kind != "delay" or bucket.failures < counter.free:
        return bucket
    seconds = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS << min(bucket.failures - counter.free, 10))
    return replace(bucket, locked_until_us=steady_us() + seconds * SECOND_US)


def store_bucket(tx: Tx, counter: Counter, bucket: Bucket) -> None:
    """Store a counter's state."""
    values = {field: getattr(bucket, field) for field in _FIELDS}
    # What waits for a person is kept for longer than any count that rests.
    until = steady_us() + (_ROW_KEPT_US if counter.kind == "row" else 0)
    tx.run(_STORE, bucket=counter.name, **{**values, "touched_at_us": until})


def lift_locks(tx: Tx, *, account: str) -> int:
    """Lift all locks of an account, wherever it was tried from; return how many counters it had."""
    return tx.run(_LIFT, of_account=account, failures=0, locked_until_us=0)


def sweep_buckets(tx: Tx) -> int:
    """Delete some of the counters that nobody has touched for two days; return how many."""
    return sweep_old(tx, _SWEPT_TO, _SWEEP, before=steady_us() - 2 * DAY_US)


def _put_back(bucket: Bucket, now: int) -> Bucket:
    """Return a bucket of a process whose clock was ahead of this one's: what was left of its times is left now."""
    by = now - bucket.touched_at_us
    return replace(
        bucket, since_us=bucket.since_us + by, locked_until_us=max(0, bucket.locked_until_us + by),
        lease_until_us=max(0, bucket.lease_until_us + by), touched_at_us=now,
    )  # fmt: skip
