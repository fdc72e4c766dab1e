"""The content of a paper: all that it says, frozen as canonical JSON that a verdict can bind to.

Codes stay codes ("paid", "coupon"): the template puts them into the words of the locale.
"""

import hashlib
import re
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core import clock, money
from tocsin.core.mask import mask_party, mask_phone
from tocsin.core.text import strip_control
from tocsin.orders.draft import Line, Order
from tocsin.tickets.copy_choice import FULL_PHONE, HIDDEN
from tocsin.tickets.engine import engine_digest

Copy = Literal["merchant", "customer", "kitchen", "delivery"]
MASKED_COPIES: frozenset[str] = frozenset({"customer", "kitchen"})
_TEXTS_OF = {
    "logo": ("logo",), "channel": ("channel", "campaign"), "times": ("placed_at", "paid_at", "printed_at"),
    "payment": ("payment_mark", "collect"), "prices": ("payable",), "name": ("receiver_name",),
    "phone": ("receiver_phone",), "address": ("receiver_address",), "note": ("buyer_note",),
}  # fmt: skip
_AS_ASKED = (
    "copy", "serial", "reprint_no", "replaces", "amended_from", "void", "scan_url", "code128", "locale", "paper_mm", "paper_high_mm",
    "profile", "lines_of",
)  # fmt: skip
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class PaperRequest(Struct, frozen=True, kw_only=True):
    """What is asked of one paper, beside the order.

    Args:
        serial: the paper's own number: up to 64 letters, digits, - and _.
        scan_url: the link behind the QR code, with the paper's random code.
        code128: 1 to 24 digits for the bar code.
        printed_at_us: when it is drawn; shown in `zone`, the shop's.
        reprint_no: 0 for the first paper of this revision and copy, n for its n-th repetition.
        replaces: how many papers of this revision and copy it stands for, which are lost or spoiled.
        amended_from: the earlier revision that is already on paper, 0 where there is none.
        void: an intercept slip: the order must not go out.
        paper_mm, paper_high_mm: width and height of the paper, 0 high on a roll.
        profile: the printer's profile, which the verdict binds.
        shop_name: the shop as its head shows it; empty shows the shop's code.
        part: the queue whose lines alone are shown, by its name; empty where the paper is of the whole order.
        lines_of: how many lines the whole order has, where only a part is shown.
        hidden: the blocks that the copy leaves out; None as it does by default.
        logo: the digest of the picture on top, empty for none.
    """

    copy: Copy
    serial: str
    scan_url: str
    code128: str
    printed_at_us: int
    zone: str = "UTC"
    locale: str = "zh_CN"
    paper_mm: int = 80
    paper_high_mm: int = 0
    reprint_no: int = 0
    replaces: int = 0
    amended_from: int = 0
    void: bool = False
    profile: str = ""
    shop_name: str = ""
    part: str = ""
    lines_of: int = 0
    hidden: tuple[str, ...] | None = None
    logo: str = ""


class LineContent(Struct, frozen=True, kw_only=True):
    """One line as the paper shows it; `discount` is empty where there is none."""

    title: str
    spec: str
    quantity: str
    unit_price: str
    total: str
    discount: str = ""
    gift: bool = False


class TicketContent(Struct, frozen=True, kw_only=True):
    """All that one paper says. Times and amounts are texts as printed; the rest are codes and numbers."""

    copy: Copy
    serial: str
    number: str
    revision: int
    reprint_no: int
    amended_from: int
    void: bool
    shop: str
    channel: str
    campaign: str
    delivery: str
    placed_at: str
    paid_at: str
    printed_at: str
    payment_mark: str
    collect: str
    receiver_name: str
    receiver_phone: str
    receiver_address: str
    buyer_note: str
    lines: tuple[LineContent, ...]
    charges: tuple[tuple[str, str], ...]
    payable: str
    scan_url: str
    code128: str
    locale: str
    paper_mm: int
    profile: str = ""
    pickup_point: str = ""
    community: str = ""
    paper_high_mm: int = 0
    part: str = ""
    lines_of: int = 0
    replaces: int = 0
    hidden: tuple[str, ...] = ()
    logo: str = ""

    def __post_init__(self) -> None:
        if not _SERIAL.fullmatch(self.serial):  # it names files
            raise ValueError(f"a serial has up to 64 letters, digits, - and _, not {self.serial[:70]!r}")


def build_content(order: Order, request: PaperRequest) -> TicketContent:
    """Return what a paper of one revision says; customer and kitchen copies mask the receiver.

    Raises:
        ValueError: a merchant's or delivery copy got an order whose receiver is masked.
    """
    collect = _collect_minor(order)
    given: dict[str, Any] = {name: getattr(request, name) for name in _AS_ASKED}
    given |= receiver_texts(order, request.copy)
    full = TicketContent(
        number=strip_control(order.number),
        revision=order.revision,
        shop=strip_control(request.shop_name or order.shop),
        channel=strip_control(order.channel),
        campaign=strip_control(order.campaign),
        delivery=order.delivery,
        placed_at=_show_instant(order.placed_at_us, request.zone),
        paid_at=_show_instant(order.paid_at_us, request.zone),
        printed_at=_show_instant(request.printed_at_us, request.zone),
        payment_mark=order.payment if collect is None else "cod",
        collect="" if collect is None else money.show_money(collect, order.currency, request.locale),
        lines=tuple(_line_content(line, order.currency) for line in order.lines),
        charges=_charges_of(order),
        payable=money.show_money(order.payable_minor, order.currency, request.locale),
        **given,
        pickup_point=strip_control(order.pickup_point),
        community=strip_control(order.community),
        part=strip_control(request.part),
        hidden=HIDDEN[request.copy] if request.hidden is None else request.hidden,
        logo="" if request.void else request.logo,
    )
    return replace(full, **_left_out(full))


def receiver_texts(order: Order, copy: Copy) -> dict[str, str]:
    """Return what a copy says of the receiver, by field.

    Raises:
        ValueError: a merchant's or delivery copy got an order whose receiver is masked.
    """
    receiver = order.receiver
    if copy not in MASKED_COPIES and order.masked:
        raise ValueError(f"a {copy} copy needs the real receiver")
    if copy in MASKED_COPIES and not order.masked:
        receiver = mask_party(receiver)
    places = (receiver.province, receiver.city, receiver.district, receiver.address, receiver.postcode)
    return {
        "receiver_name": strip_control(receiver.name),
        "receiver_phone": strip_control(receiver.phone),
        "receiver_address": strip_control(" ".join(filter(None, places))),
        "buyer_note": strip_control(receiver.buyer_note),
    }


def _left_out(content: TicketContent) -> dict[str, Any]:
    """Return a content's fields without what its copy leaves out: it is not on the paper, so it is not in its job either."""
    empty: dict[str, Any] = {name: "" for block in content.hidden for name in _TEXTS_OF.get(block, ())}
    if FULL_PHONE in content.hidden and "phone" not in content.hidden:
        empty["receiver_phone"] = mask_phone(content.receiver_phone)
    if "prices" in content.hidden:
        empty["charges"] = ()
        empty["lines"] = tuple(replace(line, unit_price="", total="", discount="") for line in content.lines)
    return empty


def canonical_json(content: TicketContent) -> bytes:
    """Return a content as JSON with sorted keys and no spaces: the same content, the same bytes."""
    return msgspec.json.encode(content, order="sorted")


def content_digest(content: TicketContent) -> str:
    """Return the SHA-256, in hex, over content, template, fonts and engine version: what a verdict binds to."""
    return hashlib.sha256(canonical_json(content) + b"\n" + engine_digest().encode()).hexdigest()


def shown_text(content: TicketContent) -> str:
    """Return every text of outside on the paper, joined: what the glyph check reads."""
    texts = [content.number, content.shop, content.channel, content.campaign, content.receiver_name]
    texts += [
        content.receiver_phone,
        content.receiver_address,
        content.buyer_note,
        content.payable,
        content.pickup_point,
        content.community,
        content.part,
    ]
    for line in content.lines:
        texts += [line.title, line.spec, line.quantity]
    return "\n".join(texts)


def _collect_minor(order: Order) -> int | None:
    if order.payment_method != "cod" or order.payment not in ("unpaid", "authorised"):
        return None
    return order.payable_minor - (order.totals.paid_minor or 0)


def _show_instant(instant_us: int | None, zone: str) -> str:
    return "" if instant_us is None else clock.to_datetime(instant_us, zone).strftime("%Y-%m-%d %H:%M")


def _line_content(line: Line, currency: str) -> LineContent:
    total = line.total_minor
    if total is None:
        total = (
            money.line_total_minor(line.quantity_micro, line.unit_price_micro, currency) - line.discount_minor
        )
    return LineContent(
        title=strip_control(line.title),
        spec=strip_control(line.spec),
        quantity=money.plain_micro(line.quantity_micro) + strip_control(line.unit),
        unit_price=_show_unit_price(line.unit_price_micro, currency),
        total=money.plain_minor(total, currency),
        discount=money.plain_minor(-line.discount_minor, currency) if line.discount_minor else "",
        gift=line.gift,
    )


def _show_unit_price(unit_price_micro: int, currency: str) -> str:
    minor = money.line_total_minor(money.MICRO, unit_price_micro, currency)
    if minor * 10 ** (6 - money.minor_digits(currency)) == unit_price_micro:
        return money.plain_minor(minor, currency)
    return money.plain_micro(unit_price_micro)


def _charges_of(order: Order) -> tuple[tuple[str, str], ...]:
    totals = order.totals
    goods = order.computed_goods_minor if totals.goods_minor is None else totals.goods_minor
    parts = (
        ("shipping", totals.shipping_minor),
        ("tax", totals.tax_minor),
        ("fees", totals.fees_minor),
        ("promotion", -totals.promotion_minor),
        ("coupon", -totals.coupon_minor),
        ("points", -totals.points_minor),
        ("adjustment", totals.adjustment_minor),
    )
    shown = [(code, minor) for code, minor in (("goods", goods), *parts) if minor or code == "goods"]
    return tuple((code, money.plain_minor(minor, order.currency)) for code, minor in shown)
