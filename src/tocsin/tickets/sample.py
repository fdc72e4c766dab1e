"""The sample order of the templates' page: made up, the same each time, with all that a paper can show; and its lint."""

from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.db import Tx
from tocsin.core.money import MICRO
from tocsin.core.party import Party
from tocsin.core.tenant import Shop, get_shop
from tocsin.core.words import ENGLISH
from tocsin.orders.draft import Line, Order, Totals
from tocsin.tickets.content import (
    MASKED_COPIES,
    Copy,
    PaperRequest,
    TicketContent,
    build_content,
    canonical_json,
    shown_text,
)
from tocsin.tickets.copy_choice import HIDDEN, CopyPreference, read_copies
from tocsin.tickets.glyph import missing_glyphs
from tocsin.tickets.layout import blocks_without_room, draw_png
from tocsin.tickets.logo import bring_logo, read_logo
from tocsin.tickets.paper_size import A4, shape_of
from tocsin.tickets.serial import NO_CODE

SIZES = ((58, 0), (80, 0), A4, (60, 40), (100, 150))
_PLACED_US = 1_790_000_000_000_000
_WORDS: dict[str, dict[str, str]] = {
    "zh_CN": {
        "pear": "砀山酥梨 5 斤装", "spec": "礼盒 / 大果", "unit": "件", "tea": "黄山毛峰 250 克（明前一级，产地直发）", "gift": "试吃装",
        "name": "张小雅", "phone": "13800138000", "province": "安徽省", "city": "合肥市", "address": "黄山路 12 号 3 栋 402 室",
        "note": "放前台，到了打电话", "campaign": "秋日团购",
    },
    "en": {
        "pear": "Crisp pears, 2.5 kg", "spec": "gift box / large", "unit": "", "tea": "Green tea, 250 g, first pick, sent from the farm", "gift": "Taster",
        "name": "Alex Sample", "phone": "+44 20 7946 0018", "province": "", "city": "London", "address": "12 Example Street, Flat 402",
        "note": "Leave it with the porter, please call", "campaign": "Autumn group buy",
    },
}  # fmt: skip


class Lint(Struct, frozen=True):
    """What is wrong with a template's paper: `glyph`, `no_room` or `unmasked`, and which characters, block or field."""

    code: str
    what: str


def sample_order(locale: str) -> Order:
    """Return the order of a language."""
    say = _WORDS.get(locale, _WORDS[ENGLISH])
    lines = (
        Line(title=say["pear"], spec=say["spec"], sku="S-1", unit=say["unit"], quantity_micro=2 * MICRO, unit_price_micro=39_900_000),
        Line(title=say["tea"], sku="S-2", unit=say["unit"], quantity_micro=MICRO, unit_price_micro=128_000_000, discount_minor=800),
        Line(title=say["gift"], sku="S-3", unit=say["unit"], quantity_micro=MICRO, unit_price_micro=0, gift=True),
    )  # fmt: skip
    totals = Totals(
        goods_minor=20_780, shipping_minor=800, promotion_minor=800, coupon_minor=1_000, payable_minor=19_780
    )
    receiver = Party(
        name=say["name"], phone=say["phone"], province=say["province"], city=say["city"], address=say["address"],
        buyer_note=say["note"],
    )  # fmt: skip
    return Order(
        id=0, number="DEMO-20260921-0001", revision=1, merchant_id=0, shop_id=0, shop="DEMO", channel="wechat", external_id="", external_status="",
        status_known=True, currency="CNY", placed_at_us=_PLACED_US, paid_at_us=_PLACED_US + 60_000_000, payment="unpaid",
        payment_method="cod", fulfilment="unfulfilled", desk_state="produced", delivery="express", campaign=say["campaign"], merchant_note="",
        carrier="", waybill="", masked=False, lines=lines, receiver=receiver, totals=totals, computed_goods_minor=20_780,
        computed_payable_minor=19_780, payable_minor=19_780, content_hash="", produced_at_us=_PLACED_US, head_revision=1,
    )  # fmt: skip


class Chosen(Struct, frozen=True):
    """What a shop has chosen for its papers: its name and zone, the logo's digest if there is one, what copies hide."""

    shop: Shop
    logo: str
    copies: CopyPreference


def read_chosen(tx: Tx, *, shop_id: int = 0) -> Chosen:
    """Return what a shop (0: the merchant) has chosen.

    Raises:
        ShopMissing: there is no such shop.
    """
    logo = read_logo(tx, shop_id=shop_id)
    return Chosen(
        get_shop(tx, shop_id=shop_id),
        logo if logo and bring_logo(tx, logo) else "",
        read_copies(tx, shop_id=shop_id),
    )


def sample_paper(
    chosen: Chosen, *, copy: str, locale: str, size: tuple[int, int], base_url: str
) -> TicketContent:
    """Return the sample as a copy says it on paper of some size."""
    kind: Copy = copy if copy in HIDDEN else "merchant"  # type: ignore[assignment]
    return build_content(sample_order(locale), PaperRequest(
        copy=kind, serial="DEMO-260921-T0001", scan_url=f"{base_url}/t/{NO_CODE}", code128="2026092100010001000",
        printed_at_us=_PLACED_US + 120_000_000, zone=chosen.shop.zone, locale=locale, paper_mm=size[0], paper_high_mm=size[1],
        shop_name=chosen.shop.name, hidden=chosen.copies.of(kind), logo=chosen.logo,
    ))  # fmt: skip


@lru_cache(maxsize=128)
def draw_sample(content: TicketContent) -> bytes:
    """Return a sample as PNG: the dots of rolls and labels, the first page of sheets; drawn once."""
    sheet = shape_of(content.paper_mm, content.paper_high_mm) == "sheet"
    return draw_png(content, form="pdf" if sheet else "raster")


def lint_paper(content: TicketContent, order: Order) -> list[Lint]:
    """Return what is wrong with a paper of an order: characters without a glyph, blocks without room, unmasked fields."""
    lacking = "".join(sorted(missing_glyphs(shown_text(content))))
    found = [Lint("glyph", lacking)] if lacking else []
    found += [Lint("no_room", block) for block in _no_room(content)]
    if content.copy in MASKED_COPIES:
        said = canonical_json(replace(content, scan_url="", code128="")).decode()
        secrets = {name: getattr(order.receiver, name) for name in ("name", "phone", "address")}
        found += [Lint("unmasked", name) for name, text in secrets.items() if text and text in said]
    return found


@lru_cache(maxsize=128)
def _no_room(content: TicketContent) -> tuple[str, ...]:
    """Only labels have an end: a roll goes on, and a sheet has another page."""
    if shape_of(content.paper_mm, content.paper_high_mm) != "label":
        return ()
    return blocks_without_room(content)
