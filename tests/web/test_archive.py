"""The archive as pages show it: the daily list says that it leaves it out, and an order is taken out and put back at one touch."""

import sqlalchemy as sa

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tests.web.test_take_back import done
from tocsin.core.statement import Statement
from tocsin.orders.draft import Order
from tocsin.orders.store import load_order

_ARCHIVE = Statement[None](
    sa.text(
        "UPDATE order_head SET desk_state = 'archived', fulfilment = 'shipped' WHERE merchant_id = :merchant_id AND id = :id"
    )
)


def state(pages: Pages, order: Order) -> str:
    return pages.db.read(pages.house.merchant_id, lambda tx: load_order(tx, order_id=order.id)).desk_state


def test_an_archived_order_leaves_the_list_and_is_brought_back(pages: Pages) -> None:
    old, young = pages.take(make_draft()), pages.take(make_draft(quantity=3))
    left_out = "Archived orders are left out."
    whole = text_of(pages.get("/orders"))
    assert old.number in whole and left_out not in whole and "state:archived" not in whole
    pages.db.write(pages.house.merchant_id, lambda tx: tx.run(_ARCHIVE, id=old.id))
    daily = text_of(pages.get("/orders"))
    assert old.number not in daily and young.number in daily and left_out in daily
    assert "One order" in daily and 'name="query" value="-state:archived"' in daily
    asked = text_of(pages.get("/orders?q=state:archived"))
    assert old.number in asked and young.number not in asked and left_out not in asked and "Archived" in asked
    path = f"/orders/{old.number}/retrieval"
    page = text_of(pages.get(f"/orders/{old.number}"))
    assert path in page and "Archived" in page
    assert path not in pages.get(f"/orders/{old.number}", role="auditor").text
    assert pages.post(path, role="auditor").status_code == 403 and state(pages, old) == "archived"
    said, undo = done(pages, path)
    assert "Taken out of the archive" in said and state(pages, old) == "printed"
    again = pages.post(path)
    assert again.status_code == 409 and "is not in the archive" in text_of(again)
    assert old.number in text_of(pages.get("/orders"))
    assert pages.post(undo).status_code == 303 and state(pages, old) == "archived"
    assert pages.ask("POST", f"/orders/{old.number}/retrieval").json() == {
        "number": old.number,
        "desk_state": "printed",
    }
    assert pages.ask("POST", f"/orders/{old.number}/retrieval").json()["code"] == "not_archived"
    verbs = text_of(pages.get("/journal"))
    assert "orders.bring_back" in verbs and "orders.put_back" in verbs
