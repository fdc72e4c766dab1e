"""Quarantined rows mended: all rows of an order together, or nothing; profiles; the list of bad rows."""

from functools import partial

import pytest

from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.orders.commit import commit_import
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import upload_sheet
from tocsin.orders.mend import RowsStillBad, bad_rows_of, read_mendable, retry_rows
from tocsin.orders.profile import (
    NumberColumnMissing,
    Profile,
    ProfileFieldUnknown,
    ProfileMissing,
    ProfileUnnamed,
    find_profile,
    list_profiles,
    remove_profile,
    save_profile,
    suggest_columns,
)
from tocsin.orders.quarantine import RowMissing, list_quarantine
from tocsin.orders.screen import Filter, count_rows

SHEET = """订单号,收货人,联系电话,收货地址,商品名称,单价,数量
X-1,张三,13800138000,黄山路 1 号,酥梨,10.00,2
X-2,李四,13900139000,黄山路 2 号,酥梨,十块,2
X-2,李四,13900139000,黄山路 2 号,宣纸,20.00,1
"""
ODD = "流水,买的人,电话号,东西,几个,多少钱,怎么样\nN-1,张三,13800138000,酥梨,2,10,飞走了\n"


def source(text: str) -> Source:
    return Source("orders.csv", "text/csv", text.encode())


def test_the_rows_of_an_order_are_mended_together_or_not_at_all(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    seen = upload_sheet(db, clerk, source=source(SHEET), options=ImportOptions(channel="small"))
    commit_import(db, clerk, import_id=seen.import_id)
    rows = db.read(house.merchant_id, list_quarantine)
    assert len(rows) == 2
    read = partial(read_mendable, actor=clerk, row_id=rows[0].id)
    waiting = db.write(house.merchant_id, read)
    assert waiting.text.count("X-2") == 2 and [row.row for row in waiting.rows] == [3, 4]
    with pytest.raises(RowsStillBad) as still:
        retry_rows(db, clerk, row_id=rows[0].id, text=waiting.text)
    assert still.value.data["row"] == 3
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 1
    (taken,) = retry_rows(db, clerk, row_id=rows[1].id, text=waiting.text.replace("十块", "10"))
    assert taken.result == "new"
    assert not db.read(house.merchant_id, list_quarantine)
    with pytest.raises(RowMissing):
        retry_rows(db, clerk, row_id=rows[0].id, text=waiting.text)
    with pytest.raises(NotAllowed):
        db.write(house.merchant_id, partial(read_mendable, actor=house.actor("auditor"), row_id=rows[0].id))


def test_the_list_of_bad_rows_holds_no_cell_for_who_may_not_reveal(db: Database) -> None:
    house = make_house(db)
    seen = upload_sheet(
        db, house.actor("owner"), source=source(SHEET), options=ImportOptions(channel="small")
    )
    commit_import(db, house.actor("owner"), import_id=seen.import_id)
    with db.snapshot(house.merchant_id) as tx:
        found = {
            role: list(bad_rows_of(tx, house.actor(role), import_id=seen.import_id))
            for role in ("owner", "clerk")
        }
    assert ["13900139000" in cells for _, cells in found["owner"]] == [True, True]
    assert [cells for _, cells in found["clerk"]] == [[], []]


def test_a_sheet_that_nobody_knows_is_known_again_by_its_profile(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    row, columns = suggest_columns(source(ODD))
    assert (row, columns[0].heading, columns[0].samples, columns[1].field) == (1, "流水", ("N-1",), "")
    profile = Profile(
        name="邻居的表", channel="neighbour", columns={
            "流水": "order_number", "买的人": "receiver", "电话号": "phone", "东西": "title", "几个": "quantity",
            "多少钱": "unit_price", "怎么样": "status",
        },
        values={"status": {"飞走了": "已发货"}}, defaults={"address": "黄山路 1 号", "carrier": "顺丰"},
    )  # fmt: skip
    for wrong, refusal in (
        (Profile(name="x"), NumberColumnMissing), (Profile(name="", columns=profile.columns), ProfileUnnamed),
        (Profile(name="x", columns={"a": "nothing"}), ProfileFieldUnknown),
    ):  # fmt: skip
        with pytest.raises(refusal):
            db.write(house.merchant_id, partial(save_profile, actor=clerk, profile=wrong))
    kept = db.write(house.merchant_id, partial(save_profile, actor=clerk, profile=profile))
    seen = upload_sheet(
        db,
        clerk,
        source=source(ODD.replace("N-1", "N-1,").replace("流水", "流水,编外")),
        options=ImportOptions(),
    )
    (order,) = seen.parsed.orders
    draft = order.draft
    assert (draft.channel, draft.external_id, draft.external_status, draft.fulfilment) == (
        "neighbour",
        "N-1",
        "已发货",
        "shipped",
    )
    assert (draft.receiver.address, draft.carrier, draft.lines[0].unit_price_micro) == (
        "黄山路 1 号",
        "顺丰",
        10_000_000,
    )
    assert db.read(house.merchant_id, partial(find_profile, text=source(SHEET))) is None
    assert commit_import(db, clerk, import_id=seen.import_id).created == 1
    db.write(house.merchant_id, partial(remove_profile, actor=clerk, profile_id=kept.id))
    assert db.read(house.merchant_id, list_profiles) == []
    with pytest.raises(ProfileMissing):
        db.write(house.merchant_id, partial(remove_profile, actor=clerk, profile_id=kept.id))
