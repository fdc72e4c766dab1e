"""Each format of the folder keeps the contract: whole, no live formula, and what was there reads back."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import partial

import openpyxl
import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.house import make_draft, make_house
from tocsin.core.db import Database
from tocsin.orders.download_file import content_of
from tocsin.orders.download_rows import COLUMNS, ColumnUnknown, check_columns
from tocsin.orders.draft import Line, Order, Party
from tocsin.orders.format import Content, TooManyForFormat, every_format, find_format, read_number, write_file
from tocsin.orders.importer import ImportOptions, Source, parse_source
from tocsin.orders.intake import take_in
from tocsin.orders.screen import Filter

ORDER = Order(
    id=1, number="HF2026", revision=1, merchant_id=1, shop_id=1, shop="HF", channel="taobao", external_id="=1+1",
    external_status="", status_known=True, currency="CNY", placed_at_us=1_790_000_000_000_000, paid_at_us=None, payment="paid",
    payment_method="wechat", fulfilment="unfulfilled", desk_state="produced", delivery="express", campaign="@SUM(A1)",
    merchant_note="", carrier="+SF", waybill="-1", masked=True, lines=(Line(title="=1+1", sku="<A&>", spec="#set page()"),),
    receiver=Party(name="王*小_明", phone="138****5678", address="]]> $x$ `y`", buyer_note="=cmd|' /C calc'!A0"), totals=make_draft().totals,
    computed_goods_minor=100, computed_payable_minor=100, payable_minor=100, content_hash="", produced_at_us=1, head_revision=1,
)  # fmt: skip
CELLS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")), max_size=20)


def written(name: str, *orders: Order, rows: list[tuple[str, ...]] | None = None, columns: tuple[str, ...] = ("a", "b")) -> bytes:  # fmt: skip
    out = io.BytesIO()
    content = Content(columns, lambda: rows or [], lambda: orders)
    assert write_file(find_format(name), content, out) in (len(orders), len(rows or []))
    return out.getvalue()


def sheet(data: bytes) -> list[list[openpyxl.cell.Cell]]:
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows()]


@pytest.mark.parametrize("name", sorted(every_format()))
def test_each_format_says_what_it_is_and_holds_none_one_and_many(name: str) -> None:
    each = find_format(name)
    assert (each.name, each.suffix[0], "/" in each.media_type, each.most >= 0) == (name, ".", True, True)
    sizes = [len(written(name, *[replace(ORDER, number=f"N{n}") for n in range(count)], rows=[("x", "y")] * count)) for count in (0, 1, 40)]  # fmt: skip
    assert sizes[0] < sizes[2] and sizes == sorted(sizes)


@pytest.mark.parametrize("name", sorted(name for name, each in every_format().items() if each.most))
def test_a_file_longer_than_its_format_holds_is_refused_with_the_cure(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(find_format(name)), "most", 3)
    orders = [replace(ORDER, number=f"N{n}") for n in range(4)]
    written(name, *orders[:3], rows=[("x", "y")] * 3)
    with pytest.raises(TooManyForFormat) as refused:
        written(name, *orders, rows=[("x", "y")] * 4)
    assert "choose CSV" in refused.value.message()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS.filter(bool), CELLS), min_size=1, max_size=4))
def test_a_workbook_s_cells_are_text_and_come_back(rows: list[tuple[str, str]]) -> None:
    rows = [("_x0041_=", "007"), *rows]
    back = sheet(written("xlsx", rows=rows))
    assert [cell.value for cell in back[0]] == ["a", "b"]
    assert {cell.data_type for row in back for cell in row} <= {"s", "inlineStr", "n"}
    for row, cells in zip(rows, back[1:], strict=True):
        for text, cell in zip(row, cells, strict=True):
            assert re.sub(r"_x005F_(x[0-9A-Fa-f]{4}_)", r"_\1", cell.value or "") == text


def test_csv_written_many_rows_at_once_is_what_it_is_row_by_row() -> None:
    cells = (
        "x",
        "",
        "=1",
        " =1",
        "-1.50",
        "-x",
        'a"b',
        '","=',
        "a,",
        "\r=",
        "\n",
        "a\n=",
        "'",
        "＝",
        "\ud800",
    )
    rows = [pair for one in cells for pair in ((one, "x"), ("x", one))]
    expected = b"".join(written("csv", rows=[row])[len(written("csv")) :] for row in rows)
    assert written("csv", rows=rows)[len(written("csv")) :] == expected
    read = list(csv.reader(io.StringIO(expected.decode(), newline="")))
    live = re.compile(r"\s*[=+\-@'＝＋－＠]")
    assert all(cell == "-1.50" or cell[:1] == "'" or not live.match(cell) for row in read for cell in row), (
        read
    )


def test_amounts_alone_become_numbers_and_only_where_no_digit_is_lost() -> None:
    rows = [("00012", "12.50", "00012"), ("5", "1234567890123456", "-0.1"), ("1e5", "=1", "NaN")]
    back = sheet(written("xlsx", rows=rows, columns=("sku", "payable", "quantity")))[1:]
    assert [[cell.value for cell in row] for row in back] == [
        ["00012", 12.5, "00012"], ["5", "1234567890123456", -0.1], ["1e5", "=1", "NaN"],
    ]  # fmt: skip
    assert "f" not in {cell.data_type for row in back for cell in row} and read_number("phone", "1") == "1"


def test_json_lines_are_read_back_by_the_importer() -> None:
    data = written("jsonl", ORDER, replace(ORDER, external_id="", number="HF2027"))
    parsed = parse_source(Source("o.jsonl", "", data), ImportOptions())
    first, second = (one.draft for one in parsed.orders)
    assert parsed.bad == () and (first.external_id, second.external_id) == ("=1+1", "HF2027")
    assert (first.receiver, first.lines, first.totals) == (ORDER.receiver, ORDER.lines, ORDER.totals)
    assert [json.loads(line)["campaign"] for line in data.splitlines()] == ["@SUM(A1)"] * 2


def test_a_ubl_order_is_well_formed_and_has_what_is_required_in_its_sequence() -> None:
    with zipfile.ZipFile(io.BytesIO(written("ubl", ORDER, replace(ORDER, number="../../x")))) as archive:
        assert archive.namelist() == ["HF2026.xml", ".._.._x.xml"] and archive.testzip() is None
        root = ElementTree.fromstring(archive.read("HF2026.xml"))
    names = [each.tag.partition("}")[2] for each in root]
    assert names == [
        "UBLVersionID", "ID", "SalesOrderID", "IssueDate", "IssueTime", "Note", "DocumentCurrencyCode", "AccountingCost",
        "BuyerCustomerParty", "SellerSupplierParty", "Delivery", "AnticipatedMonetaryTotal", "OrderLine",
    ]  # fmt: skip
    texts = {each.text for each in root.iter()}
    assert {"=1+1", "<A&>", "]]> $x$ `y`", "=cmd|' /C calc'!A0", "王*小_明"} <= texts


def test_each_format_of_whole_orders_says_where_one_is_fetched() -> None:
    order = replace(ORDER, pickup_point="东门<&>", community="翠苑一区")
    with zipfile.ZipFile(io.BytesIO(written("ubl", order))) as archive:
        document = archive.read(archive.namelist()[0]).decode()
    assert "<cbc:Description>翠苑一区</cbc:Description><cbc:Name>东门&lt;&amp;&gt;</cbc:Name>" in document
    assert json.loads(written("jsonl", order))["pickup_point"] == "东门<&>"
    assert {"pickup_point", "community"} <= {*COLUMNS}


def test_a_pdf_shows_text_as_text() -> None:
    assert written("pdf", ORDER).startswith(b"%PDF-")


def test_what_a_file_is_made_of_comes_from_the_store(db: Database) -> None:
    house = make_house(db)
    for n in range(3):
        draft = make_draft(
            external_id=f"E-{n}", lines=(make_draft().lines[0], Line(title="赠", gift=True))[: n or 1]
        )
        db.write(house.merchant_id, partial(take_in, actor=house.actor(), draft=draft))

    def files(real: bool) -> Iterator[bytes]:
        for name in ("csv", "jsonl"):
            out, told = io.BytesIO(), list[int]()
            with db.snapshot(house.merchant_id) as tx:
                content = content_of(
                    tx, wanted=Filter(), real=real, columns=check_columns(["phone", "external_id", "line_total", "phone"]),
                    tell=told.append,
                )  # fmt: skip
                assert write_file(find_format(name), content, out) == (4 if name == "csv" else 3)
            yield out.getvalue()

    sheet_, lines = files(real=False)
    table = list(csv.reader(io.StringIO(sheet_.decode("utf-8-sig"))))
    assert table[0] == ["phone", "external_id", "line_total"] and [row[1] for row in table[1:]] == ["E-2", "E-2", "E-1", "E-0"]  # fmt: skip
    assert {row[0] for row in table[1:]} == {"138****5678"} and b"13812345678" not in lines
    assert all(b"13812345678" in data for data in files(real=True))
    with pytest.raises(ColumnUnknown):
        check_columns(["phone", "password"])
    assert check_columns([]) == COLUMNS
