"""Pictures as a page: numbers of the desk drawn and told, of one shop or all, and the same numbers as a file."""

import csv
import io
import re

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.tenant import create_shop
from tocsin.orders.draft import Party


def table_of(page: str, name: str) -> dict[str, list[str]]:
    """Return the table behind a picture: the rows' numbers by their names."""
    figure = re.search(rf'<figure[^>]*id="{name}".*?</figure>', page, re.S)
    assert figure, name
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', figure[0])
    return {row: re.findall(r'<td class="num">(\d+)</td>', cells) for row, cells in rows}


def test_what_the_desk_did_today_is_drawn_and_told(pages: Pages) -> None:
    merchant_id = pages.house.merchant_id
    pages.db.write(merchant_id, lambda tx: create_shop(tx, code="HZ", name="杭州店", zone="Asia/Shanghai"))
    printer = pages.printer()
    good = pages.take(make_draft(external_id="good"))
    pages.post(f"/terminals/{printer}/prints", order=str(good.id), revision="1")
    void, _ = [pages.take(make_draft(external_id=f"E-{n}", campaign="=1+1")) for n in range(2)]
    pages.take(
        make_draft(external_id="bad", receiver=Party(name="王小明", phone="123", address="黄山路 12 号"))
    )
    pages.post(f"/orders/{void.number}/cancellation", reason="不要了")
    shown = text_of(pages.get("/pictures?locale=en"))
    placed = [[int(cell) for cell in cells] for cells in table_of(shown, "orders").values()]
    assert len(placed) == 24 and [sum(each) for each in zip(*placed, strict=True)] == [1, 2, 1]
    assert table_of(shown, "problems")["Phone number"] == ["1"]
    assert sum(map(int, table_of(shown, "papers")["Counter"])) == 1
    assert all(
        text in shown for text in ("<rect", "p99", 'id="attempts"', 'data-live-region="orders"', "杭州店")
    )
    month = text_of(pages.get("/pictures?period=month&shop=HZ&locale=zh_CN"))
    assert "data-live-region" not in month and "这段时间没有" in month and "月" in month
    rows = list(
        csv.reader(io.StringIO(pages.get("/pictures/orders.csv?locale=en").content.decode("utf-8-sig")))
    )
    assert rows[0] == ["Hour", "'=1+1", "No campaign", "Cancelled"] and len(rows) == 25, (
        "no spreadsheet runs it"
    )


def test_what_is_no_picture_is_missing_and_sign_ins_are_for_who_reads_the_journal(pages: Pages) -> None:
    assert 'id="attempts"' not in text_of(pages.get("/pictures", role="clerk"))
    assert [pages.get(f"/pictures/{name}").status_code for name in ("orders.csv", "orders", "x.csv")] == [
        200,
        404,
        404,
    ]
    assert pages.get("/pictures/attempts.csv", role="clerk").status_code == 403
    assert pages.get("/pictures?shop=none").status_code == 404
