"""Attempts with a finger as rows: how one stands, and what ends it."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.bucket import lock_bucket, store_bucket
from tocsin.access.guess import lane_of
from tocsin.access.limiter import Lease, give_back, record_attempt
from tocsin.access.secret import hash_secret
from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, among, bind, insert_into, own

USE_SECONDS = 15
_KEPT_DAYS = 90

# `state`: open, stopping (another one took its place), matched, used; no_match, bad_scan, device_error, cancelled,
# vanished as the reader has it; expired. `said` and `signature` are the station's answer as it came: ids, a result, a time.
finger_attempt = merchant_table(
    "finger_attempt", big("id"), text("secret_hash"), text("nonce_hash"), text("purpose"), big("operator_id"), big("desk_id"),
    big("station_id"), big("command_id"), big("session_id"), text("lease"), text("state"), big("made_at_us"),
    big("expires_at_us"), big("answered_at_us"), text("said"), text("signature"), key=("id",),
)  # fmt: skip
index(finger_attempt, "merchant_id", "secret_hash", unique=True)
index(finger_attempt, "merchant_id", "expires_at_us")
_is_open = among(finger_attempt.c.state, "open", "stopping")
sa.Index(
    "ix_finger_attempt_open", finger_attempt.c.merchant_id, finger_attempt.c.desk_id, sqlite_where=_is_open,
    postgresql_where=_is_open,
)  # fmt: skip


class Attempt(Struct, frozen=True):
    """An attempt as it stands; `operator_id` is 0 where the name has none."""

    id: int
    nonce_hash: str
    purpose: str
    operator_id: int
    desk_id: int
    station_id: int
    command_id: int
    session_id: int
    lease: str
    state: str
    made_at_us: int
    expires_at_us: int

    def leased(self) -> Lease:
        """Return what the limiter gave for it."""
        return msgspec.json.decode(self.lease, type=Lease)


_COLUMNS = tuple(finger_attempt.c[f] for f in Attempt.__struct_fields__)
_ADD = insert_into(finger_attempt)
_ONE = Statement(
    sa.select(*_COLUMNS).where(own(finger_attempt), finger_attempt.c.id == bind("of_id")).with_for_update(), Attempt
)  # fmt: skip
_of_secret = (own(finger_attempt), finger_attempt.c.secret_hash == bind("hash", str))
_OF_SECRET = Statement(sa.select(*_COLUMNS).where(*_of_secret), Attempt)
_OPEN_AT_DESK = Statement(
    sa.select(*_COLUMNS).where(own(finger_attempt), finger_attempt.c.desk_id == bind("of_desk"), _is_open), Attempt
)  # fmt: skip
_OPEN = Statement(
    sa.select(*_COLUMNS).where(own(finger_attempt), _is_open).order_by(finger_attempt.c.desk_id), Attempt
)
_SETTLE = Statement[None](
    sa.update(finger_attempt).where(
        own(finger_attempt), finger_attempt.c.id == bind("of_id"), finger_attempt.c.state == bind("came_from", str)
    ),
    sets=("state",),
)  # fmt: skip
_USE = Statement[None](
    sa.update(finger_attempt).where(
        *_of_secret, finger_attempt.c.state == "matched", finger_attempt.c.answered_at_us > bind("since")
    ),
    sets=("state",),
)  # fmt: skip
_KEEP = Statement[None](
    sa.update(finger_attempt).where(own(finger_attempt), finger_attempt.c.id == bind("of_id")),
    sets=("answered_at_us", "said", "signature"),
)
_SWEEP = Statement[None](
    sa.delete(finger_attempt).where(own(finger_attempt), finger_attempt.c.expires_at_us < bind("before"))
)


def add_attempt(tx: Tx, **values: int | str) -> None:
    """Add an attempt that has begun."""
    tx.run(_ADD, **values, state="open", made_at_us=tx.now_us, answered_at_us=0, said="", signature="")


def attempt_of(tx: Tx, token: str) -> Attempt | None:
    """Return the attempt of a browser's token."""
    return tx.one(_OF_SECRET, hash=hash_secret(token))


def open_at_desk(tx: Tx, *, desk_id: int) -> list[Attempt]:
    """Return the attempts at a desk that no answer has ended."""
    return tx.rows(_OPEN_AT_DESK, of_desk=desk_id)


def use_up(tx: Tx, token: str) -> bool:
    """Use a match up, which lives 15 seconds; tell whether there was one."""
    since = tx.now_us - USE_SECONDS * SECOND_US
    return bool(tx.run(_USE, hash=hash_secret(token), since=since, state="used"))


def keep_answer(tx: Tx, found: Attempt, *, said: str, signature: str) -> None:
    """Keep what a station signed of an attempt."""
    tx.run(_KEEP, of_id=found.id, answered_at_us=tx.now_us, said=said, signature=signature)


def find_attempt(tx: Tx, *, attempt_id: int) -> Attempt | None:
    """Return an attempt, locked until the transaction ends."""
    return tx.one(_ONE, of_id=attempt_id)


def end_attempt(tx: Tx, found: Attempt, *, state: str) -> bool:
    """Move an attempt on from where it stands; what was not tested takes its count back. Tell whether it moved."""
    if not tx.run(_SETTLE, of_id=found.id, came_from=found.state, state=state):
        return False
    if state in ("matched", "no_match"):
        record_attempt(tx, found.leased(), right=state == "matched")
    elif state == "stopping":
        give_back(tx, found.leased())
    elif found.state in ("open", "stopping"):
        _take_back(tx, found.leased())
    append_event(tx, "access.finger_attempt", subject_id=found.id, data={"state": state})
    return True


def has_overdue(tx: Tx) -> bool:
    """Tell whether an attempt waits to be ended: a read, so that looking writes nothing."""
    return any(one.expires_at_us <= tx.now_us for one in tx.rows(_OPEN))


def expire_attempts(tx: Tx) -> int:
    """End the merchant's attempts that nobody answered in time; return how many."""
    due = [one for one in tx.rows(_OPEN) if one.expires_at_us <= tx.now_us]
    return sum(end_attempt(tx, one, state="expired") for one in due)


def sweep_finger_attempts(tx: Tx) -> int:
    """Delete attempts of more than 90 days ago, with what stations signed; return how many."""
    return tx.run(_SWEEP, before=tx.now_us - _KEPT_DAYS * DAY_US)


def _take_back(tx: Tx, lease: Lease) -> None:
    """Take back what an attempt was counted in which nothing was tested, and free its lane."""
    if lease.guess.decoy:  # nobody has that name: asking for it is what is told
        record_attempt(tx, lease, right=False)
        return
    lane = lane_of(lease.counters)
    for counter in lease.counters:
        bucket = lock_bucket(tx, counter)
        bucket = replace(bucket, failures=max(0, bucket.failures - 1))
        if counter == lane and bucket.lease_id == lease.id:
            bucket = replace(bucket, lease_id=0, lease_until_us=0)
        store_bucket(tx, counter, bucket)
