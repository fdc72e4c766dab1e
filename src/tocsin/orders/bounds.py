"""Bounds: what no order can hold is refused before anything is computed from it or stored."""

from collections.abc import Iterator

from msgspec.structs import asdict, astuple

from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO
from tocsin.orders.draft import Draft
from tocsin.orders.total import goods_minor, line_discounts_minor, payable_minor

_MOST = 2**63 - 1
_MOST_MICRO = 10**9 * MICRO
"""Millionths of pieces of an order: campaigns and tallies sum them over thousands of orders."""
# Lists and screens are led by them: an index of PostgreSQL takes no text without end.
_SHORT_MOST, _TEXT_MOST = 200, 8_000
_SHORT = (
    "channel", "shop", "external_status", "campaign", "carrier", "waybill", "pickup_point", "community", "group_no"
)  # fmt: skip


class DraftWrong(Refusal):
    """The field {field} is wrong: {problem}"""

    kind, code = "invalid", "draft_wrong"


def require_sane(draft: Draft) -> None:
    """Refuse a draft that no order can be.

    Raises:
        DraftWrong: a number, or a sum of numbers, is beyond what is stored; the field is named.
        AmountTooLarge: a line's quantity × unit price is.
        CurrencyUnknown: the currency is not in ISO 4217.
    """
    if len(draft.lines) > 1000:
        raise DraftWrong(field="lines", problem="an order has at most 1,000 lines")
    if len(draft.external_id) > 100:
        raise DraftWrong(field="external_id", problem="it is longer than 100 characters")
    for name in _SHORT:
        if len(getattr(draft, name)) > _SHORT_MOST:
            raise DraftWrong(field=name, problem="it is longer than 200 characters")
    for field, text in () if _is_short(draft) else _texts(draft):
        if len(text) > _TEXT_MOST:
            raise DraftWrong(field=field, problem="it is longer than 8,000 characters")
    if len(draft.currency) != 3:
        raise DraftWrong(field="currency", problem="write an ISO 4217 code such as CNY")
    for field, value in () if _is_small(draft) else _numbers(draft):
        if abs(value) > _MOST:
            raise DraftWrong(field=field, problem="it is beyond 64 bits")
    _require_countable(draft)
    for field, value in _sums(draft):
        # half of the range, so that the difference of two sums is within it
        if abs(value) > _MOST // 2:
            raise DraftWrong(field=field, problem="their sum is beyond 64 bits")


def _is_short(draft: Draft) -> bool:
    """Tell whether no text of a draft is long, as of nearly all."""
    longest: int = max(map(len, (draft.merchant_note, *astuple(draft.receiver))))
    for line in draft.lines:
        longest = max(
            longest, len(line.title), len(line.sku), len(line.spec), len(line.unit), len(line.line_id)
        )
    return longest <= _TEXT_MOST


def _is_small(draft: Draft) -> bool:
    """Tell whether no number of a draft is large."""
    times = (draft.placed_at_us or 0, draft.paid_at_us or 0, draft.source_version_us or 0)
    most: int = max(abs(value or 0) for value in (*times, *astuple(draft.totals)))
    for line in draft.lines:
        most = max(most, abs(line.quantity_micro), abs(line.unit_price_micro), abs(line.discount_minor),
                   abs(line.total_minor or 0))  # fmt: skip
    return most <= _MOST


def _require_countable(draft: Draft) -> None:
    """Refuse more pieces than an order may have, on the line that has them by itself, else on all."""
    pieces_micro = [abs(line.quantity_micro) for line in draft.lines]
    if sum(pieces_micro) > _MOST_MICRO:
        place = next((place for place, each in enumerate(pieces_micro) if each > _MOST_MICRO), None)
        field = "lines" if place is None else f"lines.{place}.quantity_micro"
        raise DraftWrong(field=field, problem="an order has at most 1,000,000,000 pieces")


def _texts(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield each text that may be long, with its field."""
    yield "merchant_note", draft.merchant_note
    yield from ((f"receiver.{name}", text) for name, text in asdict(draft.receiver).items())
    for place, line in enumerate(draft.lines):
        yield f"lines.{place}.title", line.title
        yield f"lines.{place}.sku", line.sku
        yield f"lines.{place}.spec", line.spec
        yield f"lines.{place}.unit", line.unit
        yield f"lines.{place}.line_id", line.line_id


def _numbers(draft: Draft) -> Iterator[tuple[str, int]]:
    """Yield each number of a draft with its field."""
    for place, line in enumerate(draft.lines):
        yield from ((f"lines.{place}.{n}", v) for n, v in asdict(line).items() if isinstance(v, int))
    yield from ((f"totals.{n}", v) for n, v in asdict(draft.totals).items() if v is not None)
    for name in ("placed_at_us", "paid_at_us", "source_version_us"):
        yield name, getattr(draft, name) or 0


def _sums(draft: Draft) -> Iterator[tuple[str, int]]:
    """Yield each sum that is computed of a draft, with the field that its numbers stand in."""
    totals, goods = draft.totals, goods_minor(draft.lines, draft.currency)
    discounts = line_discounts_minor(draft.lines)
    yield "lines", goods
    yield "lines", discounts
    yield "totals", totals.discounts_minor()
    yield "totals", payable_minor(totals, goods)
    yield "totals", payable_minor(totals, goods) - discounts
