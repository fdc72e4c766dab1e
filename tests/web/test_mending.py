"""Bad rows mended on their page, taken away as a sheet; a sheet that nobody knows is given its columns."""

import re

import pytest
import sqlalchemy as sa

from tests.house import make_house
from tests.web.pages import Pages, text_of
from tocsin.core.db import Database
from tocsin.core.statement import Statement, own
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.importer import Source, parse_source
from tocsin.orders.importing import ImportMissing, preview_import
from tocsin.orders.intake import take_in
from tocsin.orders.mapping import keep_sheet, preview_mapping
from tocsin.orders.profile import Profile
from tocsin.orders.quarantine import list_quarantine
from tocsin.orders.table import order_head
from tocsin.web.mapped import show_mapping
from tocsin.web.words import Words

BAD = "订单编号,收货人,手机号,收货地址,商品名称,数量,单价\nA2,=李慧,13812345679,合肥,酥梨,两,39.9\n"
ODD = "流水,谁,东西,几个,多少钱\nN-1,李慧,酥梨,2,10\n"


def test_a_bad_row_is_mended_on_its_page_and_taken_away_as_a_sheet(pages: Pages) -> None:
    address = pages.upload(BAD.encode()).headers["location"]
    pages.post(f"{address}/commit")
    assert f"{address}/errors.csv" in pages.get(address).text
    row = pages.db.read(pages.house.merchant_id, list_quarantine)[0]
    assert f'href="/quarantine/{row.id}"' in pages.get("/quarantine").text
    page = text_of(pages.get(f"/quarantine/{row.id}"))
    assert "13812345679" in page and "订单编号,收货人" in page
    sheet = pages.get(f"{address}/errors.csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert '"\'=李慧"' in sheet.text and "13812345679" in sheet.text, "a spreadsheet runs nothing of it"
    assert "李慧" not in pages.get(f"{address}/errors.csv", role="clerk").text
    still = pages.post(f"/quarantine/{row.id}/retry", rows="A2,李慧,13812345679,合肥,酥梨,两,39.9")
    assert still.status_code == 422 and "两" in still.text
    assert (
        pages.post(f"/quarantine/{row.id}/retry", rows="A2,李慧,13812345679,合肥,酥梨,2,39.9").status_code
        == 303
    )
    assert not pages.db.read(pages.house.merchant_id, list_quarantine)
    assert pages.get(f"/quarantine/{row.id}").status_code == 404


def test_a_sheet_that_nobody_knows_is_given_its_columns_seen_as_it_would_be_and_is_known_then(
    pages: Pages,
) -> None:
    unknown = pages.upload(ODD.encode())
    assert unknown.status_code == 422 and 'href="/profiles"' in unknown.text
    who = {"csrf": pages.headers("owner")["x-csrf"]}
    assert pages.client.post("/profiles/columns", files={"sheet": ("x.csv", b"no sheet")}, data=who,
                             headers=pages.headers("owner"), follow_redirects=False).status_code == 422  # fmt: skip
    kept = pages.client.post(
        "/profiles/columns", files={"sheet": ("neighbour.csv", ODD.encode())}, data=who, headers=pages.headers("owner"),
        follow_redirects=False,
    )  # fmt: skip
    at = kept.headers["location"]
    page = text_of(pages.get(at))
    assert "流水" in page and "N-1" in page and 'value="neighbour"' in page
    assert pages.get(f"/imports/{at.rpartition('/')[2]}").headers["location"] == at, (
        "it can't be imported yet"
    )
    form = {
        "name": "邻居的表",
        "channel": "neighbour",
        "states": "",
        "field.1": "receiver",
        "field.2": "title",
        "field.3": "quantity",
    }
    seen = pages.client.post(
        f"{at}/preview", data={**who, **form}, headers={**pages.headers("owner"), "hx-request": "true"}
    )
    assert seen.text.lstrip().startswith("<div id=") and "N-1" not in seen.text, (
        "without a number nothing is read"
    )
    whole = {**form, "field.0": "order_number", "field.4": "unit_price"}
    seen = pages.client.post(
        f"{at}/preview", data={**who, **whole}, headers={**pages.headers("owner"), "hx-request": "true"}
    )
    assert re.search(r"<b>1</b><span>.*New", seen.text) and "酥梨 ×2" in seen.text and "李*" in seen.text
    assert pages.post(at, form=form.items()).status_code == 422, "no column is the number"
    assert pages.post(f"{at}/preview", form=whole.items()).text.count("selected") >= 5, (
        "without scripts it is a page"
    )
    done = pages.post(at, form=whole.items()).headers["location"]
    assert done == f"/imports/{at.rpartition('/')[2]}?done=saved" and "酥梨" in text_of(pages.get(done))
    assert pages.get(at).status_code == 404, "its columns are known"
    pages.post(done.partition("?")[0] + "/commit")
    assert "邻居的表" in pages.get("/profiles").text
    again = pages.upload(ODD.replace("2,10", "3,10").encode()).headers["location"]
    assert re.search(r"<b>1</b><span>(?:(?!</span>).)* Changed</span>", text_of(pages.get(again)))
    mark = Statement[None](sa.update(order_head).where(own(order_head)).values(desk_state="printed"))
    pages.db.write(pages.house.merchant_id, lambda tx: tx.run(mark))
    assert re.search(r"<b>1</b><span>(?:(?!</span>).)* Changed after paper</span>", text_of(pages.get(again)))


def test_a_mapping_tells_what_is_unchanged_changed_printed_and_in_conflict(db: Database) -> None:
    house = make_house(db)
    head = ODD.partition("\n")[0]
    rows = [f"N-{n},李{n},酥梨,2,10" for n in range(5)]
    profile = Profile(name="x", channel="odd", columns=dict(zip(
        head.split(","), ("order_number", "receiver", "title", "quantity", "unit_price"), strict=True
    )))  # fmt: skip
    first = "\n".join([head, *rows]).encode()
    parsed = parse_source(Source("x.csv", "", first), profile.options(), importer="sheet")
    taken = [
        db.write(house.merchant_id, lambda tx, one=one: take_in(tx, house.actor(), one.draft))
        for one in parsed.orders
    ]
    mark = (
        sa.update(order_head)
        .where(own(order_head), order_head.c.id == taken[2].order_id)
        .values(desk_state="printed")
    )
    db.write(house.merchant_id, lambda tx: tx.run(Statement[None](mark)))
    db.write(house.merchant_id, lambda tx: amend_order(
        tx, house.actor(), order_id=taken[3].order_id, seen=1, amendment=Amendment(merchant_note="x"), reason="x"
    ))  # fmt: skip
    later = [
        rows[0],
        *(row.replace(",2,", ",3,") for row in rows[1:4]),
        "N-9,王,酥梨,1,10",
        "N-10,王,酥梨,两,10",
    ]
    kept = keep_sheet(db, house.actor(), source=Source("x.csv", "", "\n".join([head, *later]).encode()))
    found = preview_mapping(db, house.actor(), import_id=kept, profile=profile)
    shown = show_mapping(found, Words("en"))
    assert shown["counts"] == {"new": 1, "unchanged": 1, "changed": 1, "printed": 1, "conflict": 1, "bad": 1}
    assert shown["first"]["printed"][0]["external_id"] == "N-2" and found.whole
    with pytest.raises(ImportMissing):
        preview_import(db, house.actor(), import_id=kept)
