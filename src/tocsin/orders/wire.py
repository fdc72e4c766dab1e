"""Orders as JSON carries them: amounts as decimal strings, times in ISO 8601, ids as strings.

The same shape comes in by the API and by file, and goes out again.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct, field, structs

from tocsin.core.clock import to_datetime
from tocsin.core.errors import Refusal
from tocsin.core.money import minor_digits, parse_exact_micro, parse_minor, plain_micro, plain_minor
from tocsin.core.text import all_plain, removed_characters, strip_control
from tocsin.orders.draft import Delivery, Draft, Fulfilment, GroupState, Line, Method, Party, Payment, Totals
from tocsin.orders.importer import CELL_LIMIT_CHARACTERS, ImportOptions
from tocsin.orders.sheet_cells import read_instant

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

LINE_LIMIT = 1_000
_SAME = (
    "campaign", "merchant_note", "carrier", "waybill", "pickup_point", "community", "group_no", "group_state",
)  # fmt: skip


class TextUnsafe(Refusal):
    """The text holds a NUL or half a character (a lone surrogate): send it in well-formed UTF-8 without NUL"""

    kind, code = "invalid", "text_unsafe"


class TextTooLong(Refusal):
    """The text is longer than {limit} characters: shorten it"""

    kind, code = "invalid", "text_too_long"


class TooManyLines(Refusal):
    """The order has more than {limit} lines: send it as several orders"""

    kind, code = "invalid", "too_many_lines"


class ReceiverIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who gets the goods; `buyer_note` is what he wrote."""

    name: str = ""
    phone: str = ""
    country: str = "CN"
    province: str = ""
    city: str = ""
    district: str = ""
    address: str = ""
    postcode: str = ""
    buyer_note: str = ""


class LineIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line. `quantity` is a decimal string or an integer; `total` is after the line's discount."""

    title: str
    line_id: str = ""
    sku: str = ""
    spec: str = ""
    unit: str = ""
    quantity: str | int = "1"
    unit_price: str = "0"
    discount: str = "0"
    total: str | None = None
    gift: bool = False


class TotalsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Declared amounts as decimal strings. Discounts are positive, an adjustment is added; null is not declared."""

    goods: str | None = None
    shipping: str = "0"
    tax: str = "0"
    fees: str = "0"
    promotion: str = "0"
    coupon: str = "0"
    points: str = "0"
    adjustment: str = "0"
    payable: str | None = None
    paid: str | None = None


class OrderIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An order. Times are ISO 8601; one without an offset is in `zone`, or in the shop's zone."""

    external_id: str = ""
    channel: str = ""
    shop: str = ""
    external_status: str = ""
    status_known: bool = True
    currency: str = ""
    zone: str = ""
    placed_at: str = ""
    paid_at: str = ""
    source_version: str = ""
    payment: Payment = "unpaid"
    payment_method: Method = ""
    fulfilment: Fulfilment = "unfulfilled"
    cancelled: bool = False
    delivery: Delivery = "express"
    campaign: str = ""
    merchant_note: str = ""
    carrier: str = ""
    waybill: str = ""
    pickup_point: str = ""
    community: str = ""
    group_no: str = ""
    group_state: GroupState = ""
    receiver: ReceiverIn = field(default_factory=ReceiverIn)
    lines: tuple[LineIn, ...] = ()
    totals: TotalsIn = field(default_factory=TotalsIn)


def draft_from_in(order: OrderIn, options: ImportOptions) -> Draft:
    """Return a wire order as a draft; `options` fill in channel, shop, zone and currency.

    Raises:
        Refusal: a value can't be read; `data["field"]` names it, as in `lines[2].quantity`.
    """
    stripped = tuple(_stripped(order))
    order = _clean(order, "")
    currency, zone = order.currency.upper() or options.currency, order.zone or options.zone
    _at("currency", lambda: minor_digits(currency))
    if len(order.lines) > LINE_LIMIT:
        raise TooManyLines(limit=LINE_LIMIT, field="lines")
    instants: dict[str, Any] = {
        f"{name}_us": _at(name, partial(read_instant, getattr(order, name), zone))
        for name in ("placed_at", "paid_at", "source_version")
    }
    return Draft(
        channel=order.channel or options.channel or "json",
        external_id=order.external_id,
        shop=order.shop or options.shop,
        external_status=order.external_status,
        status_known=order.status_known,
        currency=currency,
        placed_raw=order.placed_at,
        payment=order.payment,
        payment_method=order.payment_method,
        fulfilment=order.fulfilment,
        cancelled=order.cancelled,
        delivery=order.delivery,
        **{name: getattr(order, name) for name in _SAME},
        receiver=Party(**structs.asdict(_clean(order.receiver, "receiver."))),
        lines=tuple(_line(_clean(line, f"lines[{n}]."), currency, n) for n, line in enumerate(order.lines)),
        totals=_totals(order.totals, currency),
        stripped=stripped,
        **instants,
    )


def draft_to_in(draft: Draft) -> OrderIn:
    """Return a draft as the wire order that `draft_from_in` reads back; times are in UTC."""
    return OrderIn(
        external_id=draft.external_id,
        channel=draft.channel,
        shop=draft.shop,
        external_status=draft.external_status,
        status_known=draft.status_known,
        currency=draft.currency,
        placed_at=_iso(draft.placed_at_us),
        paid_at=_iso(draft.paid_at_us),
        source_version=_iso(draft.source_version_us),
        payment=draft.payment,
        payment_method=draft.payment_method,
        fulfilment=draft.fulfilment,
        cancelled=draft.cancelled,
        delivery=draft.delivery,
        **{name: getattr(draft, name) for name in _SAME},
        receiver=ReceiverIn(**structs.asdict(draft.receiver)),
        lines=tuple(_line_in(line, draft.currency) for line in draft.lines),
        totals=_totals_in(draft.totals, draft.currency),
    )


def _line(line: LineIn, currency: str, position: int) -> Line:
    try:
        return _line_as_is(line, currency)
    except Refusal:  # once more, so that it names its field
        return _line_by_field(line, currency, position)


def _line_as_is(line: LineIn, currency: str) -> Line:
    return Line(
        title=line.title, line_id=line.line_id, sku=line.sku, spec=line.spec, unit=line.unit,
        quantity_micro=parse_exact_micro(_digits(line.quantity)), unit_price_micro=parse_exact_micro(line.unit_price),
        discount_minor=parse_minor(line.discount, currency),
        total_minor=None if line.total is None else parse_minor(line.total, currency), gift=line.gift,
    )  # fmt: skip


def _line_by_field(line: LineIn, currency: str, position: int) -> Line:
    path = f"lines[{position}]."
    return Line(
        title=line.title,
        line_id=line.line_id,
        sku=line.sku,
        spec=line.spec,
        unit=line.unit,
        quantity_micro=_at(f"{path}quantity", lambda: parse_exact_micro(_digits(line.quantity))),
        unit_price_micro=_at(f"{path}unit_price", lambda: parse_exact_micro(line.unit_price)),
        discount_minor=_at(f"{path}discount", lambda: parse_minor(line.discount, currency)),
        total_minor=None
        if line.total is None
        else _at(f"{path}total", lambda: parse_minor(line.total or "", currency)),
        gift=line.gift,
    )


def _totals(totals: TotalsIn, currency: str) -> Totals:
    minors: dict[str, Any] = {
        f"{name}_minor": None if text is None else _at(f"totals.{name}", partial(parse_minor, text, currency))
        for name, text in structs.asdict(_clean(totals, "totals.")).items()
    }
    return Totals(**minors)


def _line_in(line: Line, currency: str) -> LineIn:
    return LineIn(
        title=line.title,
        line_id=line.line_id,
        sku=line.sku,
        spec=line.spec,
        unit=line.unit,
        quantity=plain_micro(line.quantity_micro),
        unit_price=plain_micro(line.unit_price_micro),
        discount=plain_minor(line.discount_minor, currency),
        total=None if line.total_minor is None else plain_minor(line.total_minor, currency),
        gift=line.gift,
    )


def _totals_in(totals: Totals, currency: str) -> TotalsIn:
    texts: dict[str, Any] = {
        name.removesuffix("_minor"): None if minor is None else plain_minor(minor, currency)
        for name, minor in structs.asdict(totals).items()
    }
    return TotalsIn(**texts)


def _clean(struct: S, path: str) -> S:
    """Return a wire struct whose texts are free of control characters, refusing what can't be text."""
    if all_plain(structs.astuple(struct)):
        return struct
    changed = {
        name: _at(f"{path}{name}", partial(_clean_text, text))
        for name, text in structs.asdict(struct).items()
        if isinstance(text, str) and text
    }
    return structs.replace(struct, **changed) if changed else struct


def _stripped(order: OrderIn) -> Iterator[str]:
    """Yield the fields, as a draft calls them, that hold control or bidi characters."""
    parts = [
        ("", order),
        ("receiver.", order.receiver),
        *((f"lines.{n}.", each) for n, each in enumerate(order.lines)),
    ]
    for path, part in parts:
        if not all_plain(structs.astuple(part)):
            for name, text in structs.asdict(part).items():
                if isinstance(text, str) and removed_characters(text):
                    yield f"{path}{name}"


def _clean_text(text: str) -> str:
    if len(text) > CELL_LIMIT_CHARACTERS:
        raise TextTooLong(limit=CELL_LIMIT_CHARACTERS)
    if text.isprintable():
        return strip_control(text).strip()
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise TextUnsafe
    return strip_control(text).strip()


def _digits(quantity: str | int) -> str:
    # an integer of thousands of digits can't become text in Python: it is out of range anyway
    return quantity if isinstance(quantity, str) else str(max(min(quantity, 1 << 70), -1 << 70))


def _at(path: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except Refusal as refusal:
        refusal.data.setdefault("field", path)
        raise


def _iso(instant_us: int | None) -> str:
    return "" if instant_us is None else to_datetime(instant_us).isoformat()
