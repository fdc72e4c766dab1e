"""Idempotency keys: a repeated unsafe request gets its first answer, for a day.

Source: IETF draft-ietf-httpapi-idempotency-key-header; a key with another body is a conflict.
"""

import hashlib
from collections.abc import Callable

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.schema import big, blob, index, merchant_table, text
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.vault import seal, unseal

LIFE_US = DAY_US
LONGEST_REQUEST_US = 5 * MINUTE_US
idempotency = merchant_table(
    "idempotency", text("key"), text("route"), text("body_digest"), big("status"), blob("answer", nullable=True),
    big("at_us"), key=("key",),
)  # fmt: skip
index(idempotency, "merchant_id", "at_us")


class KeyReused(Refusal):
    """The Idempotency-Key was used with another request: make a new key for a new request"""

    kind, code = "conflict", "idempotency_key_reused"


class KeyInUse(Refusal):
    """A request with this Idempotency-Key is still being answered: try again in a moment"""

    kind, code = "locked", "idempotency_key_in_use"


class KeyBrokeOff(Refusal):
    """The first request with this Idempotency-Key broke off: look what it has done, then send the rest with a new key"""

    kind, code = "conflict", "idempotency_key_broke_off"


class Answer(Struct, frozen=True):
    """What was answered: HTTP status and body."""

    status: int
    body: bytes


class _Row(Struct, frozen=True):
    route: str
    body_digest: str
    status: int
    answer: bytes | None
    at_us: int


_CLAIM = Statement[None](
    upsert(idempotency).on_conflict_do_nothing(),
    sets=("merchant_id", "key", "route", "body_digest", "status", "answer", "at_us"),
)
_GET = Statement(
    sa.select(*(idempotency.c[name] for name in _Row.__struct_fields__))
    .where(own(idempotency), idempotency.c.key == bind("b_key", str)),
    _Row,
)  # fmt: skip
_SETTLE = Statement[None](
    sa.update(idempotency).where(own(idempotency), idempotency.c.key == bind("b_key", str)),
    sets=("status", "answer"),
)
_DROP = Statement[None](
    sa.delete(idempotency).where(own(idempotency), idempotency.c.key == bind("b_key", str))
)
_EXPIRE = Statement[None](
    sa.delete(idempotency).where(own(idempotency), idempotency.c.at_us < bind("before"))
)

_ANSWERS = Statement[tuple[str, bytes]](
    sa.select(idempotency.c.key, idempotency.c.answer).where(
        own(idempotency), idempotency.c.at_us > bind("since"), idempotency.c.answer.is_not(None)
    )
)
_FORGET = Statement[None](
    sa.update(idempotency)
    .where(own(idempotency), idempotency.c.key == bind("b_key", str))
    .values(answer=sa.null(), at_us=bind("long_ago"))
)


def claim_key(tx: Tx, key: str, *, route: str, body: bytes) -> Answer | None:
    """Claim a key for a request; return the earlier answer where there is one.

    Raises:
        KeyReused: the key came with another route or body.
        KeyInUse: the first request is still running.
        KeyBrokeOff: it has not been answered for longer than any request runs.
    """
    tx.add(_EXPIRE, before=tx.now_us - LIFE_US)
    digest = tx.vault.keys(tx).digest("idempotency", hashlib.sha256(body).hexdigest())
    if tx.run(_CLAIM, key=key, route=route, body_digest=digest, status=0, answer=None, at_us=tx.now_us):
        return None
    found = tx.one(_GET, b_key=key)
    assert found is not None, "the key was just refused as taken"
    if (found.route, found.body_digest) != (route, digest):
        raise KeyReused
    if found.answer is None:
        raise KeyBrokeOff if found.at_us < tx.now_us - LONGEST_REQUEST_US else KeyInUse
    return Answer(found.status, open_answer(tx, key, found.answer))


def settle_key(tx: Tx, key: str, answer: Answer) -> None:
    """Keep the answer of a claimed key, sealed; call it in the transaction of the change itself."""
    sealed = seal(tx.vault.keys(tx).wrapping, answer.body, bound_to=_bound(tx, key))
    tx.add(_SETTLE, b_key=key, status=answer.status, answer=sealed)


def open_answer(tx: Tx, key: str, sealed: bytes) -> bytes:
    """Return what a key's answer says."""
    return unseal(tx.vault.keys(tx).wrapping, sealed, bound_to=_bound(tx, key))


def keep_answer(tx: Tx, key: str, *, route: str, answer: Answer) -> None:
    """Keep something under a key that nobody has claimed, as an answer is kept: sealed, for a day, without the erased."""
    claim_key(tx, key, route=route, body=b"")
    settle_key(tx, key, answer)


def kept_answer(tx: Tx, key: str, *, status: int = 200, life_us: int = LIFE_US) -> bytes | None:
    """Return what was kept under a key with that status; None where it is too old, erased, or never was."""
    found = tx.one(_GET, b_key=key)
    if found is None or found.answer is None or found.status != status or found.at_us <= tx.now_us - life_us:
        return None
    return open_answer(tx, key, found.answer)


def drop_key(tx: Tx, key: str) -> None:
    """Give a claimed key back: its request was refused and changed nothing."""
    tx.run(_DROP, b_key=key)


def forget_answers(tx: Tx, *, tells_of: Callable[[str], bool]) -> int:
    """Take kept answers out that tell of an erased person; whoever repeats such a request is told to look."""
    wrapping, count = tx.vault.keys(tx).wrapping, 0
    for key, sealed in tx.rows(_ANSWERS, since=tx.now_us - LIFE_US):
        if tells_of(unseal(wrapping, sealed, bound_to=_bound(tx, key)).decode("utf-8", "replace")):
            count += tx.run(_FORGET, b_key=key, long_ago=tx.now_us - LONGEST_REQUEST_US - 1)
    return count


def _bound(tx: Tx, key: str) -> bytes:
    return f"idempotency {tx.merchant_id} {key}".encode()
