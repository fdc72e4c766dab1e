"""CSV out: no live formula, and our own sheet importer reads it back."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.orders.format import OutputUnknown, every_format, find_format
from tocsin.orders.importer import ImportOptions, Source, parse_source
from tocsin.orders.sheet_cells import clean_text, unwrap_cell

LIVE = [
    "=1+1", "=cmd|' /C calc'!A0", "=10+20+cmd|' /C calc'!A0", "+1+1", "-1+1", "-2+3+cmd|' /C calc'!D2", "@SUM(1+1)*cmd",
    "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)", " =1+1", "\u00a0=1+1",
    '=HYPERLINK("http://example.invalid","x")', '"=1+1"', '";=1+1', "+8613800138000", "-", "-1,5", "-1-1", "--1", "'=1",
    "=", "@", "-1e5", "-٣", "\u3000＝1",
]  # fmt: skip
STARTS = tuple("=+-@\t\r\n\x00＝＋－＠")


def write(rows, columns=("a", "b")):
    out = io.BytesIO()
    count = find_format("csv").write(columns, rows, out)
    return out.getvalue(), count


def read(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def is_live(cell):
    return cell.lstrip().startswith(STARTS) or cell.startswith(STARTS)


@pytest.mark.parametrize("cell", LIVE)
@pytest.mark.parametrize("place", [0, 1])
def test_no_cell_begins_as_a_formula_does(cell, place):
    row = ("x", cell) if place else (cell, "x")
    data, _ = write([row])
    written = read(data)[1][place]
    assert not is_live(written)
    assert written in {cell, f"'{cell}"}


def test_a_live_heading_is_made_safe_too():
    assert read(write([], columns=("=1+1", "b"))[0]) == [["'=1+1", "b"]]


def test_plain_numbers_stay_numbers():
    row = ("-12.50", "-3")
    assert read(write([row])[0])[1] == list(row)
    assert read(write([("0.5", "138 0013 8000")])[0])[1] == ["0.5", "138 0013 8000"]


def test_it_begins_with_a_bom_ends_lines_with_crlf_and_quotes_each_cell():
    data, count = write([("张三", "a;=1")])
    assert data == '\ufeff"a","b"\r\n"张三","a;=1"\r\n'.encode()
    assert count == 1


def test_a_lone_surrogate_does_not_break_the_file():
    assert read(write([("\ud800x", "y")])[0])[1] == ["?x", "y"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_any_text_comes_back_with_at_most_one_mark_and_none_of_it_is_live(rows):
    rows = [tuple(c.encode("utf-8", "replace").decode() for c in row) for row in rows]
    data, count = write(rows)
    back = read(data)[1:]
    assert count == len(rows) == len(back)
    for row, again in zip(rows, back, strict=True):
        for cell, written in zip(row, again, strict=True):
            assert written in {cell, f"'{cell}"}
            assert not is_live(written) or written.lstrip("-").replace(".", "", 1).isdigit()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30) | st.sampled_from(LIVE))
def test_the_sheet_reader_takes_our_mark_off_again(cell):
    data, _ = write([(clean_text(cell), "x")])
    written = read(data)[1][0]
    if not clean_text(cell).startswith('="'):
        assert unwrap_cell(written) == clean_text(cell)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.text(max_size=12)), min_size=1, max_size=5))
def test_orders_written_are_the_orders_read(pairs):
    rows = [
        (f"A{n}", clean_text(f"x{title}"), clean_text(note), "-1.50") for n, (title, note) in enumerate(pairs)
    ]
    data, _ = write(rows, columns=("订单号", "商品名称", "买家留言", "单价"))
    parsed = parse_source(Source("o.csv", "", data), ImportOptions(), "sheet")
    found = [
        (o.draft.external_id, o.draft.lines[0].title, o.draft.receiver.buyer_note) for o in parsed.orders
    ]
    assert parsed.bad == ()
    assert found == [row[:3] for row in rows]
    assert {order.draft.lines[0].unit_price_micro for order in parsed.orders} == {-1_500_000}


def test_each_format_says_what_it_is_and_an_unknown_one_is_refused():
    for name, each in every_format().items():
        assert each.name == name
        assert each.title
        assert each.media_type
        assert each.suffix.startswith(".")
    with pytest.raises(OutputUnknown) as refused:
        find_format("tablet")
    assert "csv" in refused.value.message()
