"""The list of orders and look-up, as pages."""

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.party import Party
from tocsin.orders.ledger import all_lookups


def test_the_list_is_masked_and_recorded(pages: Pages) -> None:
    order = pages.take(make_draft(external_id="X-1"))
    page = text_of(pages.get("/orders"))
    assert order.number in page and "138****5678" in page
    assert "13812345678" not in page and "王小明" not in page
    ledger = pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    assert [(row.kind, row.door, row.pairs()) for row in ledger] == [("screen", "page", [(order.id, 1)])]


def test_each_role_with_query_sees_it_and_nobody_does_not(pages: Pages) -> None:
    for role in ("owner", "manager", "clerk", "checker", "auditor"):
        assert pages.get("/orders", role=role).status_code == 200
    assert pages.get("/orders", role="").status_code == 303
    assert "/orders/new" not in pages.get("/orders", role="auditor").text


def test_a_text_finds_and_stays_in_the_box(pages: Pages) -> None:
    found = pages.take(make_draft(external_id="X-1"))
    other = pages.take(make_draft(external_id="X-2", receiver=Party(name="李慧", phone="13900001111", city="合肥市", address="黄山路 3 号")))  # fmt: skip
    page = text_of(pages.get("/orders?q=5678"))
    assert found.number in page and other.number not in page and 'value="5678"' in page
    assert "Nothing found" in text_of(pages.get("/orders?q=absent"))


def test_a_whole_number_opens_its_order(pages: Pages) -> None:
    order = pages.take(make_draft())
    answer = pages.get(f"/orders?q={order.number.lower()}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.number}")


def test_pages_go_forth_and_back(pages: Pages) -> None:
    numbers = [pages.take(make_draft(external_id=f"X-{n}")).number for n in range(51)]
    first = text_of(pages.get("/orders"))
    assert numbers[-1] in first and numbers[0] not in first and "51 orders" in first
    onward = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = text_of(pages.get(onward))
    assert numbers[0] in second and numbers[-1] not in second
    assert 'rel="prev" href="/orders"' in second


def test_hostile_queries_are_no_fault(pages: Pages) -> None:
    for query in ("q=%F0%9F%98%80" + "x" * 500, "q=%27%22%3Cb%3E", "after=" + "9" * 40, "after=-1&trail=__%2B", "q=*&after=x", "done=%3Cb%3E", "locale=xx"):  # fmt: skip
        answer = pages.get(f"/orders?{query}")
        # a text that is too long, or whose quotation nothing closes, is no query: it is told, never a fault
        wanted = 422 if query.startswith(("q=%F0", "q=%27")) else 200
        assert answer.status_code == wanted, query
        assert "<b>>" not in answer.text and '"<b>' not in answer.text
    assert pages.get("/orders?q=%00").status_code == 422


def test_an_empty_desk_says_what_to_do_first(pages: Pages) -> None:
    page = text_of(pages.get("/orders"))
    assert "No orders yet" in page and "/imports" in page and "/orders/new" in page


def test_the_columns_of_the_list_are_chosen_and_kept_for_oneself(pages: Pages) -> None:
    pages.take(make_draft(pickup_point="东门"))
    assert "Always show me" not in pages.get("/orders").text
    assert "Always show me" in pages.get("/orders?col=pickup&col=goods").text
    kept = pages.post(
        "/orders/columns", form=[("col", "pickup"), ("col", "goods"), ("col", "x"), ("q", "state:produced")]
    )
    assert kept.headers["location"] == "/orders?q=state%3Aproduced&done=saved"
    page = text_of(pages.get("/orders"))
    assert "<td>东门</td>" in page and "砀山酥梨" in page and "王*" not in page
    assert "<td>东门</td>" not in pages.get("/orders", role="clerk").text
    assert pages.post("/orders/columns", role="station").status_code == 403
    pages.post("/orders/columns")
    assert "<td>东门</td>" not in pages.get("/orders").text, "none chosen: the usual ones"
