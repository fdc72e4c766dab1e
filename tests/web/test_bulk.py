"""Bulk acts on the list: a result per order, over a selection and over a whole query."""

import re
from functools import partial

import pytest
from msgspec.structs import replace

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.journal import read_journal
from tocsin.core.queue import TASKS
from tocsin.orders.amend import Amendment, amend_order, cancel_order
from tocsin.orders.bulk import take_in_all
from tocsin.orders.importer import ParsedOrder
from tocsin.orders.store import load_order
from tocsin.orders.watch_list import add_watch
from tocsin.tickets.bulk_job import TASK, BulkRedoOver, redo_bulk

TO = make_draft().receiver


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
    retry = page.text.split('action="/orders/bulk"')[1].split("</form>")[0]
    assert f'value="{gone.id}"' in retry and str(good.id) not in retry and 'value="团购"' in retry
    assert good.number in page.text and gone.number in page.text and other.number not in page.text
    assert (order(good).campaign, order(good).revision, order(other).campaign) == ("团购", 2, "")
    again = text_of(pages.post("/orders/bulk", **{**act, "value": "秒杀", "order": f"{good.id}:1"}))
    assert "Refused: 1." in again and "refused one again" not in again and order(good).campaign == "团购", (
        "it was seen at revision 1: nothing is overwritten"
    )


def test_a_watched_order_is_refused_in_its_row_and_the_try_is_recorded(pages: Pages) -> None:
    for role in ("owner", "checker"):
        pages.headers(role)
    order, other, printer = pages.take(make_draft()), pages.take(make_draft(quantity=3)), pages.printer()
    merchant_id = pages.house.merchant_id
    pages.db.write(
        merchant_id, partial(add_watch, actor=pages.actor(), kind="order", value=order.number, reason="纠纷")
    )
    tries = lambda: [
        one.verb for one in pages.db.read(merchant_id, partial(read_journal, subject=f"order:{order.id}"))
    ].count("orders.watched_tried")
    act = {"act": "amend", "field": "campaign", "value": "团购", "reason": "补活动"}
    some = text_of(
        pages.post("/orders/bulk", form=[("order", f"{one.id}:1") for one in (order, other)], **act)
    )
    assert "Done: 1. Refused: 1." in some and "ask a second person" in some and tries() == 1
    whole = finished(pages, q="sort:placed", **{**act, "value": "秒杀"})
    assert "Done: 2 of 2. Refused: 1" in whole and "ask a second person" in whole and tries() == 2
    printed = finished(pages, print=str(printer), q="sort:placed")
    assert "Done: 2 of 2. Refused: 1" in printed and "ask a second person" in printed and tries() == 3
    assert pages.again(order).revision == 1 and pages.jobs(order) == [] and len(pages.jobs(other)) == 1


def finished(pages: Pages, **form: str) -> str:
    """Ask for a whole screen, let it be done; return its page."""
    answer = pages.post("/orders/bulk", whole="1", **form)
    assert answer.status_code == 303, text_of(answer)
    at = answer.headers["location"]
    assert "http-equiv" in text_of(pages.get(at)) and "End it here" in text_of(pages.get(at))
    TASKS[TASK](pages.db, pages.house.merchant_id, {"job": at.rpartition("/")[2]})
    return text_of(pages.get(at))


def test_a_whole_query_is_held_released_and_printed_as_a_job_that_is_watched(pages: Pages) -> None:
    printer = pages.printer()
    orders = [
        pages.take(make_draft(
            external_id=f"X-{n}", campaign="团购" if n else "", receiver=replace(TO, phone=f"1381234000{n}")
        )) for n in range(3)
    ]  # fmt: skip
    held = finished(pages, act="hold", reason="等货", q="campaign:团购")
    assert "Done: 2 of 2. Refused: 0" in held and "End it here" not in held
    assert "2 orders" in text_of(pages.get("/orders?q=held:manual"))
    freed = finished(pages, act="release", reason="到货", q="sort:placed")
    assert "Done: 3 of 3. Refused: 1" in freed and "not held" in freed
    offered = text_of(pages.get("/orders?q=campaign:团购"))
    assert "Print the whole screen on Counter" in offered
    printed = finished(pages, print=str(printer), q="campaign:团购")
    assert "Done: 2 of 2" in printed and [len(pages.jobs(one)) for one in orders] == [0, 1, 1]
    listed = text_of(pages.get("/bulk"))
    assert listed.count("Complete") == 3 and pages.get("/bulk", role="clerk").text.count("Complete") == 0
    gone = pages.post("/orders/bulk", whole="1", act="hold", reason="x", q="campaign:团购").headers[
        "location"
    ]
    assert pages.post(f"{gone}/cancellation").status_code == 303 and "Ended by hand" in text_of(
        pages.get(gone)
    )
    assert pages.get(gone, role="clerk").status_code == 404


def test_five_hundred_chosen_orders_are_a_job_whose_progress_is_seen(pages: Pages) -> None:
    merchant, drafts = pages.house.merchant_id, [make_draft(external_id=f"B-{n}") for n in range(500)]
    taken = take_in_all(
        pages.db, pages.house.actor(), [ParsedOrder(n, one) for n, one in enumerate(drafts)]
    ).rows
    ids = [one.taken.order_id for one in taken]
    gone, moved = ids[3], ids[7]
    cancel = partial(cancel_order, actor=pages.actor(), order_id=gone, reason="x")
    pages.db.write(merchant, cancel)
    change = Amendment(carrier="顺丰")
    amend = partial(amend_order, actor=pages.actor(), order_id=moved, seen=1, amendment=change, reason="x")
    pages.db.write(merchant, amend)
    form = [("order", f"{one}:1") for one in ids]
    answer = pages.post(
        "/orders/bulk", form=form, act="amend", field="campaign", value="团购", reason="补活动"
    )
    at = answer.headers["location"]
    assert answer.status_code == 303 and at.startswith("/bulk/") and 'value="0"' in pages.get(at).text
    seen = []
    while "End it here" in (page := text_of(pages.get(at))) and len(seen) < 9:
        seen.append(int(re.search(r'<progress max="500" value="(\d+)"', page)[1]))  # type: ignore[index]
        TASKS[TASK](pages.db, merchant, {"job": at.rpartition("/")[2]})
    assert len(seen) > 2 and seen == sorted(set(seen)), "each look shows more"
    assert "Done: 500 of 500. Refused: 2" in page
    rest = text_of(pages.get(f"{at}?after=399"))
    assert "?after=199" in page and rest.count('<tr class="bad">') == 2 and rest.count("<tr") == 101
    again = pages.post(f"{at}/again").headers["location"]
    assert 'max="1" value="0"' in pages.get(again).text, "what was changed meanwhile is looked at first"
    TASKS[TASK](pages.db, merchant, {"job": again.rpartition("/")[2]})
    assert "Done: 1 of 1. Refused: 1" in text_of(pages.get(again))
    assert pages.post(f"{at}/again", role="clerk").status_code == 404
    shift_clock(DAY_US)
    redo = partial(
        redo_bulk, actor=pages.actor(), queue=pages.desk.queue, job_id=int(at.rpartition("/")[2]), base_url=""
    )
    with pytest.raises(BulkRedoOver):
        pages.db.write(merchant, redo)


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
