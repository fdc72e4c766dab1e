"""Box 12, produce (issue): number it, total it, freeze the revision. The only door into the store.

The number's counter is taken last thing in the transaction, because it is the row that all
orders of a shop's day wait for.
"""

import hashlib
from itertools import count
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, replace

from tocsin.core.actor import Actor
from tocsin.core.clock import business_day
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.party import Party, StoredParty, store_party
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.tenant import Shop
from tocsin.core.text import all_plain, removed_characters, strip_control
from tocsin.orders.bounds import require_sane
from tocsin.orders.draft import Draft, Line
from tocsin.orders.search import index_order
from tocsin.orders.store import Body
from tocsin.orders.table import number_counter, order_head, order_line, order_number, order_revision
from tocsin.orders.total import complete_totals, goods_minor, payable_minor

P = TypeVar("P", bound=Struct)
_SUMMARY_CHARACTERS, _FIELDS = 60, Draft.__struct_fields__
_TEXTS = (
    "channel",
    "external_id",
    "external_status",
    "campaign",
    "merchant_note",
    "carrier",
    "waybill",
    "pickup_point",
    "community",
    "group_no",
)


class Clean(Draft, frozen=True):
    """A draft that went through `clean_draft`: only such enter the store, and what is changed of one since was clean too."""


class Issued(Struct, frozen=True):
    """An order as it entered the store."""

    order_id: int
    number: str
    revision: int


_ADD_HEAD, _ADD_NUMBER = insert_into(order_head), insert_into(order_number)
_ADD_REVISION, _ADD_LINE = insert_into(order_revision), insert_into(order_line)
_counting = upsert(number_counter)
_COUNT = Statement[tuple[int]](
    _counting.on_conflict_do_update(
        index_elements=["merchant_id", "shop_id", "day"], set_={"last": number_counter.c.last + 1}
    ).returning(number_counter.c.last),
    sets=("merchant_id", "shop_id", "day", "last"),
)
_CONTENT_COLUMNS = (
    "revision", "desk_state", "currency", "payment_method", "delivery", "campaign", "payable_minor", "receiver_name",
    "receiver_phone", "summary", "checked", "pickup_point", "community", "group_state",
)  # fmt: skip
_MOVE_HEAD = Statement[None](
    sa.update(order_head).where(
        own(order_head),
        order_head.c.id == bind("b_id"),
        order_head.c.revision == bind("b_seen"),
        order_head.c.desk_state != "cancelled",
    ),
    sets=_CONTENT_COLUMNS,
)


def produce_order(tx: Tx, actor: Actor, draft: Clean, *, shop: Shop, reason: str) -> Issued:
    """Issue a new order: its first revision, its number, its place in lists and search."""
    order_id, masked = new_id(), mask_party(draft.receiver)
    _freeze(tx, actor, draft, masked=masked, order_id=order_id, revision=1, reason=reason)
    number = _next_number(tx, shop)
    tx.add(_ADD_NUMBER, number=number, order_id=order_id)
    placed = draft.placed_at_us if draft.placed_at_us is not None else tx.now_us
    tx.add(
        _ADD_HEAD, id=order_id, shop_id=shop.id, number=number, channel=draft.channel, external_id=draft.external_id,
        external_status=draft.external_status, status_known=int(draft.status_known), payment=draft.payment, fulfilment=draft.fulfilment,
        paid_minor=draft.totals.paid_minor, placed_at_us=placed, paid_at_us=draft.paid_at_us,
        produced_at_us=tx.now_us, holds_open=0,
        **_head_content(draft, masked=masked, revision=1),
    )  # fmt: skip
    index_order(tx, order_id=order_id, number=number, draft=draft)
    append_event(tx, "order.produced", subject_id=order_id, data={"revision": 1, "number": number})
    write_journal(tx, actor, verb="orders.produce", subject=f"order:{order_id}", data={"number": number})
    return Issued(order_id, number, 1)


def produce_revision(
    tx: Tx, actor: Actor, draft: Clean, *, order_id: int, number: str, seen: int, reason: str
) -> Issued | None:
    """Issue revision `seen` + 1 of an order, back at `produced`; None when the head has moved on or is cancelled."""
    masked = mask_party(draft.receiver)
    content = _head_content(draft, masked=masked, revision=seen + 1)
    if not tx.run(_MOVE_HEAD, b_id=order_id, b_seen=seen, **content):
        return None
    _freeze(tx, actor, draft, masked=masked, order_id=order_id, revision=seen + 1, reason=reason)
    index_order(tx, order_id=order_id, number=number, draft=draft)
    append_event(tx, "order.produced", subject_id=order_id, data={"revision": seen + 1, "number": number})
    write_journal(
        tx, actor, verb="orders.produce", subject=f"order:{order_id}", data={"revision": seen + 1}
    )  # fmt: skip
    return Issued(order_id, number, seen + 1)


def clean_draft(draft: Draft) -> Clean:
    """Return a draft without control characters in any text, with line ids and a payable.

    `stripped` names the fields that held control or bidi characters: the check `text` tells of them.

    Raises:
        DraftWrong, AmountTooLarge, CurrencyUnknown: a value that no order can have.
    """
    require_sane(draft)
    stripped = dict.fromkeys(draft.stripped)

    def clean(part: P, path: str, names: tuple[str, ...]) -> P:
        texts = [(name, text) for name in names if isinstance(text := getattr(part, name), str)]
        if all_plain(text for _, text in texts):
            return part
        for name, text in texts:
            if removed_characters(text):
                stripped[f"{path}{name}"] = None
        return replace(part, **{name: strip_control(text).strip() for name, text in texts})

    receiver = clean(draft.receiver, "receiver.", Party.__struct_fields__)
    lines = _with_ids(
        tuple(
            clean(line, f"lines.{place}.", Line.__struct_fields__) for place, line in enumerate(draft.lines)
        )
    )
    plain = clean(draft, "", _TEXTS)
    whole = complete_totals(replace(plain, receiver=receiver, lines=lines, stripped=tuple(stripped)))
    return Clean(**{name: getattr(whole, name) for name in _FIELDS})


def _with_ids(given: tuple[Line, ...]) -> tuple[Line, ...]:
    """Give each line an id of its own: revisions are compared by them."""
    if len({line.line_id for line in given if line.line_id}) == len(given):
        return given
    kept, used = list[Line](), set[str]()
    free = (str(number) for number in count(1) if not any(line.line_id == str(number) for line in given))
    for line in given:
        line_id = line.line_id if line.line_id and line.line_id not in used else next(free)
        used.add(line_id)
        kept.append(replace(line, line_id=line_id))
    return tuple(kept)


def _freeze(
    tx: Tx, actor: Actor, draft: Clean, *, masked: Party, order_id: int, revision: int, reason: str
) -> None:
    real = draft.receiver
    digest = store_party(
        tx, order_id=order_id, version=revision, real=StoredParty(**asdict(real), merchant_note=draft.merchant_note),
        masked=StoredParty(**asdict(masked), merchant_note=mask_text(draft.merchant_note, real)),
    )  # fmt: skip
    body = Body(
        currency=draft.currency, delivery=draft.delivery, campaign=draft.campaign, payment_method=draft.payment_method,
        carrier=draft.carrier, waybill=draft.waybill, totals=draft.totals, stripped=draft.stripped,
        pickup_point=draft.pickup_point, community=draft.community, group_no=draft.group_no, group_state=draft.group_state,
    )  # fmt: skip
    canonical = msgspec.json.encode([body, draft.lines, digest], order="deterministic")
    goods = goods_minor(draft.lines, draft.currency)
    tx.add(
        _ADD_REVISION, order_id=order_id, revision=revision, party_version=revision,
        body=msgspec.json.encode(body).decode(), content_hash=hashlib.sha256(canonical).hexdigest(),
        computed_goods_minor=goods, computed_payable_minor=payable_minor(draft.totals, goods), reason=reason,
        actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name, at_us=tx.now_us,
    )  # fmt: skip
    if draft.lines:
        tx.many(_ADD_LINE, [
            {**asdict(line), "gift": int(line.gift), "order_id": order_id, "revision": revision, "position": place}
            for place, line in enumerate(draft.lines)
        ])  # fmt: skip


def _head_content(draft: Clean, *, masked: Party, revision: int) -> dict[str, object]:
    summary = "，".join(line.title for line in draft.lines)
    return {
        "revision": revision, "desk_state": "cancelled" if draft.cancelled else "produced", "currency": draft.currency, "payment_method": draft.payment_method,
        "delivery": draft.delivery, "campaign": draft.campaign, "payable_minor": draft.totals.payable_minor,
        "receiver_name": masked.name, "receiver_phone": masked.phone, "summary": summary[:_SUMMARY_CHARACTERS],
        "checked": "", "pickup_point": draft.pickup_point, "community": draft.community, "group_state": draft.group_state,
    }  # fmt: skip


def _next_number(tx: Tx, shop: Shop) -> str:
    day = business_day(tx.now_us, shop.zone, starts_at_hour=shop.day_starts_at_hour).strftime("%Y%m%d")
    place = tx.value(_COUNT, shop_id=shop.id, day=day, last=1)
    return f"{shop.code}-{day}-{place:04d}"
