"""Challenges: what a passkey is to sign. Random, single-use, short-lived, bound to purpose and session.

One that was answered wrongly, or that its page reports failed, counts as a failed sign-in. One that
nobody answers counts when it repeats. A wrong finger itself never reaches the desk: what is counted
without an answer is inferred, not observed.
"""

import secrets
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.bucket import Counter, lock_bucket, store_bucket, wait_us
from tocsin.access.guess import Guess
from tocsin.access.limiter import Locked, spend_budget
from tocsin.access.secret import hash_secret
from tocsin.core.address import address_group
from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.schema import big, directory_table, index, text
from tocsin.core.statement import Statement, among, bind, insert_into

Purpose = Literal["sign_in", "prove", "add"]
METHOD = "passkey"
CHALLENGE_BYTES = 32
LIFE_US = 3 * MINUTE_US
WINDOW_US = 60 * MINUTE_US
FREE_PER_ADDRESS = 300
_AT_ONCE = 100

# `browser` tells two unanswered ones of one browser: hash of the device cookie, or the address without one.
# `state`: open (somebody asked for the fingerprint), waiting (the page offers it, and nobody need take it),
# answered, failed (the page says so), left (nobody answered).
challenge = directory_table(
    "challenge", text("challenge_hash"), text("purpose"), big("merchant_id"), big("operator_id"), big("session_id"),
    text("name_digest"), text("device"), text("browser"), text("address"), big("decoy"), text("state"), big("made_at_us"),
    big("expires_at_us"), key=("challenge_hash",),
)  # fmt: skip
index(challenge, "state", "expires_at_us")
index(challenge, "expires_at_us")
index(challenge, "name_digest", "made_at_us")
index(challenge, "browser", "made_at_us")


class Asked(Struct, frozen=True):
    """What a challenge is made for, and taken with.

    Args:
        session_id: the session that alone may answer it; 0 before the sign-in.
        name_digest: of the sign-in name that was given; empty where any passkey will do.
        device: hash of the known device; `browser` of any that has the cookie, or the address.
        decoy: the name is one that nobody has.
        pressed: somebody asked for the fingerprint, so that an answer is due.
    """

    purpose: Purpose
    address: str
    operator_id: int = 0
    session_id: int = 0
    name_digest: str = ""
    device: str = ""
    browser: str = ""
    decoy: bool = False
    pressed: bool = False


class Taken(Struct, frozen=True):
    """A challenge that has just been used up."""

    merchant_id: int
    operator_id: int
    name_digest: str
    device: str
    address: str
    decoy: int

    def guess(self) -> Guess:
        """Return who seems to have tried."""
        return _guess_of(self)


class _Unanswered(Struct, frozen=True):
    challenge_hash: str
    merchant_id: int
    operator_id: int
    name_digest: str
    device: str
    browser: str
    address: str
    decoy: int
    made_at_us: int


_of_hash = challenge.c.challenge_hash == bind("hash", str)
_open = among(challenge.c.state, "open", "waiting")
_ADD = insert_into(challenge)
_TAKE = Statement(
    sa.update(challenge)
    .where(
        _of_hash, _open, challenge.c.purpose == bind("b_purpose", str), challenge.c.session_id == bind("b_session_id"),
        challenge.c.expires_at_us > bind("now"),
    )
    .returning(*(challenge.c[f] for f in Taken.__struct_fields__)),
    Taken, sets=("state",),
)  # fmt: skip
_DUE = Statement(
    sa.select(*(challenge.c[f] for f in _Unanswered.__struct_fields__))
    .where(challenge.c.state == "open", challenge.c.expires_at_us <= bind("now"))
    .order_by(challenge.c.expires_at_us).limit(_AT_ONCE),
    _Unanswered,
)  # fmt: skip
_LEAVE = Statement[None](sa.update(challenge).where(_of_hash, challenge.c.state == "open"), sets=("state",))
_left_before = (
    challenge.c.state == "left",
    challenge.c.made_at_us > bind("since"),
    challenge.c.challenge_hash != bind("hash", str),
)
_BEFORE_OF_NAME = Statement[tuple[str]](
    sa.select(challenge.c.challenge_hash).where(challenge.c.name_digest == bind("digest", str), *_left_before).limit(1)
)  # fmt: skip
_BEFORE_OF_BROWSER = Statement[tuple[str]](
    sa.select(challenge.c.challenge_hash).where(challenge.c.browser == bind("of_browser", str), *_left_before).limit(1)
)  # fmt: skip
_SWEEP_WAITING = Statement[None](
    sa.delete(challenge).where(challenge.c.state == "waiting", challenge.c.expires_at_us < bind("before"))
)
_SWEEP = Statement[None](sa.delete(challenge).where(challenge.c.expires_at_us < bind("before")))


def make_challenge(tx: Tx, asked: Asked) -> bytes | Locked:
    """Return a new challenge of the transaction's merchant; an address gets 300 in five minutes."""
    counter = Counter(f"challenge:{address_group(asked.address)}", "budget", FREE_PER_ADDRESS)
    bucket = lock_bucket(tx, counter)
    if waiting_us := wait_us(counter, bucket):
        return Locked(-(-waiting_us // SECOND_US))
    store_bucket(tx, counter, replace(bucket, failures=bucket.failures + 1))
    made = secrets.token_bytes(CHALLENGE_BYTES)
    tx.run(
        _ADD, challenge_hash=_hash(made), purpose=asked.purpose, operator_id=asked.operator_id, session_id=asked.session_id,
        name_digest=asked.name_digest, device=asked.device, browser=asked.browser, address=asked.address[:64], decoy=int(asked.decoy),
        state="open" if asked.pressed else "waiting", made_at_us=tx.now_us, expires_at_us=tx.now_us + LIFE_US,
    )  # fmt: skip
    return made


def take_challenge(
    tx: Tx, made: bytes, *, purpose: Purpose, session_id: int = 0, failed: bool = False
) -> Taken | None:
    """Use a challenge up; None where it is unknown, used, too old, or for another purpose or session."""
    state = "failed" if failed else "answered"
    found = tx.rows(
        _TAKE, hash=_hash(made), b_purpose=purpose, b_session_id=session_id, now=tx.now_us, state=state
    )  # fmt: skip
    return found[0] if found else None


def count_unanswered(db: Database) -> int:
    """Count the challenges that nobody answered; from the second of one name or browser in an hour on they are failures.

    Returns:
        How many were looked at.
    """
    due = db.read(DIRECTORY_SCOPE, lambda tx: tx.rows(_DUE, now=tx.now_us))
    for one in due:
        db.write(one.merchant_id, lambda tx, one=one: _leave(tx, one))  # type: ignore[misc]
    return len(due)


def sweep_challenges(tx: Tx) -> int:
    """Delete the challenges that nothing more follows from; return how many (directory scope)."""
    return tx.run(_SWEEP_WAITING, before=tx.now_us) + tx.run(_SWEEP, before=tx.now_us - WINDOW_US)


def _leave(tx: Tx, one: _Unanswered) -> None:
    # Another process may have been faster.
    if not tx.run(_LEAVE, hash=one.challenge_hash, state="left"):
        return
    since = one.made_at_us - WINDOW_US
    if one.name_digest:
        before = tx.one(_BEFORE_OF_NAME, digest=one.name_digest, since=since, hash=one.challenge_hash)
    else:
        before = tx.one(_BEFORE_OF_BROWSER, of_browser=one.browser, since=since, hash=one.challenge_hash)
    if before is not None:
        spend_budget(tx, _guess_of(one), reason="unanswered", outcome="inferred")


def _guess_of(one: Taken | _Unanswered) -> Guess:
    return Guess(
        METHOD, "", one.address, merchant_id=one.merchant_id, operator_id=one.operator_id, name_digest=one.name_digest,
        known_device=one.device, decoy=bool(one.decoy),
    )  # fmt: skip


def _hash(made: bytes) -> str:
    return hash_secret(made.hex())
