"""Bad rows mended on their page, taken away as a sheet; a sheet that nobody knows is given its columns."""

from tests.web.pages import Pages, text_of
from tocsin.orders.quarantine import list_quarantine

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


def test_a_sheet_that_nobody_knows_is_given_its_columns_and_is_known_then(pages: Pages) -> None:
    assert pages.upload(ODD.encode()).status_code == 422
    who = {"csrf": pages.headers("owner")["x-csrf"]}
    answer = pages.client.post(
        "/profiles/columns", files={"sheet": ("neighbour.csv", ODD.encode())}, data=who, headers=pages.headers("owner")
    )  # fmt: skip
    assert answer.status_code == 200 and "流水" in answer.text and "N-1" in answer.text
    fields = ("order_number", "receiver", "title", "quantity", "unit_price")
    form = {"name": "邻居的表", "channel": "neighbour", "states": ""}
    for place, (heading, field) in enumerate(
        zip(ODD.split("\n", maxsplit=1)[0].split(","), fields, strict=True)
    ):
        form |= {f"heading.{place}": heading, f"field.{place}": field}
    wrong = pages.post("/profiles", form=[*{**form, "field.0": ""}.items()])
    assert wrong.status_code == 422 and "流水" in wrong.text
    assert pages.post("/profiles", form=[*form.items()]).status_code == 303
    assert "邻居的表" in pages.get("/profiles").text
    assert "酥梨" in text_of(pages.get(pages.upload(ODD.encode()).headers["location"]))
