"""Sheets on their pages: upload, preview, commit, result; and quarantine."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.counter import check_all
from tests.web.pages import Pages, text_of
from tocsin.core.db import Tx
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.ledger import all_lookups
from tocsin.orders.quarantine import list_quarantine
from tocsin.orders.search import find_order_ids

SHEET = Path("tests/data/mall_cn_orders/orders_joined.csv").read_bytes()
PLAIN = "订单编号,收货人,手机号,收货地址,商品名称,数量,单价,应付金额,下单时间\nA1,王小明,13812345678,安徽省合肥市黄山路 1 号,酥梨,2,39.9,79.8,2026-01-02 10:00:00\n"


def test_a_sheet_is_previewed_then_taken_in_once(pages: Pages) -> None:
    sent = pages.upload(SHEET)
    assert sent.status_code == 303, sent.text
    address = sent.headers["location"]
    assert "65" in text_of(pages.get(address))
    assert pages.post(f"{address}/commit").headers["location"] == address
    result = text_of(pages.get(address))
    assert "<b>65</b>" in result
    assert pages.post(f"{address}/commit").status_code == 303, "pressed twice, it shows the first result"
    again = pages.upload(SHEET).headers["location"]
    preview = text_of(pages.get(again))
    assert "orders_joined" not in preview and "orders.csv" in preview
    assert preview.count("Unchanged") > 60, "the same sheet a second time changes nothing"
    assert "1849" in text_of(pages.get("/orders")), "masked phones are shown"
    assert text_of(pages.get("/imports")).count("orders.csv") == 2


def test_gb18030_and_bom_read_the_same(pages: Pages) -> None:
    for data in (PLAIN.encode("gb18030"), PLAIN.encode("utf-8-sig")):
        page = text_of(pages.get(pages.upload(data).headers["location"]))
        assert "酥梨" in page and "王*" in page and "王小明" not in page


def test_what_is_wrong_with_a_file_is_said_at_the_form(pages: Pages) -> None:
    for data in (b"", b"\x00\x01\x02", b"<html></html>", b"a,b\n1,2\n"):
        answer = pages.upload(data)
        assert answer.status_code == 422, data
        assert 'role="alert"' in answer.text and 'name="sheet"' in answer.text
    who = {**pages.headers("owner"), "content-type": "multipart/form-data"}
    for body in (b"", b"--x\r\nbroken"):
        assert pages.client.post("/imports", content=body, headers=who).status_code == 422
    who["content-type"] += "; boundary=B"
    for charset in ("bogus", "rot13"):
        part = f'--B\r\nContent-Disposition: form-data; name="zone"\r\nContent-Type: text/plain; charset={charset}\r\n\r\nx\r\n--B--\r\n'
        answer = pages.client.post("/imports", content=part.encode(), headers=who)
        assert answer.status_code == 422 and "form_unsound" in answer.text, charset


def test_an_upload_of_another_session_or_nobody_is_refused(pages: Pages) -> None:
    assert pages.upload(SHEET, role="").status_code == 303
    assert pages.upload(SHEET, role="checker").status_code == 403
    answer = pages.client.post(
        "/imports", files={"sheet": ("a.csv", SHEET)}, data={"csrf": "no"},
        headers={n: v for n, v in pages.headers("owner").items() if n != "x-csrf"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert "form_foreign" in answer.text


def test_bad_rows_go_to_quarantine_and_are_dismissed_once(pages: Pages) -> None:
    bad = PLAIN + "A2,李慧,13812345679,合肥,酥梨,两,39.9,79.8,2026-01-02 10:00:00\n"
    address = pages.upload(bad.encode()).headers["location"]
    assert "finding E" in text_of(pages.get(address))
    pages.post(f"{address}/commit")
    row = pages.db.read(pages.house.merchant_id, list_quarantine)[0]
    page = text_of(pages.get("/quarantine"))
    assert f"/quarantine/{row.id}/dismissal" in page and "orders.csv" in page
    assert "李慧" not in page and "13812345679" not in page
    for _ in range(2):
        assert pages.post(f"/quarantine/{row.id}/dismissal").status_code == 303
    assert f"/quarantine/{row.id}/dismissal" not in text_of(pages.get("/quarantine"))


def test_the_preview_shows_what_would_change(pages: Pages) -> None:
    pages.post(f"{pages.upload(PLAIN.encode()).headers['location']}/commit")
    order = pages.house.merchant_id
    changed = PLAIN.replace(",2,39.9,79.8,", ",3,39.9,119.7,").replace("13812345678", "13812345670")
    address = pages.upload(changed.encode()).headers["location"]
    page = text_of(pages.get(address))
    fold = page.split('<details class="fold">')[1].split("</details>")[0]
    assert "differences" in fold and "<del>2</del> → <ins>3</ins>" in fold
    assert "79.80" in fold and "119.70" in fold and "Phone" in fold
    assert "13812345670" not in page and "13812345678" not in page, "masked"
    assert "处不同" in text_of(pages.get(f"{address}?locale=zh_CN"))
    ledger = pages.db.read(order, lambda tx: all_lookups(tx, pages.house.actor()))
    kept = [row for row in ledger if row.kind == "import"]
    assert [len(row.pairs()) for row in kept] == [1, 1], "what was shown is recorded"
    assert address in text_of(pages.get("/lookups"))


def test_the_preview_tells_no_guesser_whether_he_is_right(pages: Pages) -> None:
    """Two guesses that read the same under the mask look the same to a clerk, right or wrong."""
    pages.post(f"{pages.upload(PLAIN.encode()).headers['location']}/commit")
    shown = []
    for phone in ("13812345678", "13899995678"):
        guess = PLAIN.replace("13812345678", phone).replace(",2,39.9,79.8,", ",3,39.9,119.7,")
        page = text_of(
            pages.get(pages.upload(guess.encode(), role="clerk").headers["location"], role="clerk")
        )
        shown.append(page.split('<details class="fold">')[1].split("</details>")[0])
    assert shown[0] == shown[1] and "Quantity" in shown[0]
    only = PLAIN.replace("13812345678", "13899995678")
    page = text_of(pages.get(pages.upload(only.encode(), role="clerk").headers["location"], role="clerk"))
    assert "Only in what is masked" in page


def test_a_conflict_shows_what_the_source_has_otherwise(pages: Pages) -> None:
    pages.post(f"{pages.upload(PLAIN.encode()).headers['location']}/commit")
    owner, merchant = pages.house.actor(), pages.house.merchant_id
    (head,) = pages.db.read(merchant, lambda tx: search_ids(tx))
    amendment = Amendment(carrier="顺丰")
    pages.db.write(merchant, lambda tx: amend_order(
        tx, owner, order_id=head, seen=1, amendment=amendment, reason="改"
    ))  # fmt: skip
    page = text_of(
        pages.get(pages.upload(PLAIN.replace(",2,39.9,79.8,", ",5,39.9,199.5,").encode()).headers["location"])
    )
    assert "it will be held" in page and "顺丰" in page.split('<details class="fold">')[1]


def search_ids(tx: Tx) -> list[int]:
    """Return the ids of the orders that are A1."""
    return find_order_ids(tx, text="A1", before=2**63 - 1, limit=5)


def test_the_result_counts_the_orders_of_its_own_import_alone(pages: Pages) -> None:
    head, row = PLAIN.splitlines()
    today = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    head, good = head + ",付款时间\n", row.replace("2026-01-02 10:00:00", today) + f",{today}\n"
    bad = good.replace("13812345678", "")
    broken = head + bad.replace("A1", "B1") + bad.replace("A1", "B2")
    pages.post(f"{pages.upload(broken.encode()).headers['location']}/commit")
    check_all(pages.db)
    mixed = head + good + bad.replace("A1", "A2")
    address = pages.upload(mixed.encode()).headers["location"]
    pages.post(f"{address}/commit")
    check_all(pages.db)
    page = text_of(pages.get(address))
    assert f'href="{address}/orders?held=1"><b>1</b>' in page, (
        "three are held at the desk, one is of this sheet"
    )
    every = text_of(pages.get(f"{address}/orders"))
    assert "A1" in every and "A2" in every and ">B1<" not in every
    held = text_of(pages.get(f"{address}/orders?held=1"))
    assert "A2" in held and ">A1<" not in held and ">B2<" not in held
    ledger = pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    assert [len(row.pairs()) for row in ledger if row.kind == "import"] == [1, 2], "lists are recorded"
    assert pages.get(f"{address}/orders", role="").status_code == 303
    assert pages.get("/imports/123/orders").status_code == 404
    again = text_of(pages.get(pages.upload(mixed.encode()).headers["location"]))
    assert "Nothing in this sheet is new" in again and "Import 2 orders" not in again and "/commit" in again
    unread = head + good + good.replace("A1", "A9").replace(",2,39.9", ",两,39.9")
    assert "into quarantine</button>" in text_of(
        pages.get(pages.upload(unread.encode()).headers["location"])
    ), "what can't be read is still put aside"


def test_a_workbook_and_a_bad_row_are_spoken_of_as_people_do(pages: Pages) -> None:
    answer = pages.upload(b"PK\x03\x04rest", name="orders.xlsx")
    assert (
        answer.status_code == 422
        and "open it in the spreadsheet and save it again" in answer.text
        and "orders_json" not in answer.text
    )
    head, row = PLAIN.splitlines()
    for number, shown in (("A9", True), ("13900001111", False)):
        bad = f"{head}\n{row.replace('A1', number).replace(',2,39.9', ',两,39.9')}\n"
        page = text_of(pages.get(pages.upload(bad.encode()).headers["location"]))
        told = page.split('class="finding E"')[1]
        assert "数量" in told, "the column as the sheet calls it"
        assert (f">{number}<" in told) is shown, "a phone in the number's column is not shown"


def test_only_a_row_that_is_there_is_dismissed(pages: Pages) -> None:
    for row_id in ("0", "1", str(2**60)):
        assert pages.post(f"/quarantine/{row_id}/dismissal").status_code == 404
