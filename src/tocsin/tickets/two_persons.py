"""Acknowledged by two: for the codes that a merchant chose, one person's acknowledgement waits for another's.

The first signs, and the finding stands; another person, who may confirm as second, signs after him. What was signed is
this finding, as it was, on its revision; it stands a day, and only as long as who signed may acknowledge at all.
A key counts as the person who made it, and is never the second.
"""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.step_up import require_proof
from tocsin.access.table import api_key, operator
from tocsin.core.actor import ROLES, Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, any_of, bind, own, upsert
from tocsin.orders.draft import Order
from tocsin.orders.second_person import WAITS_US, barred_among, maker_of
from tocsin.tickets.check_choice import WATCHED, asks_two
from tocsin.tickets.rule import Finding
from tocsin.tickets.table import first_signature

_LISTED_MOST = 100
Signed = tuple[int, int, str, str]
"""What is signed: (order id, revision, code, mark of what was found)."""


class SecondSignatureNeeded(Refusal):
    """{codes} was acknowledged once: another person, who may confirm as second, must acknowledge it too"""

    kind, code = "refused", "second_signature_needed"


class Signature(Struct, frozen=True):
    """Who has acknowledged as the first of two, and when; `person_id` is who it counts as."""

    order_id: int
    revision: int
    code: str
    mark: str
    at_us: int
    person_id: int
    key_id: int
    actor_name: str


class _Row(Signature, frozen=True):
    role: str
    scopes: str | None

    def stands(self) -> bool:
        """Tell whether who signed may acknowledge still: his role, and the key that he made, if one did."""
        scopes = msgspec.json.decode(self.scopes or "[]") if self.key_id else ("acknowledge",)
        return "acknowledge" in scopes and "acknowledge" in ROLES.get(self.role, frozenset())


_names = Signature.__struct_fields__
_person = sa.and_(
    operator.c.merchant_id == first_signature.c.merchant_id, operator.c.id == first_signature.c.person_id,
    operator.c.active == 1,
)  # fmt: skip
_key = sa.and_(
    api_key.c.merchant_id == first_signature.c.merchant_id, api_key.c.id == first_signature.c.key_id,
    api_key.c.revoked_at_us.is_(None), api_key.c.suspended_at_us == 0,
)  # fmt: skip
_STANDING = Statement(
    sa.select(*(first_signature.c[name] for name in _names), operator.c.role, api_key.c.scopes)
    .select_from(first_signature.join(operator, _person).outerjoin(api_key, _key))
    .where(own(first_signature), any_of(first_signature.c.order_id, "ids"), first_signature.c.at_us > bind("since_us")),
    _Row,
)  # fmt: skip
_SIGNED = Statement[tuple[int]](
    sa.select(first_signature.c.order_id)
    .where(own(first_signature), first_signature.c.at_us > bind("since_us"))
    .order_by(first_signature.c.at_us.desc()).limit(_LISTED_MOST)
)  # fmt: skip
_signing = upsert(first_signature)
_SIGN = Statement[None](
    _signing.on_conflict_do_update(
        index_elements=["merchant_id", "order_id", "revision", "code"],
        set_={name: _signing.excluded[name] for name in _names[3:]},
    ),
    sets=("merchant_id", *_names),
)
_OVER = Statement[None](
    sa.delete(first_signature).where(own(first_signature), first_signature.c.at_us <= bind("until_us"))
)
_DONE = Statement[None](
    sa.delete(first_signature).where(
        own(first_signature), first_signature.c.order_id == bind("order_id"), any_of(first_signature.c.code, "codes")
    )
)  # fmt: skip


def sign(tx: Tx, actor: Actor, order: Order, *, findings: Iterable[Finding]) -> dict[str, str]:
    """Sign for findings of an order; return the codes that are acknowledged thereby, each with by whom.

    Raises:
        SecondSignatureNeeded: each of them waits for somebody else.
        ProofNeeded: he would be the second, and has not proved lately who he is.
    """
    marks = marks_of(findings)
    asked = asks_two(tx, shop_id=order.shop_id) & set(marks)
    if WATCHED in asked and not barred_among(tx, actor, order_ids=[order.id], act="print"):
        asked -= {WATCHED}  # somebody has confirmed that he prints it
    standing = signatures_of(tx, order_ids=[order.id]) if asked else {}
    firsts = {code: standing.get((order.id, order.revision, code, marks[code])) for code in sorted(asked)}
    if any(first and may_be_second(actor, first) for first in firsts.values()):
        require_proof(actor)
    done = {code: actor.name for code in marks if code not in asked}
    done |= {
        code: f"{first.actor_name} + {actor.name}" for code, first in firsts.items() if first and may_be_second(actor, first)
    }  # fmt: skip
    new = {code: marks[code] for code, first in firsts.items() if first is None}
    if not done and not new:
        raise SecondSignatureNeeded(codes=", ".join(firsts))
    if new:
        _sign_first(tx, actor, order, marks=new)
    if asked & set(done):
        tx.run(_DONE, order_id=order.id, codes=sorted(asked & set(done)))
    return done


def signatures_of(tx: Tx, *, order_ids: list[int]) -> dict[Signed, Signature]:
    """Return what first ones have signed of some orders, as far as it stands, by what they signed."""
    rows = tx.rows(_STANDING, ids=order_ids, since_us=tx.now_us - WAITS_US)
    return {(row.order_id, row.revision, row.code, row.mark): row for row in rows if row.stands()}


def signed_orders(tx: Tx) -> list[int]:
    """Return orders of which something was signed once within a day, the newest first."""
    return list(dict.fromkeys(row[0] for row in tx.rows(_SIGNED, since_us=tx.now_us - WAITS_US)))


def may_be_second(actor: Actor, first: Signature) -> bool:
    """Tell whether an actor may sign after a first one: another person, with the right to."""
    return actor.kind == "operator" and actor.may("second_person") and actor.id != first.person_id


def marks_of(findings: Iterable[Finding]) -> dict[str, str]:
    """Return a mark of what was found, by code: what is found otherwise has another one."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.code, []).append(finding)
    return {code: sha256(msgspec.json.encode(each)).hexdigest() for code, each in found.items()}


def _sign_first(tx: Tx, actor: Actor, order: Order, *, marks: dict[str, str]) -> None:
    maker_id = maker_of(tx, actor)
    for code, mark in marks.items():
        tx.run(
            _SIGN, order_id=order.id, revision=order.revision, code=code, mark=mark, at_us=tx.now_us,
            person_id=maker_id or actor.id, key_id=actor.id if maker_id else 0, actor_name=actor.name,
        )  # fmt: skip
    tx.run(_OVER, until_us=tx.now_us - WAITS_US)
    data = {"codes": [*marks], "revision": order.revision}
    write_journal(tx, actor, verb="tickets.sign_first", subject=f"order:{order.id}", data=data)
    append_event(tx, "order.signed", subject_id=order.id, data={"revision": order.revision})
