"""Sheets: previewed as a commit would take them, committed once, bad rows set aside sealed."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.orders import commit
from tocsin.orders.claim import (
    ImportUnderWay,
    Progress,
    claim_import,
    get_progress,
    give_claim_back,
    keep_claim,
)
from tocsin.orders.commit import BadRowsLeft, commit_import, free_imports, resume_imports
from tocsin.orders.imported import orders_of_import
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import (
    ImportMissing,
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
    assert (row.row, row.code) == (3, "number_unreadable")
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


def paste(count: int) -> Source:
    text = "\n".join(f"王小明 138123400{n:02d} 安徽省合肥市蜀山区黄山路{n}号 苹果×2" for n in range(count))
    return Source("", "text/plain", text.encode())


def test_two_that_commit_at_once_and_one_that_comes_later_take_each_order_once(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    seen = upload_sheet(db, clerk, source=paste(45), options=ImportOptions(), importer="pasted")
    barrier, told = threading.Barrier(2), list[str]()

    def commit() -> None:
        barrier.wait()
        try:
            told.append(commit_import(db, clerk, import_id=seen.import_id).status)
        except (ImportUnderWay, ImportMissing) as refused:
            told.append(refused.code)

    threads = [threading.Thread(target=commit) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert "committed" in told and set(told) <= {"committed", "import_under_way", "import_missing"}
    assert len(told) == 2 and told.count("committed") == 1
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 45


def test_a_commit_that_died_half_way_is_gone_on_with_where_it_stands(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    lines = b'[{"lines":[]},{"lines":[]},\n{"lines":[]},{"external_id":"E-1","lines":[]},{"lines":[],"shop":"NOWHERE"},{"x":1}]'
    seen = upload_sheet(db, clerk, source=source(lines, "orders.json"), options=ImportOptions(channel="api"))
    monkeypatch.setattr(commit, "CHUNK_ORDERS", 2)
    monkeypatch.setattr(commit, "keep_claim", die_at(2))
    with pytest.raises(ZeroDivisionError):
        commit_import(db, clerk, import_id=seen.import_id)
    monkeypatch.undo()
    half = db.read(house.merchant_id, partial(get_progress, import_id=seen.import_id))
    assert half is not None and (half.taken, half.created, half.alive_us) == (2, 2, 0)
    assert len(db.read(house.merchant_id, list_quarantine)) == 1, "what can't be read is set aside once"
    assert resume_imports(db) == 1
    assert resume_imports(db) == 0
    (done, *_) = db.read(house.merchant_id, list_imports)
    assert (done.status, done.created, done.unchanged, done.bad_rows) == ("committed", 4, 0, 2)
    assert len(db.read(house.merchant_id, list_quarantine)) == 2
    assert len(db.read(house.merchant_id, partial(orders_of_import, import_id=done.id))) == 4
    ids = Statement[tuple[str]](sa.text("SELECT external_id FROM order_head"))
    assert {row[0] for row in db.read(house.merchant_id, lambda tx: tx.rows(ids))} == {
        "E-1", *(f"#{seen.import_id}-{row}" for row in ("1", "1.2", "2"))
    }  # fmt: skip


def die_at(times: int) -> Callable[..., Progress]:
    left = iter(range(times - 1))

    def keep(*given: Any, **named: Any) -> Progress:
        if next(left, None) is None:
            raise ZeroDivisionError
        return keep_claim(*given, **named)

    return keep


def test_a_claim_is_anothers_only_when_it_shows_no_life(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    import_id = upload_sheet(db, clerk, source=paste(2), options=ImportOptions(), importer="pasted").import_id
    claimed = db.write(house.merchant_id, partial(claim_import, actor=clerk, import_id=import_id))
    assert claimed is not None and claimed[1]
    with pytest.raises(ImportUnderWay):
        commit_import(db, clerk, import_id=import_id)
    assert resume_imports(db) == 0
    try:
        shift_clock(MINUTE_US // 2)
        alive = db.write(house.merchant_id, partial(keep_claim, import_id=import_id, seen=claimed[0]))
        shift_clock(MINUTE_US * 3 // 2 - 1_000_000)
        with pytest.raises(ImportUnderWay):
            commit_import(db, clerk, import_id=import_id)
        shift_clock(MINUTE_US * 2)
        assert commit_import(db, clerk, import_id=import_id).created == 2
        with pytest.raises(ImportUnderWay):
            db.write(house.merchant_id, partial(keep_claim, import_id=import_id, seen=alive))
        db.write(house.merchant_id, partial(give_claim_back, import_id=import_id, seen=alive))
    finally:
        shift_clock(0)
    with pytest.raises(ImportMissing):
        commit_import(db, clerk, import_id=import_id)


def test_the_only_process_frees_what_died_with_the_last(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    import_id = upload_sheet(db, clerk, source=paste(2), options=ImportOptions(), importer="pasted").import_id
    db.write(house.merchant_id, partial(claim_import, actor=clerk, import_id=import_id))
    free_imports(db)
    assert resume_imports(db) == 1


def test_an_import_that_shall_be_whole_takes_nothing_in_while_a_row_is_bad(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    seen = upload_sheet(db, clerk, source=source(SMALL.encode()), options=ImportOptions(channel="small"))
    with pytest.raises(BadRowsLeft):
        commit_import(db, clerk, import_id=seen.import_id, whole=True)
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 0
    assert not db.read(house.merchant_id, list_quarantine)
    assert commit_import(db, clerk, import_id=seen.import_id).created == 1


def test_an_order_that_no_order_can_be_keeps_no_other_out(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    head, _, row = SMALL.partition("\n")
    good, *_ = row.split("\n")
    rows = [
        (head + ",商品总额,运费"), *(good.replace("X-1", f"X-{n}") + ",20.00,0" for n in range(25)),
        good.replace("X-1", "HUGE") + ",90000000000000000,90000000000000000",
        good.replace("X-1", "VAST").replace("10.00,2", "9000000000000,900000000") + ",,",
        good.replace("X-1", "FAR").replace("2026-", "9999-") + ",20.00,0",
        good.replace("X-1", "NONE").replace("2026-01-02 03:04:05", "0001-01-01 00:00:00") + ",20.00,0",
    ]  # fmt: skip
    seen = upload_sheet(db, clerk, source=source("\n".join(rows).encode()), options=ImportOptions())
    assert (seen.counts()["new"], seen.counts()["bad"]) == (26, 3)
    assert len(seen.parsed.orders) == len(seen.foreseen) == 26
    done = commit_import(db, clerk, import_id=seen.import_id)
    assert (done.status, done.created, done.bad_rows) == ("committed", 26, 3)
    kept = db.read(house.merchant_id, list_quarantine)
    assert {(each.row, each.field, each.code) for each in kept} == {
        (27, "totals", "draft_wrong"), (28, "", "amount_too_large"), (29, "placed_at", "instant_outside"),
    }  # fmt: skip


def test_only_those_who_may_import_do(db: Database) -> None:
    house = make_house(db)
    with pytest.raises(NotAllowed):
        upload_sheet(db, house.actor("checker"), source=source(SMALL.encode()), options=ImportOptions())
    with pytest.raises(ImportMissing):
        preview_import(db, house.actor("owner"), import_id=5)
