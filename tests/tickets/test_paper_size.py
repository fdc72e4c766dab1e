"""Paper of every size: drawn to the dot, its codes read, nothing cut in the middle, both languages."""

import io

import pytest
import zxingcpp
from PIL import Image

from tests.tickets.paper import SCAN_URL, SERIAL, make_content, picture_of
from tests.tickets.test_layout import make_line, make_order, words_of
from tocsin.core.party import Party
from tocsin.core.typeset import EngineFault
from tocsin.tickets.layout import draw_pdf, draw_png, draw_raster
from tocsin.tickets.paper_size import A4, LABELS, dots_of, say_size, shape_of

LONG = "漕溪北路三百七十五弄" * 12
SIZES = [(58, 0), (80, 0), A4, *LABELS]


def some(count: int, **changes: object) -> object:
    return make_order(lines=tuple(make_line(f"砀山酥梨 {n} 号") for n in range(count)), **changes)


@pytest.mark.parametrize(("wide", "high"), SIZES)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_it_is_drawn_to_the_dot_and_its_codes_are_read(wide: int, high: int, locale: str) -> None:
    content = make_content(some(9), paper_mm=wide, paper_high_mm=high, locale=locale)  # type: ignore[arg-type]
    raster = draw_raster(content)
    assert raster.width_px == dots_of(wide, high) and (not high or raster.height_px == high * 8)
    picture = picture_of(raster)
    codes = {code.format: code.text for code in zxingcpp.read_barcodes(picture)}
    assert codes.get(zxingcpp.BarcodeFormat.QRCode) == SCAN_URL, "every paper is asked whether it still holds"
    if high == 0 or (high >= 60 and wide >= 76):
        assert codes.get(zxingcpp.BarcodeFormat.Code128) == SERIAL
    words = words_of(draw_pdf(content))
    assert content.number in words
    if min(wide, high or 300) >= 40 and wide >= 60:
        assert ("本小票非发票" if locale == "zh_CN" else "Not a tax invoice") in words


@pytest.mark.parametrize(("wide", "high"), LABELS)
def test_lines_without_room_are_counted(wide: int, high: int) -> None:
    words = words_of(draw_pdf(make_content(some(60), paper_mm=wide, paper_high_mm=high)))  # type: ignore[arg-type]
    shown = sum(f"酥梨 {n} 号" in words for n in range(60))
    assert f"另有 {60 - shown} 行" in words and shown < 60
    few = words_of(draw_pdf(make_content(some(1), paper_mm=wide, paper_high_mm=high)))  # type: ignore[arg-type]
    assert "另有" not in few


@pytest.mark.parametrize(("wide", "high"), LABELS)
def test_an_address_is_whole_or_left_to_the_order(wide: int, high: int) -> None:
    receiver = Party(name="王小明", phone="13812345678", address=LONG)
    words = words_of(draw_pdf(make_content(some(1, receiver=receiver), paper_mm=wide, paper_high_mm=high)))  # type: ignore[arg-type]
    flat = "".join(words.split())
    assert (LONG in flat) != ("地址见订单" in flat), "half an address is none"


def test_marks_stand_on_labels_and_sheets_too() -> None:
    for wide, high in (A4, (40, 30), (100, 150)):
        plain = draw_raster(make_content(paper_mm=wide, paper_high_mm=high)).sha256()
        for changes, word in (
            ({"void": True}, "作废"),
            ({"reprint_no": 2}, "重打 2"),
            ({"replaces": 1}, "补打 1"),
            ({"amended_from": 1}, "改单 第 1 版"),
        ):
            content = make_content(paper_mm=wide, paper_high_mm=high, **changes)
            assert word in words_of(draw_pdf(content)) and draw_raster(content).sha256() != plain


def test_a_sheet_takes_as_many_pages_as_its_lines_need() -> None:
    words = words_of(draw_pdf(make_content(some(150), paper_mm=A4[0], paper_high_mm=A4[1])))  # type: ignore[arg-type]
    assert all(f"酥梨 {n} 号" in words for n in range(150)) and any(
        f"1 / {pages}" in words for pages in (4, 5)
    )
    assert (
        Image.open(
            io.BytesIO(draw_png(make_content(some(150), paper_mm=210, paper_high_mm=297), form="pdf"))
        ).height
        == 2376
    )  # type: ignore[arg-type]


def test_a_printer_of_dots_is_never_given_a_part_of_a_sheet() -> None:
    whole = make_content(some(3), paper_mm=A4[0], paper_high_mm=A4[1])  # type: ignore[arg-type]
    assert draw_raster(whole).height_px == 2376
    with pytest.raises(EngineFault):
        draw_raster(make_content(some(150), paper_mm=A4[0], paper_high_mm=A4[1]))  # type: ignore[arg-type]


@pytest.mark.parametrize(("wide", "high"), LABELS)
def test_a_buyers_note_is_printed_or_told_of(wide: int, high: int) -> None:
    receiver = Party(name="王小明", phone="13812345678", address="黄山路 1 号", buyer_note="不要放花生")
    words = words_of(draw_pdf(make_content(some(1, receiver=receiver), paper_mm=wide, paper_high_mm=high)))  # type: ignore[arg-type]
    assert ("不要放花生" in words) != ("见订单" in words)


def test_sizes_are_named_and_others_refused() -> None:
    assert [say_size(*size) for size in ((80, 0), A4, (100, 150))] == ["80 mm", "A4", "100 × 150 mm"]
    assert [shape_of(*size) for size in ((57, 0), (39, 30), (101, 30), (40, 29), (100, 181), (210, 296))] == [
        None
    ] * 6
