"""What an order adds to the tallies: by hour and campaign, by problem, and to its campaign its state, problems and pieces."""

import hashlib
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.ident import made_at_us
from tocsin.core.statement import Statement, any_of, bounded_sum, own
from tocsin.core.tally import DAILY, DAY_HOURS, HOUR_US, Entry
from tocsin.orders.table import order_finding, order_head, order_line

ORDERS, VOID, PROBLEMS = "orders", "void", "problems"
CAMPAIGN_HOURS, CAMPAIGN_STATES = "campaign.hours", "campaign.states"
CAMPAIGN_PROBLEMS, CAMPAIGN_PIECES = "campaign.problems", "campaign.pieces"
_NAME_MOST, _PIECES_MOST_MICRO = 100, 10**15
_h, _f, _l = order_head.c, order_finding.c, order_line.c


class OrderFacts(Struct, frozen=True, array_like=True):
    """What is counted of an order; `pieces` are the millionths of pieces that it takes of its campaign, by `piece_name`."""

    shop_id: int
    hour: int
    campaign: str
    state: str
    codes: tuple[str, ...]
    pieces: tuple[tuple[str, int], ...]


_HEADS = Statement[tuple[int, int, int, str, str]](
    sa.select(_h.id, _h.shop_id, _h.placed_at_us, _h.campaign, _h.desk_state).where(
        own(order_head), any_of(_h.id, "ids")
    )
)
_CODES = Statement[tuple[int, str]](
    sa.select(_f.order_id, _f.code)
    .where(own(order_finding), any_of(_f.order_id, "ids"))
    .order_by(_f.order_id, _f.code)
)
_PIECES = Statement[tuple[int, str, int]](
    sa.select(_l.order_id, _l.sku, bounded_sum(_l.quantity_micro))
    .select_from(order_head.join(
        order_line, sa.and_(_l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision)
    ))
    .where(own(order_head), any_of(_h.id, "ids")).group_by(_l.order_id, _l.sku).order_by(_l.order_id, _l.sku)
)  # fmt: skip


def order_facts(tx: Tx, *, order_ids: Sequence[int]) -> dict[int, OrderFacts]:
    """Return what is to be counted of some orders as they are now."""
    heads, codes = tx.rows(_HEADS, ids=order_ids), dict[int, dict[str, None]]()
    for order_id, code in tx.rows(_CODES, ids=order_ids):
        codes.setdefault(order_id, {})[code] = None
    of_campaigns = [
        order_id for order_id, _, _, campaign, state in heads if campaign and state != "cancelled"
    ]
    pieces = dict[int, list[tuple[str, int]]]()
    for order_id, sku, quantity_micro in tx.rows(_PIECES, ids=of_campaigns) if of_campaigns else ():
        counted = max(-_PIECES_MOST_MICRO, min(quantity_micro, _PIECES_MOST_MICRO))
        pieces.setdefault(order_id, []).append((piece_name(sku), counted))
    return {
        order_id: OrderFacts(
            shop_id, placed_at_us // HOUR_US, campaign, state, tuple(codes.get(order_id, ())), tuple(pieces.get(order_id, ()))
        )
        for order_id, shop_id, placed_at_us, campaign, state in heads
    }  # fmt: skip


def piece_name(sku: str) -> str:
    """Return what the pieces of a SKU are counted under: itself, or its beginning and a digest where no index takes it whole."""
    if len(sku) <= _NAME_MOST:
        return sku
    return f"{sku[:_NAME_MOST]}…{hashlib.sha256(sku.encode()).hexdigest()[:32]}"


def order_entries(order_id: int, facts: OrderFacts) -> Iterator[tuple[Entry, int]]:
    """Yield what an order adds, and to what."""
    void, issued = facts.state == "cancelled", made_at_us(order_id) // HOUR_US
    yield Entry(VOID if void else ORDERS, facts.hour, "" if void else facts.campaign, facts.shop_id), 1
    for code in facts.codes:
        yield Entry(PROBLEMS, issued, code, facts.shop_id), 1
        yield Entry(PROBLEMS + DAILY, issued // DAY_HOURS, code, facts.shop_id), 1
    if facts.campaign:
        yield Entry(CAMPAIGN_HOURS, facts.hour, "", subject=facts.campaign), 1
        yield Entry(CAMPAIGN_STATES, 0, facts.state, subject=facts.campaign), 1
        for code in facts.codes:
            yield Entry(CAMPAIGN_PROBLEMS, 0, code, subject=facts.campaign), 1
        for name, quantity_micro in facts.pieces:
            yield Entry(CAMPAIGN_PIECES, 0, name, subject=facts.campaign), quantity_micro
