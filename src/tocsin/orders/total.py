"""Totals: what an order comes to, by the lines and by what its source declares."""

from msgspec.structs import replace

from tocsin.core.money import line_total_minor
from tocsin.orders.draft import Draft, Line, Totals


def goods_minor(lines: tuple[Line, ...], currency: str) -> int:
    """Return Σ quantity × unit price, before discounts."""
    return sum(line_total_minor(line.quantity_micro, line.unit_price_micro, currency) for line in lines)


def payable_minor(totals: Totals, goods: int) -> int:
    """Return goods + shipping + tax + fees − discounts + adjustment; declared goods stand before computed ones."""
    base = goods if totals.goods_minor is None else totals.goods_minor
    charges = totals.shipping_minor + totals.tax_minor + totals.fees_minor
    return base + charges - totals.discounts_minor() + totals.adjustment_minor


def complete_totals(draft: Draft) -> Draft:
    """Return a draft whose payable is known; where the source declared none it is computed.

    Discounts on lines count into it as promotion when the source names no discount of the order.
    """
    if draft.totals.payable_minor is not None:
        return draft
    totals = draft.totals
    if totals.discounts_minor() == 0:
        totals = replace(totals, promotion_minor=line_discounts_minor(draft.lines))
    goods = goods_minor(draft.lines, draft.currency)
    return replace(draft, totals=replace(totals, payable_minor=payable_minor(totals, goods)))


def recalculate(
    lines: tuple[Line, ...], totals: Totals, currency: str, *, earlier: tuple[Line, ...] = ()
) -> tuple[tuple[Line, ...], Totals]:
    """Return lines and totals made to agree: line totals, goods and payable follow from quantities and prices.

    A promotion that is the sum of the `earlier` lines' discounts was computed from them: it follows the new ones.
    """
    mended = tuple(
        replace(
            line,
            total_minor=line_total_minor(line.quantity_micro, line.unit_price_micro, currency)
            - line.discount_minor,
        )
        for line in lines
    )
    goods = goods_minor(mended, currency)
    agreed = replace(totals, goods_minor=goods)
    followed = bool(earlier) and agreed.promotion_minor == line_discounts_minor(earlier)
    if followed or agreed.discounts_minor() == 0:
        agreed = replace(agreed, promotion_minor=line_discounts_minor(mended))
    return mended, replace(agreed, payable_minor=payable_minor(agreed, goods))


def line_discounts_minor(lines: tuple[Line, ...]) -> int:
    """Return Σ line discounts."""
    return sum(line.discount_minor for line in lines)
