"""Buckets of the limiter: counters with a lock that grows, and budgets per span of time."""

from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.table import limit_bucket
from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, upsert

FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 30, 3600
BUDGET_SECONDS = 300
_FORGOTTEN_AFTER_US = DAY_US


class Counter(Struct, frozen=True):
    """What is counted: `delay` locks for longer each time, `budget` allows so many in 5 minutes."""

    name: str
    kind: Literal["delay", "budget"]
    free: int


class Bucket(Struct, frozen=True):
    """A counter's state."""

    failures: int = 0
    since_us: int = 0
    locked_until_us: int = 0
    lease_id: int = 0
    lease_until_us: int = 0
    touched_at_us: int = 0


_FIELDS = Bucket.__struct_fields__
_OPEN = Statement[None](upsert(limit_bucket).on_conflict_do_nothing(), sets=("name", *_FIELDS))
_LOCK = Statement(
    sa.select(*(limit_bucket.c[f] for f in _FIELDS)).where(limit_bucket.c.name == bind("name", str)).with_for_update(), Bucket
)  # fmt: skip
_STORE = Statement[None](
    sa.update(limit_bucket).where(limit_bucket.c.name == bind("bucket", str)), sets=_FIELDS
)  # fmt: skip
_SWEEP = Statement[None](sa.delete(limit_bucket).where(limit_bucket.c.touched_at_us < bind("before")))


def lock_bucket(tx: Tx, counter: Counter) -> Bucket:
    """Return a counter's state; on PostgreSQL its row is locked until the transaction ends."""
    fresh = {"since_us": tx.now_us, "touched_at_us": tx.now_us}
    tx.run(_OPEN, name=counter.name, **{**dict.fromkeys(_FIELDS, 0), **fresh})
    bucket = tx.one(_LOCK, name=counter.name) or Bucket()
    stale_after = BUDGET_SECONDS * SECOND_US if counter.kind == "budget" else _FORGOTTEN_AFTER_US
    begun = bucket.since_us if counter.kind == "budget" else bucket.touched_at_us
    if tx.now_us - begun >= stale_after:
        return replace(bucket, failures=0, locked_until_us=0, since_us=tx.now_us)
    return bucket


def wait_us(counter: Counter, bucket: Bucket, now_us: int) -> int:
    """Return how long nothing may be tried, 0 where it may be now."""
    if counter.kind == "delay":
        return max(0, bucket.locked_until_us - now_us)
    if bucket.failures < counter.free:
        return 0
    return max(0, bucket.since_us + BUDGET_SECONDS * SECOND_US - now_us)


def add_lock(counter: Counter, bucket: Bucket, now_us: int) -> Bucket:
    """Return a bucket locked as its failures ask: 30 s at the last free one, doubling to an hour."""
    if counter.kind == "budget" or bucket.failures < counter.free:
        return bucket
    seconds = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS << min(bucket.failures - counter.free, 10))
    return replace(bucket, locked_until_us=now_us + seconds * SECOND_US)


def store_bucket(tx: Tx, counter: Counter, bucket: Bucket) -> None:
    """Store a counter's state."""
    values = {field: getattr(bucket, field) for field in _FIELDS}
    tx.run(_STORE, bucket=counter.name, **{**values, "touched_at_us": tx.now_us})


def sweep_buckets(tx: Tx) -> int:
    """Delete the counters that nobody has touched for two days; return how many."""
    return tx.run(_SWEEP, before=tx.now_us - 2 * DAY_US)
