"""Workbooks: cells as they mean, and what is made to burst bursts in a child."""

import io
import resource
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from tocsin.orders.importer import ImportOptions, Source, parse_source
from tocsin.orders.workbook import (
    WorkbookBomb,
    WorkbookBroken,
    WorkbookEmpty,
    WorkbookSheetMissing,
    WorkbookTooLong,
    WorkbookTooMuch,
    WorkbookTooWide,
    unpack_workbook,
)

HEAD = ["订单号", "下单时间", "收货人", "联系手机", "商品名称", "数量", "单价"]
ROW = ["A1", datetime(2026, 5, 23, 22, 2), "张三", 13800138000, "苹果\n红", 2, 3.1]


def book(*rows, sheet="订单", more=()):
    made = openpyxl.Workbook()
    made.active.title = sheet
    for row in rows:
        made.active.append(row)
    for name, rest in more:
        other = made.create_sheet(name)
        for row in rest:
            other.append(row)
    return saved(made)


def saved(made):
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def text_of(data, sheet=""):
    return unpack_workbook(Source("orders.xlsx", "", data), sheet=sheet).data.decode()


def parse(data, **options):
    return parse_source(Source("orders.xlsx", "", data), ImportOptions(**options))


def test_cells_become_text_as_they_mean():
    row = [
        1930679858170647,
        1930679858170640,
        99999999999999,
        0.1 + 0.2,
        -7,
        True,
        date(2026, 5, 23),
        "\t00012",
        None,
    ]
    assert text_of(book(row)) == (
        "1930679858170647,1.93067985817064E+15,99999999999999,0.3,-7,true,2026-05-23, 00012\r\n"
    )


def test_a_workbook_is_read_as_its_csv_is_and_says_the_row_of_the_sheet():
    parsed = parse(
        book(["某某商城订单导出"], [], HEAD, ROW, ["A2", None, "李四", "139", "梨", "两", 1], ["合计"])
    )
    (order,) = parsed.orders
    assert (order.row, order.draft.receiver.phone, order.draft.lines[0].title) == (
        4,
        "13800138000",
        "苹果 红",
    )
    assert (order.draft.placed_raw, order.draft.lines[0].unit_price_micro) == (
        "2026-05-23 22:02:00",
        3_100_000,
    )
    assert [(bad.row, bad.field) for bad in parsed.bad] == [(5, "quantity")]
    assert parsed.encoding == "workbook"


def test_a_number_of_an_order_that_the_spreadsheet_rounded_is_refused():
    assert [bad.code for bad in parse(book(HEAD, [1930679858170640, *ROW[1:]])).bad] == ["number_rounded"]


def test_a_sheet_is_chosen_by_name_or_is_the_first_with_rows():
    data = book(more=(("空", ()), ("二", (HEAD, ROW)), ("三", (HEAD, ["B1", *ROW[1:]]))))
    assert parse(data).orders[0].draft.external_id == "A1"
    assert parse(data, sheet="三").orders[0].draft.external_id == "B1"
    with pytest.raises(WorkbookSheetMissing):
        parse(data, sheet="四")
    with pytest.raises(WorkbookEmpty):
        parse(book())


def packed(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def with_member(name, change):
    with zipfile.ZipFile(io.BytesIO(book(HEAD, ROW))) as opened:
        members = {each: opened.read(each) for each in opened.namelist()}
    return packed({**members, name: change(members.get(name, b""))})


_SHEET = "xl/worksheets/sheet1.xml"
_ENTITIES = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
# One cell in the first corner and one in the last: as a table that is 17 thousand million cells.
_CORNERS = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
BURSTING = {
    "zip bomb": (lambda: packed({"xl/workbook.xml": b" " * (300 << 20)}), WorkbookBomb),
    "many members": (lambda: packed({f"xl/{n}.xml": b"" for n in range(2_001)}), WorkbookBomb),
    "entities": (lambda: with_member(_SHEET, lambda sheet: sheet.replace(b"<worksheet", _ENTITIES + b"<worksheet", 1)), WorkbookBomb),
    "corners": (lambda: with_member(_SHEET, lambda _: _CORNERS), WorkbookTooMuch),
    "wide": (lambda: book(["x"] * 513), WorkbookTooWide),
    "cut off": (lambda: book(HEAD, ROW)[:-200], WorkbookBroken),
    "no workbook": (lambda: packed({"a.txt": b"hello"}), WorkbookBroken),
    "old and broken": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, WorkbookBroken),
    "long": (lambda: with_member(_SHEET, lambda _: _CORNERS.replace(b"XFD1048576", b"A1048576")), WorkbookTooLong),
}  # fmt: skip


@pytest.mark.parametrize("name", BURSTING)
def test_what_is_made_to_burst_is_refused_and_this_process_does_not_grow(name):
    make, refusal = BURSTING[name]
    data = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(refusal) as refused:
        parse(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024, "kibibytes"
    assert "orders.xlsx" in refused.value.message()
