"""The layout: what is drawn can be read back, in both widths and languages, whatever customers write."""

import concurrent.futures
import io
import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from tests.desk import RECEIVER, make_line, make_order, order_with
from tests.peers.escpos_peer import Paper
from tests.tickets.paper import SCAN_URL, SERIAL, make_content, picture_of, words_of
from tocsin.core.typeset import EngineFault
from tocsin.tickets import engine, layout, paper_size
from tocsin.tickets.content import TicketContent, shown_text
from tocsin.tickets.engine import compile_ticket, engine_digest
from tocsin.tickets.layout import draw_pdf, draw_png, draw_raster
from tocsin.tickets.paper_size import dots_of


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("paper_mm", [58, 80])
def test_both_codes_are_read_from_the_dots(paper_mm: int, locale: str):
    raster = draw_raster(make_content(paper_mm=paper_mm, locale=locale))
    assert raster.width_px == {58: 384, 80: 576}[paper_mm]
    assert len(raster.bits) == raster.width_px // 8 * raster.height_px
    assert Paper(picture_of(raster), cut=True).codes() == {"qr": SCAN_URL, "code128": SERIAL}


@pytest.mark.parametrize("paper_mm", [58, 80])
@pytest.mark.parametrize("number", ["1", "42", "123", "9" * 24])
def test_any_number_fits_in_bars(number: str, paper_mm: int):
    raster = draw_raster(make_content(code128=number, paper_mm=paper_mm))
    assert Paper(picture_of(raster), cut=True).codes()["code128"] == number


def test_a_long_link_still_fits():
    url = "https://orders.a-shop-with-a-long-name.example.com:8717/t/" + "x" * 43
    for paper_mm in (58, 80):
        raster = draw_raster(make_content(scan_url=url, paper_mm=paper_mm))
        assert Paper(picture_of(raster), cut=True).codes()["qr"] == url


@pytest.mark.parametrize(
    ("field", "value"), [("code128", "12a"), ("code128", ""), ("code128", "1" * 25), ("scan_url", "x" * 301)]
)
def test_what_no_code_can_hold_is_a_fault(field: str, value: str):
    with pytest.raises(ValueError):
        draw_raster(make_content(**{field: value}))


def test_customers_text_is_printed_as_it_is_written():
    nasty = '#include "x" $a$ [b] \\ (c) *e* _f_ @g <h> `i` //j'
    order = make_order(
        lines=(make_line(nasty, spec=nasty),),
        receiver=replace(RECEIVER, name=nasty, address=nasty),
        shop="#panic()",
    )
    words = " ".join(words_of(draw_pdf(make_content(order))).split())
    assert words.count(nasty) >= 2
    assert "#panic()" in words


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_marks_stand_on_the_paper(locale: str):
    chinese = locale == "zh_CN"
    order = make_order(revision=3)

    def words(**changes: object) -> str:
        return words_of(draw_pdf(make_content(order, locale=locale, **changes)))

    plain = words()
    marks = (
        ("重打", "补打", "改单", "作废", "拦截")
        if chinese
        else ("REPRINT", "REPLACEMENT", "AMENDED", "VOID", "Intercept", "void")
    )
    assert not [mark for mark in marks if mark in plain]
    assert ("表格 · " if chinese else "Sheet · ") in plain, "where it came from reads as on the pages"
    assert ("本小票非发票" if chinese else "Not a tax invoice") in plain
    assert ("已付款" if chinese else "PAID") in plain
    assert ("重打 2" if chinese else "REPRINT 2") in words(reprint_no=2)
    assert ("补打 1" if chinese else "REPLACEMENT 1") in words(replaces=1)
    amended = words(amended_from=2)
    assert ("改单 第 3 版" if chinese else "AMENDED rev 3") in amended
    assert ("第 2 版小票作废" if chinese else "Paper of rev 2 is void") in amended
    void = words(void=True)
    assert ("作废" if chinese else "VOID") in void
    assert ("已付款" if chinese else "PAID") not in void


@pytest.mark.parametrize(
    ("copy", "names"),
    [
        ("merchant", ("商家联", "Merchant copy")),
        ("customer", ("顾客联", "Customer copy")),
        ("kitchen", ("厨房联", "Kitchen copy")),
        ("delivery", ("配送联", "Delivery copy")),
    ],
)
def test_a_copy_says_whose_it_is(copy: str, names: tuple[str, str]):
    for locale, name in zip(("zh_CN", "en"), names, strict=True):
        assert name in words_of(draw_pdf(make_content(copy=copy, locale=locale)))


def test_a_kitchen_reads_what_to_cook_and_no_money():
    order = make_order(lines=(make_line("牛肉面", quantity=2, price=38.5, spec="不要香菜"),))
    words = words_of(draw_pdf(make_content(order, copy="kitchen")))
    for wanted in ("牛肉面", "不要香菜", "×2件"):
        assert wanted in words
    for money in ("38.50", "77.00", "应付", "已付款"):
        assert money not in words


@pytest.mark.parametrize("paper_mm", [58, 80])
def test_numbers_are_never_cut_however_wide(paper_mm: int):
    largest = 2**63 - 1
    line = make_line(
        quantity_micro=10**12 + 1,
        unit_price_micro=9 * 10**12 + 1,
        total_minor=largest,
        discount_minor=largest,
    )
    order = make_order(lines=(line,), number="SHOPPING-20260921-" + "9" * 30, payable_minor=largest)
    content = make_content(order, paper_mm=paper_mm)
    words = words_of(draw_pdf(content)).split("\n")
    for number in (content.number, content.payable, "1000000.000001件 × 9000000.000001"):
        assert number in words
    assert "= 92233720368547758.07" in words
    assert_margins_are_white(content)


@pytest.mark.parametrize("paper_mm", [58, 80])
def test_long_words_wrap(paper_mm: int):
    word = "W" * 300
    party = replace(RECEIVER, name=word, address=word, buyer_note=word)
    order = make_order(lines=(make_line(word, spec=word), make_line("。" * 300)), receiver=party, shop=word)
    for copy in ("merchant", "kitchen"):
        content = make_content(order, paper_mm=paper_mm, copy=copy)
        assert_margins_are_white(content)
    merchant = make_content(order, paper_mm=paper_mm)
    assert words_of(draw_pdf(merchant)).count("W") == 6 * 300


def assert_margins_are_white(content: TicketContent) -> None:
    """Draw as PDF with its margins, turned into dots: what is too wide would stand in them."""
    page = compile_ticket(layout._inputs(content, "pdf"), "png")
    picture = Image.open(io.BytesIO(page)).convert("L")
    margin = (picture.width - dots_of(content.paper_mm, 0)) // 2
    for left in (0, picture.width - margin + 2):
        strip = picture.crop((left, 0, left + margin - 2, picture.height))
        assert strip.getextrema() == (255, 255)


def test_an_order_without_lines_says_so():
    assert "（没有商品）" in words_of(draw_pdf(make_content(make_order(lines=()))))


def test_a_long_order_is_one_long_paper():
    raster = draw_raster(make_content(make_order(lines=tuple(make_line(f"商品 {n}") for n in range(200)))))
    assert raster.height_px > 10_000
    assert Paper(picture_of(raster), cut=True).codes() == {"qr": SCAN_URL, "code128": SERIAL}


def test_the_same_content_makes_the_same_paper():
    one, two = make_content(), make_content()
    assert draw_raster(one).sha256() == draw_raster(two).sha256()
    assert draw_pdf(one) == draw_pdf(two)
    assert draw_raster(make_content(reprint_no=1)).sha256() != draw_raster(one).sha256()
    assert Image.open(io.BytesIO(draw_png(one))).width == 576


def test_many_threads_draw_what_one_draws():
    papers = [make_content(make_order(number=f"A-20260921-{n:04d}")) for n in range(12)]
    alone = [draw_raster(paper).sha256() for paper in papers]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda paper: draw_raster(paper).sha256(), papers * 2))
    assert together == alone * 2
    assert len(set(alone)) == 12


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ('#set text(font: "No Such Font")\nx', "unknown font"),
        ("#set page(height: 5mm)\na\n#pagebreak()\nb", "several pages"),
    ],
)
def test_what_the_engine_only_warns_of_is_a_fault(
    template: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "ticket.typ").write_text(template)
    monkeypatch.setattr(engine, "TEMPLATES", tmp_path)
    with pytest.raises(EngineFault, match=fault):
        compile_ticket({}, "png")


def test_a_picture_of_another_width_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(paper_size.ROLL_DOTS, 80, 512)
    with pytest.raises(ValueError, match="512"):
        draw_raster(make_content())


def test_a_package_without_its_fonts_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "FONTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"NotoSansSC-Regular\.ttf"):
        engine_digest.__wrapped__()
    assert re.fullmatch("[0-9a-f]{64}", engine_digest())


def test_the_pickup_point_and_the_community_stand_on_each_copy_where_they_are_given():
    order = order_with(pickup_point="东门便利店", community="翠苑一区")
    for copy in ("merchant", "customer", "kitchen", "delivery"):
        words = words_of(draw_pdf(make_content(order, copy=copy)))
        assert all(text in words for text in ("自提点", "东门便利店", "小区", "翠苑一区")), copy
    assert "自提点" not in words_of(draw_pdf(make_content()))
    assert "翠苑一区" in shown_text(make_content(order))
