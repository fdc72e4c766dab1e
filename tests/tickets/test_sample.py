"""The sample order of the templates' page: it shows all that a paper can show, and its lint finds what is wrong."""

import pytest
from msgspec.structs import replace

from tests.tickets.paper import make_content, words_of
from tocsin.core.words import LOCALES
from tocsin.tickets.copy_choice import HIDDEN
from tocsin.tickets.layout import draw_pdf
from tocsin.tickets.paper_size import LABELS
from tocsin.tickets.sample import SIZES, Lint, draw_sample, lint_paper, sample_order

WANTED = {
    "zh_CN": ("赠品", "礼盒", "优惠券", "请收", "放前台", "秋日团购", "货到付款", "13800138000"),
    "en": ("[Gift]", "gift box", "Coupon", "Collect", "porter", "Autumn", "CASH ON DELIVERY", "+44 20 7946 0018"),
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sample_shows_what_a_paper_can_show_and_its_sums_are_right(locale: str) -> None:
    order = sample_order(locale)
    words = words_of(draw_pdf(make_content(order, locale=locale)))
    assert all(text in words for text in WANTED[locale])
    lines = sum(line.quantity_micro * line.unit_price_micro // 10**10 for line in order.lines)
    totals = order.totals
    assert lines == totals.goods_minor
    assert (
        totals.payable_minor == lines + totals.shipping_minor - totals.promotion_minor - totals.coupon_minor
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_what_we_ship_has_no_lint_where_there_is_room(locale: str) -> None:
    order = sample_order(locale)
    assert draw_sample(make_content(order)) is draw_sample(make_content(order)), "drawn once"
    for wide, high in SIZES:
        for copy in HIDDEN:
            content = make_content(order, locale=locale, copy=copy, paper_mm=wide, paper_high_mm=high)
            assert [
                one for one in lint_paper(content, order) if one.code != "no_room" or (wide, high) != (60, 40)
            ] == []


@pytest.mark.parametrize("copy", HIDDEN)
def test_lint_finds_a_character_a_field_and_a_block(copy: str) -> None:
    order = sample_order("zh_CN")
    content = make_content(order, copy=copy, shop_name="𠮷野家🙂")
    assert lint_paper(content, order) == [Lint("glyph", "🙂𠮷")]
    bare = replace(content, shop="A", buyer_note="电 13800138000")
    masked = copy in ("customer", "kitchen")
    assert lint_paper(bare, order) == ([Lint("unmasked", "phone")] if masked else []), "a planted leak"
    for size in LABELS:
        label = make_content(order, copy=copy, paper_mm=size[0], paper_high_mm=size[1], code128="271828")
        said = words_of(draw_pdf(label))
        found = {one.what for one in lint_paper(label, order)}
        assert ("lines" in found) == ("宣纸" in said or "试吃装" not in said), size
        assert ("address" in found) == ("地址见订单" in said), size
        assert ("barcode" in found) == (label.code128 not in said), size
    assert Lint("no_room", "logo") in lint_paper(
        replace(make_content(order, copy=copy, paper_mm=40, paper_high_mm=30), logo="x"), order
    )
