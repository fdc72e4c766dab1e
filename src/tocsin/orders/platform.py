"""Platform orders: what the desk amends of an address, a receiver or a price is a request to the platform.

The desk calls no platform: a person asks there, and says what came of it, or the platform's own news
brings the same value and answers by itself. A request holds a digest of what is asked for, no text.
"""

from typing import Literal, get_args

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_text
from tocsin.core.preference import change_preference, preference_revision, read_preference
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.orders.draft import Order
from tocsin.orders.stop import Hold, close_hold, open_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import order_source, platform_request

PLATFORMS: frozenset[str] = frozenset({
    "shopify", "woocommerce", "wechat", "youzan", "taobao", "tmall", "pinduoduo", "jd", "1688",
})  # fmt: skip
# Their files hide receivers: stars are what the platform gives, no slip of this desk's.
MASKING: tuple[str, ...] = ("taobao", "tmall", "pinduoduo", "jd")
BOX = "platform"
Part = Literal["receiver", "price"]
PARTS: tuple[Part, ...] = get_args(Part)
State = Literal["asked", "done", "refused", "withdrawn"]
HELD_REASON = "The platform has not answered the amendment yet"


class RequestMissing(Refusal):
    """That request was answered already, or never was: look at the order again"""

    kind, code = "missing", "request_missing"


class PlatformRule(Struct, frozen=True, kw_only=True):
    """Whether paper may use an amendment that the platform has not taken over yet: `use`, or `wait`."""

    paper: Literal["use", "wait"] = "use"


class PlatformRequest(Struct, frozen=True):
    """What the platform is to change: `part` of an order, as revision `revision` has it."""

    id: int
    order_id: int
    revision: int
    part: str
    digest: str
    state: str
    hold_id: int
    at_us: int
    by_name: str
    ended_at_us: int
    ended_by: str
    reason: str


_COLUMNS = tuple(platform_request.c[name] for name in PlatformRequest.__struct_fields__)
_ADD = insert_into(platform_request)
_OF_ORDER = Statement(
    sa.select(*_COLUMNS).where(own(platform_request), platform_request.c.order_id == bind("order_id"))
    .order_by(platform_request.c.id.desc()).limit(100),
    PlatformRequest,
)  # fmt: skip
_END = Statement[None](
    sa.update(platform_request).where(
        own(platform_request), platform_request.c.order_id == bind("b_order"), platform_request.c.id == bind("b_id"),
        platform_request.c.state == "asked",
    ),
    sets=("state", "ended_at_us", "ended_by", "reason"),
)  # fmt: skip
_SOURCE = Statement[tuple[int]](
    sa.select(order_source.c.source_revision).where(
        own(order_source), order_source.c.channel == bind("channel", str), order_source.c.shop_id == bind("shop_id"),
        order_source.c.external_id == bind("external_id", str),
    )
)  # fmt: skip


def ask_platform(tx: Tx, actor: Actor, after: Order, *, revision: int) -> None:
    """Note what the platform of an order is to change, now that the desk has amended it.

    What is again as the platform had it is withdrawn; what is asked already stays asked.
    """
    source = _source_revision(tx, after)
    if after.channel not in PLATFORMS or not source:
        return
    before = load_order(tx, order_id=after.id, revision=source, real=True)
    asked = {one.part: one for one in open_requests(tx, order_id=after.id)}
    rule = read_preference(tx, PlatformRule, box=BOX)
    for part in PARTS:
        wanted, present = _digest(tx, after, part), asked.get(part)
        if present and present.digest == wanted:
            continue
        if present:
            _end(tx, actor, present, state="withdrawn", reason="amended again")
        if wanted != _digest(tx, before, part):
            _ask(tx, actor, after, part=part, digest=wanted, revision=revision, waits=rule.paper == "wait")


def list_requests(tx: Tx, *, order_id: int) -> list[PlatformRequest]:
    """Return what an order's platform was asked, the newest first."""
    return tx.rows(_OF_ORDER, order_id=order_id)


def open_requests(tx: Tx, *, order_id: int) -> list[PlatformRequest]:
    """Return what an order's platform has not answered."""
    return [one for one in list_requests(tx, order_id=order_id) if one.state == "asked"]


def answer_request(
    tx: Tx, actor: Actor, *, order_id: int, request_id: int, done: bool, reason: str
) -> PlatformRequest:
    """Say what came of a request at the platform; what it refused stays amended here, and says so.

    Raises:
        NotAllowed
        RequestMissing: it has been answered meanwhile.
    """
    require(actor, "amend")
    found = next((one for one in open_requests(tx, order_id=order_id) if one.id == request_id), None)
    said = mask_text(reason.strip()[:200], load_order(tx, order_id=order_id, real=True).receiver)
    if found is None or not _end(tx, actor, found, state="done" if done else "refused", reason=said):
        raise RequestMissing
    return found


def hear_platform(tx: Tx, heard: Order) -> int:
    """Close what a platform's own news answers; return how many."""
    desk, closed = desk_actor(tx.merchant_id), 0
    for one in open_requests(tx, order_id=heard.id):
        if _digest(tx, heard, one.part) == one.digest:
            closed += _end(tx, desk, one, state="done", reason="the platform brings the same")
    return closed


def change_platform_rule(tx: Tx, actor: Actor, chosen: PlatformRule, *, revision: int) -> int:
    """Choose whether paper waits for the platform, against the revision that was seen.

    Raises:
        NotAllowed, PreferenceMoved
    """
    return change_preference(tx, actor, chosen, box=BOX, revision=revision)


def read_platform_rule(tx: Tx) -> tuple[PlatformRule, int]:
    """Return whether paper waits for the platform, and the revision to change it against."""
    return read_preference(tx, PlatformRule, box=BOX), preference_revision(tx, box=BOX)


def _ask(tx: Tx, actor: Actor, after: Order, *, part: str, digest: str, revision: int, waits: bool) -> None:
    hold_id = (
        open_hold(tx, actor, order_id=after.id, revision=revision, kind="manual", reason=HELD_REASON)
        if waits
        else 0
    )
    request_id = new_id()
    tx.run(
        _ADD, id=request_id, order_id=after.id, revision=revision, part=part, digest=digest, state="asked", hold_id=hold_id,
        at_us=tx.now_us, by_name=actor.name, ended_at_us=0, ended_by="", reason="",
    )  # fmt: skip
    _tell(tx, actor, after.id, part=part, state="asked")


def _end(tx: Tx, actor: Actor, found: PlatformRequest, *, state: State, reason: str) -> bool:
    if not tx.run(
        _END, b_order=found.order_id, b_id=found.id, state=state, ended_at_us=tx.now_us, ended_by=actor.name, reason=reason
    ):  # fmt: skip
        return False
    if found.hold_id and (held := _hold_of(tx, found)):
        close_hold(tx, actor, held, reason=f"platform: {state}")
    _tell(tx, actor, found.order_id, part=found.part, state=state)
    return True


def _hold_of(tx: Tx, found: PlatformRequest) -> Hold | None:
    return next((one for one in open_holds(tx, order_id=found.order_id) if one.id == found.hold_id), None)


def _tell(tx: Tx, actor: Actor, order_id: int, *, part: str, state: str) -> None:
    told = {"part": part, "state": state}
    append_event(tx, "order.asked", subject_id=order_id, data=told)
    write_journal(tx, actor, verb="orders.ask_platform", subject=f"order:{order_id}", data=told)


def _source_revision(tx: Tx, order: Order) -> int:
    return int(
        tx.value(_SOURCE, channel=order.channel, shop_id=order.shop_id, external_id=order.external_id) or 0
    )


def _digest(tx: Tx, order: Order, part: str) -> str:
    """Return what tells equal receivers, or equal prices, of an order; quantities are a part of the price."""
    content = (
        msgspec.structs.replace(order.receiver, buyer_note="")
        if part == "receiver"
        else [
            order.payable_minor,
            [
                (line.line_id, line.quantity_micro, line.unit_price_micro, line.discount_minor)
                for line in order.lines
            ],
        ]
    )
    encoded = msgspec.json.encode(content, order="deterministic").decode()
    return tx.vault.keys(tx).digest(f"platform {part} {order.id}", encoded)
