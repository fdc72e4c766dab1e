"""A second person: who wants a watched order asks, somebody else confirms, and for half an hour it is open to the one who asked.

It is asked at every door before anything leaves. Each ask, each answer and each try without one is recorded,
and a try is told to the alarm.
"""

from functools import partial
from typing import Any, Literal, NoReturn

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.step_up import require_proof
from tocsin.access.table import api_key
from tocsin.alarm.signal import Signal, send_signal, was_signalled
from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import id_at, new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, any_of, bind, insert_into, own
from tocsin.orders.lookup import record_lookup
from tocsin.orders.store import find_order_id, load_order
from tocsin.orders.table import second_ask
from tocsin.orders.watch_list import REASON_CHARACTERS, watched_among, watched_orders

Act = Literal["open", "reveal", "download", "print"]
ACTS: tuple[Act, ...] = ("open", "reveal", "download", "print")
OPEN_US, WAITS_US = 30 * MINUTE_US, DAY_US
_TOLD_US, _LIST_ROWS = 60 * MINUTE_US, 100


class SecondPersonNeeded(Refusal):
    """Order {number} is on the watch list: ask a second person to confirm, then do it again"""

    kind, code = "refused", "second_person_needed"


class AskWrong(Refusal):
    """What is asked can't be read: say what you want to do with the order, and why in 1 to 200 characters"""

    kind, code = "invalid", "ask_wrong"


class AskOver(Refusal):
    """Nothing waits to be confirmed there: it was answered, or a day has passed"""

    kind, code = "conflict", "ask_over"


class AskYours(Refusal):
    """Nobody confirms for himself, nor for a key that he made: let another person do it"""

    kind, code = "refused", "ask_yours"


class Ask(Struct, frozen=True):
    """What somebody wants to do with a watched order, and what was answered; `maker_id` is who made the key that asks."""

    id: int
    order_id: int
    act: str
    reason: str
    asked_kind: str
    asked_by: int
    asked_name: str
    maker_id: int
    at_us: int
    state: str
    decided_name: str
    decided_at_us: int | None
    until_us: int

    def shown_state(self, now_us: int) -> str:
        """Return how it stands: waiting, approved, refused or over."""
        waits = self.state == "waiting" and now_us < self.at_us + WAITS_US
        stands = self.state == "approved" and now_us < self.until_us
        return self.state if waits or stands or self.state == "refused" else "over"


_COLUMNS = tuple(second_ask.c[name] for name in Ask.__struct_fields__)
_ADD = insert_into(second_ask)
_ONE = Statement(sa.select(*_COLUMNS).where(own(second_ask), second_ask.c.id == bind("id")), Ask)
_WAITING = Statement(
    sa.select(*_COLUMNS).where(own(second_ask), second_ask.c.state == "waiting", second_ask.c.id > bind("since"))
    .order_by(second_ask.c.id.desc()).limit(_LIST_ROWS),
    Ask,
)  # fmt: skip
_MINE = Statement(
    sa.select(*_COLUMNS).where(own(second_ask), second_ask.c.asked_by == bind("asked_by"))
    .order_by(second_ask.c.id.desc()).limit(bind("limit")),
    Ask,
)  # fmt: skip
_APPROVED = Statement(
    sa.select(*_COLUMNS).where(own(second_ask), any_of(second_ask.c.order_id, "ids"), second_ask.c.state == "approved",
                               second_ask.c.until_us > bind("now_us")),
    Ask,
)  # fmt: skip
_OPEN_NOW = Statement[tuple[int, str, int]](
    sa.select(second_ask.c.order_id, second_ask.c.act, second_ask.c.asked_by)
    .where(own(second_ask), second_ask.c.state == "approved", second_ask.c.id > bind("since"), second_ask.c.until_us > bind("now_us"))
)  # fmt: skip
_DECIDE = Statement[None](
    sa.update(second_ask).where(own(second_ask), second_ask.c.id == bind("b_id"), second_ask.c.state == "waiting"),
    sets=("state", "decided_by", "decided_name", "decided_at_us", "until_us"),
)  # fmt: skip
_MAKER = Statement[tuple[int]](
    sa.select(api_key.c.created_by).where(own(api_key), api_key.c.id == bind("id"))
)


def pass_second_person(db: Database, actor: Actor, *, order_id: int, act: Act, door: str) -> None:
    """Let an act on an order go on where it is not watched or was confirmed; else record the try, and refuse it.

    Raises:
        SecondPersonNeeded
    """
    if db.read(actor.merchant_id, partial(barred_among, actor=actor, order_ids=[order_id], act=act)):
        refuse_alone(db, actor, order_id=order_id, act=act, door=door)


def refuse_alone(db: Database, actor: Actor, *, order_id: int, act: Act, door: str) -> NoReturn:
    """Record that a watched order was tried alone, and refuse it.

    Raises:
        SecondPersonNeeded
    """
    tell = partial(record_try, actor=actor, order_id=order_id, act=act, door=door)
    raise SecondPersonNeeded(number=db.write(actor.merchant_id, tell), act=act)


def require_second(tx: Tx, actor: Actor, *, order_id: int, number: str) -> None:
    """Refuse to change a watched order alone; a door that is refused records the try, in a transaction of its own.

    Raises:
        SecondPersonNeeded
    """
    if barred_among(tx, actor, order_ids=[order_id], act="open"):
        raise SecondPersonNeeded(number=number, act="open")


def record_refused(tx: Tx, actor: Actor, *, refused: SecondPersonNeeded, door: str) -> None:
    """Record what a transaction refused that is gone with its refusal."""
    order_id = find_order_id(tx, number=str(refused.data["number"]))
    record_try(tx, actor, order_id=order_id, act=str(refused.data["act"]), door=door)


def barred_among(tx: Tx, actor: Actor, *, order_ids: list[int], act: Act) -> set[int]:
    """Return those of some orders that are watched, and not open to this actor for this act.

    What the desk does by itself (a hold whose time has come) follows what somebody was confirmed for.
    """
    watched = watched_among(tx, order_ids=order_ids)
    if not watched or (actor.kind == "desk" and act != "print"):
        return set()
    approved = tx.rows(_APPROVED, ids=sorted(watched), now_us=tx.now_us)
    return watched - {
        ask.order_id for ask in approved if _opens(actor, act, ask.act, (ask.asked_kind, ask.asked_by))
    }


def left_out(tx: Tx, *, actor_id: int) -> frozenset[int]:
    """Return the orders that a file of somebody is written without: watched, and not confirmed for his download."""
    watched = watched_orders(tx)
    if not watched:
        return frozenset()
    rows = tx.rows(_OPEN_NOW, since=id_at(tx.now_us - WAITS_US - OPEN_US), now_us=tx.now_us)
    return frozenset(watched) - {
        order_id for order_id, act, by in rows if (act, by) == ("download", actor_id)
    }


def record_try(tx: Tx, actor: Actor, *, order_id: int, act: str, door: str) -> str:
    """Record that somebody tried without a second person, and tell the alarm, once an hour and order; return the number."""
    order, subject = load_order(tx, order_id=order_id), f"order:{order_id}"
    record_lookup(
        tx, actor, door=door, kind="barred", query=order.number, pairs=[(order_id, order.head_revision)]
    )  # fmt: skip
    write_journal(tx, actor, verb="orders.watched_tried", subject=subject, data={"act": act, "door": door})
    if not told_lately(tx, order_id=order_id):
        operator_id = actor.id if actor.kind == "operator" else 0
        send_signal(
            tx, Signal(kind="watched_tried", operator_id=operator_id, subject=subject, data={"act": act, "door": door})
        )  # fmt: skip
    return order.number


def told_lately(tx: Tx, *, order_id: int) -> bool:
    """Tell whether the alarm has heard within an hour that an order was tried alone."""
    return was_signalled(tx, kind="watched_tried", subject=f"order:{order_id}", since_us=tx.now_us - _TOLD_US)


def ask_second_person(tx: Tx, actor: Actor, *, number: str, act: str, reason: str) -> int:
    """Ask that somebody else confirms an act on an order; return the ask's id, an equal one's that waits already.

    Raises:
        NotAllowed, OrderMissing
        AskWrong: there is no such act, or no reason.
    """
    require(actor, "query")
    if act not in ACTS or not 0 < len(reason.strip()) <= REASON_CHARACTERS:
        raise AskWrong
    order_id = find_order_id(tx, number=number)
    for ask in own_asks(tx, actor):
        if (ask.order_id, ask.act, ask.shown_state(tx.now_us)) == (order_id, act, "waiting"):
            return ask.id
    ask_id = new_id()
    maker_id = maker_of(tx, actor)
    tx.run(
        _ADD, id=ask_id, order_id=order_id, act=act, reason=reason.strip(), asked_kind=actor.kind, asked_by=actor.id,
        asked_name=actor.name, maker_id=maker_id, at_us=tx.now_us, state="waiting", decided_by=0, decided_name="",
        decided_at_us=None, until_us=0,
    )  # fmt: skip
    write_journal(
        tx,
        actor,
        verb="orders.ask_second",
        subject=f"order:{order_id}",
        data={"act": act, "ask": str(ask_id)},
    )
    return ask_id


def answer_ask(tx: Tx, actor: Actor, *, ask_id: int, approved: bool) -> None:
    """Confirm or refuse what somebody else asks; what is confirmed is open to him alone, for half an hour.

    Raises:
        NotAllowed: it takes a person with the right.
        ProofNeeded: he has not proved lately who he is.
        AskYours, AskOver
    """
    require(actor, "second_person")
    if actor.kind != "operator":
        raise NotAllowed(right="second_person")
    require_proof(actor)
    found = tx.one(_ONE, id=ask_id)
    if found is None or found.shown_state(tx.now_us) != "waiting":
        raise AskOver
    if actor.id in (found.asked_by, found.maker_id):
        raise AskYours
    state = "approved" if approved else "refused"
    if not tx.run(
        _DECIDE, b_id=ask_id, state=state, decided_by=actor.id, decided_name=actor.name, decided_at_us=tx.now_us,
        until_us=tx.now_us + OPEN_US if approved else 0,
    ):  # fmt: skip
        raise AskOver
    data: dict[str, Any] = {"act": found.act, "ask": str(ask_id), "asked_by": str(found.asked_by)}
    write_journal(tx, actor, verb=f"orders.second_{state}", subject=f"order:{found.order_id}", data=data)


def maker_of(tx: Tx, actor: Actor) -> int:
    """Return who made the key that acts, 0 where a person does."""
    return int(tx.value(_MAKER, id=actor.id) or 0) if actor.kind == "api_key" else 0


def waiting_asks(tx: Tx, actor: Actor) -> list[Ask]:
    """Return what waits to be confirmed, the newest first; none for who may not confirm."""
    if not actor.may("second_person"):
        return []
    found = tx.rows(_WAITING, since=id_at(tx.now_us - WAITS_US))
    return [ask for ask in found if ask.shown_state(tx.now_us) == "waiting"]


def own_asks(tx: Tx, actor: Actor, *, limit: int = 20) -> list[Ask]:
    """Return what the actor has asked for himself, the newest first."""
    return tx.rows(_MINE, asked_by=actor.id, limit=limit)


def _opens(actor: Actor, act: Act, confirmed: str, asked: tuple[str, int]) -> bool:
    """Tell whether a confirmed act lets another one go on: what is confirmed in any way may be opened too."""
    theirs = actor.kind == "desk" or asked == (actor.kind, actor.id)
    return theirs and (act in ("open", confirmed))
