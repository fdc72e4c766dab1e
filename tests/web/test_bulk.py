"""Bulk acts on the list: a result per order, over a selection and over a whole query."""

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.orders.amend import cancel_order
from tocsin.orders.store import load_order


def test_each_order_of_a_selection_has_its_result(pages: Pages) -> None:
    good, gone, other = (pages.take(make_draft(external_id=f"X-{n}")) for n in range(3))
    pages.db.write(
        pages.house.merchant_id,
        lambda tx: cancel_order(tx, pages.house.actor(), order_id=gone.id, reason="x"),
    )
    order = lambda one: pages.db.read(
        pages.house.merchant_id, lambda tx: load_order(tx, order_id=one.id, real=True)
    )
    chosen = [("order", f"{good.id}:1"), ("order", f"{gone.id}:1")]
    act = {"act": "amend", "field": "campaign", "value": "团购", "reason": "补活动"}
    page = pages.post("/orders/bulk", form=chosen, **act)
    assert page.status_code == 200 and "Done: 1. Refused: 1." in page.text
    assert good.number in page.text and gone.number in page.text and other.number not in page.text
    assert (order(good).campaign, order(good).revision, order(other).campaign) == ("团购", 2, "")
    again = text_of(pages.post("/orders/bulk", **{**act, "value": "秒杀", "order": f"{good.id}:1"}))
    assert "Refused: 1." in again and order(good).campaign == "团购", (
        "it was seen at revision 1: nothing is overwritten"
    )


def test_a_whole_query_is_held_and_released(pages: Pages) -> None:
    for n in range(3):
        pages.take(make_draft(external_id=f"X-{n}", campaign="团购" if n else ""))
    held = text_of(pages.post("/orders/bulk", act="hold", reason="等货", q="campaign:团购", whole="1"))
    assert "Done: 2. Refused: 0." in held
    assert "2 orders" in text_of(pages.get("/orders?q=held:manual"))
    freed = text_of(pages.post("/orders/bulk", act="release", reason="到货", q="sort:placed", whole="1"))
    assert "Done: 2. Refused: 1." in freed and "not held" in freed


def test_who_may_and_what_may(pages: Pages) -> None:
    order = pages.take(make_draft())
    act = {"act": "amend", "field": "campaign", "value": "a", "reason": "b", "order": f"{order.id}:1"}
    assert pages.post("/orders/bulk", role="auditor", **{**act, "act": "hold"}).status_code == 403
    assert pages.post("/orders/bulk", role="checker", **act).status_code == 403
    for wrong in (
        {"field": "payable"},
        {"act": "cancel"},
        {"order": ""},
        {"whole": "1", "q": "campaign:none"},
    ):
        assert pages.post("/orders/bulk", **{**act, **wrong}).status_code in (404, 422), wrong
    assert pages.post("/orders/bulk", whole="1", act="hold", reason="b", q="stat:x").status_code == 422
