"""Problem orders on their page: by kind, by finding, acknowledged, released."""

import re
from html import unescape

from msgspec.structs import replace

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.party import Party
from tocsin.orders.draft import Order, Totals
from tocsin.orders.ledger import all_lookups
from tocsin.orders.stop import list_holds, open_holds
from tocsin.tickets.check_choice import CheckPreference, choose_checks
from tocsin.web.held import PAGE_ROWS, RELEASED


def warned(pages: Pages, name: str) -> Order:
    """Return an order with a warning alone: a line whose price is 0."""
    draft = make_draft(external_id=name)
    line = replace(draft.lines[0], unit_price_micro=0)
    return pages.take(replace(draft, lines=(*draft.lines, line)))


def test_all_findings_of_an_order_stand_together(pages: Pages) -> None:
    wrong = pages.take(
        make_draft(
            totals=Totals(goods_minor=7980, payable_minor=1), receiver=Party(name="王小明", phone="123")
        )
    )
    pages.take(make_draft())
    page = text_of(pages.get("/held"))
    assert wrong.number in page and page.count("<tr class") == 1
    assert "sum_order" in page and "phone_shape" in page and "required" in page
    assert "王小明" not in page
    assert wrong.number in text_of(pages.get("/held?code=phone_shape&kind=check"))
    assert wrong.number not in text_of(pages.get("/held?kind=manual"))
    ledger = pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    assert [pairs for row in ledger if (pairs := row.pairs())] == [[(wrong.id, 1)]] * 2, (
        "what was shown is recorded"
    )


def test_a_selection_is_acknowledged_at_the_revisions_seen(pages: Pages) -> None:
    first, second = warned(pages, "1"), warned(pages, "2")
    page = text_of(pages.get("/held"))
    assert f'value="{first.id}:1"' in page
    form = [("orders", f"{first.id}:1"), ("orders", f"{second.id}:1")]
    for _ in range(2):
        assert pages.post("/held/acknowledgements", form=form).status_code == 303
    assert first.number not in text_of(pages.get("/held"))
    assert pages.post("/held/acknowledgements").status_code == 422
    third = warned(pages, "3")
    assert pages.post("/held/acknowledgements", form=[("orders", f"{third.id}:9")]).status_code == 404


def test_what_two_must_acknowledge_waits_in_sight_for_the_second(pages: Pages) -> None:
    merchant_id, owner = pages.house.merchant_id, pages.actor()
    for role in ("owner", "clerk", "checker"):
        pages.headers(role)
    chosen = CheckPreference(two_persons=("price_zero",))
    pages.db.write(merchant_id, lambda tx: choose_checks(tx, owner, chosen=chosen, revision=0))
    first, second = warned(pages, "1"), warned(pages, "2")
    assert text_of(pages.get("/held")).count("Asks for two persons") == 2
    form = [("code", "price_zero"), *(("orders", f"{one.id}:1") for one in (first, second))]
    signed = pages.post("/held/acknowledgements", role="clerk", form=form)
    assert signed.headers["location"] == "/held?done=signed"
    assert "waits for the second" in text_of(pages.get(signed.headers["location"], role="clerk"))
    assert pages.post("/held/acknowledgements", role="clerk", form=form).status_code == 403
    his, hers = text_of(pages.get("/held", role="clerk")), text_of(pages.get("/held", role="checker"))
    assert his.count("you were the first") == his.count("Waits for a second person") == 2
    assert "Acknowledge as second" not in his and hers.count("Acknowledge as second") == 2
    assert hers.count("clerk acknowledged it") == 2 and "2 findings wait for a second person" in hers
    asked = text_of(pages.get("/second-person", role="checker"))
    assert all(f"/orders/{one.number}/acknowledgements" in asked for one in (first, second))
    assert "Findings that wait" not in text_of(pages.get("/second-person", role="clerk"))
    place, fields = f"/orders/{first.number}/acknowledgements", {"code": "price_zero", "revision": "1"}
    assert "somebody who may confirm" not in text_of(pages.get(f"/orders/{first.number}", role="checker"))
    refused = pages.post(place, role="clerk", **fields)
    assert refused.status_code == 403 and "was acknowledged once" in text_of(refused)
    shift_clock(11 * MINUTE_US)
    many = {"role": "checker", "form": [("code", "price_zero"), ("orders", f"{second.id}:1")]}
    for led in (pages.post(place, role="checker", **fields), pages.post("/held/acknowledgements", **many)):
        assert led.headers["location"].startswith("/prove?next="), "the second proves that it is he"
    pages.prove("checker")
    done = pages.post(place, role="checker", **fields)
    assert done.headers["location"].endswith("?done=acknowledged")
    shown = text_of(pages.get(f"/orders/{first.number}", role="clerk"))
    assert "clerk + checker" in shown and "Waits for a second person" not in shown
    assert "Acknowledged once, of two" in text_of(pages.get(f"/orders/{first.number}/timeline"))
    third = warned(pages, "3")
    again = pages.post(f"/orders/{third.number}/acknowledgements", role="clerk", **fields)
    assert again.headers["location"].endswith("?done=signed")


def test_a_hold_by_hand_is_released_once_by_who_may(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.post(f"/orders/{order.number}/holds", reason="等客户确认")
    (hold,) = pages.db.read(pages.house.merchant_id, lambda tx: open_holds(tx, order_id=order.id))
    assert "等客户确认" in text_of(pages.get("/held"))
    assert f"/holds/{hold.id}/release" not in text_of(pages.get("/held", role="clerk"))
    assert pages.post(f"/holds/{hold.id}/release", role="clerk").status_code == 403
    assert (
        pages.post(f"/holds/{hold.id}/release").headers["location"].partition("&undo")[0]
        == "/held?done=released"
    )
    assert pages.post(f"/holds/{hold.id}/release").status_code == 404


def test_the_reason_of_a_release_is_kept_and_may_stay_empty(pages: Pages) -> None:
    merchant, order = pages.house.merchant_id, pages.take(make_draft())
    for typed, kept in (("客户已确认", "客户已确认"), ("  ", RELEASED)):
        pages.post(f"/orders/{order.number}/holds", reason="等客户")
        (hold,) = pages.db.read(merchant, lambda tx: open_holds(tx, order_id=order.id))
        for path in ("/held", f"/orders/{order.number}"):
            form = text_of(pages.get(path)).split(f'action="/holds/{hold.id}/release"')[1].split("</form>")[0]
            assert 'name="reason"' in form and "required" not in form, path
        assert pages.post(f"/holds/{hold.id}/release", reason=typed).status_code == 303
        closed = pages.db.read(merchant, lambda tx: list_holds(tx, order_id=order.id))[0]
        assert (closed.id, closed.closed_reason) == (hold.id, kept)


def test_a_hold_by_the_check_is_not_released_by_hand(pages: Pages) -> None:
    order = pages.take(make_draft(lines=()))
    (hold,) = pages.db.read(pages.house.merchant_id, lambda tx: open_holds(tx, order_id=order.id))
    answer = pages.post(f"/holds/{hold.id}/release")
    assert answer.status_code == 403 and "hold_not_releasable" in answer.text


def test_a_long_list_goes_on_to_the_next_page_and_back(pages: Pages) -> None:
    orders = [warned(pages, f"W{n}") for n in range(PAGE_ROWS + 2)]
    first = text_of(pages.get("/held"))
    led = re.search(r'rel="next" href="([^"]+)"', first)
    assert led
    second = text_of(pages.get(unescape(led[1])))
    shown = [
        {one.number for one in orders if f'href="/orders/{one.number}/revise" data-open' in page}
        for page in (first, second)
    ]
    assert [len(one) for one in shown] == [PAGE_ROWS, 2] and shown[0].isdisjoint(shown[1])
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back and orders[-1].number in text_of(pages.get(unescape(back[1])))
