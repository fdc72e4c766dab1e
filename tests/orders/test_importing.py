"""Sheets: previewed as a commit would take them, committed once, bad rows set aside sealed."""

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import (
    ImportMissing,
    commit_import,
    list_imports,
    preview_import,
    upload_sheet,
)
from tocsin.orders.quarantine import drop_quarantined, list_quarantine, read_raw
from tocsin.orders.screen import Filter, count_rows

SHEET = Path(__file__).parent.parent / "data" / "mall_cn_orders" / "orders_joined.csv"
SMALL = """订单号,下单时间,订单状态,收货人,联系电话,详细地址,商品名称,单价,数量,应付金额
X-1,2026-01-02 03:04:05,待发货,张三,13800138000,黄山路 1 号,酥梨,10.00,2,20.00
X-2,2026-01-02 03:04:05,待发货,李四,13900139000,黄山路 2 号,酥梨,十块,2,20.00
"""


def source(data: bytes, name: str = "orders.csv") -> Source:
    return Source(name, "text/csv", data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_the_65_orders_are_foreseen_taken_once_and_unchanged_the_second_time(
    db: Database, encoding: str
) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    data = SHEET.read_text("utf-8-sig").encode(encoding)
    seen = upload_sheet(db, clerk, source=source(data), options=ImportOptions(channel="mall"))
    assert seen.counts() == {
        "new": 65,
        "changed": 0,
        "moved": 0,
        "unchanged": 0,
        "conflict": 0,
        "older": 0,
        "bad": 0,
    }
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 0
    assert preview_import(db, clerk, import_id=seen.import_id).counts() == seen.counts()
    done = commit_import(db, clerk, import_id=seen.import_id)
    assert (done.status, done.created, done.bad_rows) == ("committed", 65, 0)
    with pytest.raises(ImportMissing):
        commit_import(db, clerk, import_id=seen.import_id)
    again = upload_sheet(db, clerk, source=source(data), options=ImportOptions(channel="mall"))
    assert again.counts()["unchanged"] == 65
    assert commit_import(db, clerk, import_id=again.import_id).unchanged == 65
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 65
    assert [each.id for each in db.read(house.merchant_id, list_imports)] == [again.import_id, seen.import_id]


def test_a_bad_row_is_set_aside_and_its_text_is_sealed(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    seen = upload_sheet(db, clerk, source=source(SMALL.encode()), options=ImportOptions(channel="small"))
    assert (seen.counts()["new"], seen.counts()["bad"]) == (1, 1)
    assert commit_import(db, clerk, import_id=seen.import_id).created == 1
    (row,) = db.read(house.merchant_id, list_quarantine)
    assert (row.row, row.code) == (3, "amount_unreadable")
    raw = Statement[tuple[bytes]](sa.text("SELECT sealed_raw FROM quarantine"))
    assert b"13900139000" not in bytes(db.read(house.merchant_id, lambda tx: tx.value(raw)))
    assert "13900139000" in db.read(house.merchant_id, lambda tx: read_raw(tx, clerk, row))
    with pytest.raises(NotAllowed):
        db.read(house.merchant_id, lambda tx: read_raw(tx, house.actor("auditor"), row))
    drop = partial(drop_quarantined, actor=clerk, row_id=row.id)
    assert db.write(house.merchant_id, drop) and not db.write(house.merchant_id, drop)
    assert not db.read(house.merchant_id, list_quarantine)


def test_an_order_for_a_shop_that_is_not_there_keeps_no_other_out(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    lines = b'{"shop":"NOWHERE","external_id":"A","lines":[]}\n{"external_id":"B","lines":[]}\n'
    seen = upload_sheet(db, clerk, source=source(lines, "orders.jsonl"), options=ImportOptions(channel="api"))
    assert (seen.counts()["new"], seen.counts()["bad"]) == (1, 1)
    done = commit_import(db, clerk, import_id=seen.import_id)
    assert (done.created, done.bad_rows) == (1, 1)
    assert [row.code for row in db.read(house.merchant_id, list_quarantine)] == ["shop_missing"]


def test_only_those_who_may_import_do(db: Database) -> None:
    house = make_house(db)
    with pytest.raises(NotAllowed):
        upload_sheet(db, house.actor("checker"), source=source(SMALL.encode()), options=ImportOptions())
    with pytest.raises(ImportMissing):
        preview_import(db, house.actor("owner"), import_id=5)
