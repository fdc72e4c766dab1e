"""Revise on its page: from the finding to its field, and back to the print terminal."""

import re

from tests.desk import make_line
from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.party import Party
from tocsin.orders.amend import Amendment, TotalsChanges, amend_order
from tocsin.orders.draft import Order, Totals
from tocsin.orders.ledger import all_lookups


def wrong_sum(pages: Pages) -> Order:
    """Return an order whose payable is not what its parts give."""
    return pages.take(make_draft(totals=Totals(goods_minor=7980, shipping_minor=1000, payable_minor=7980)))


def test_the_sums_are_made_to_agree_and_the_paper_is_queued(pages: Pages) -> None:
    pages.printer()
    order = wrong_sum(pages)
    page = text_of(pages.get(f"/orders/{order.number}/revise"))
    assert 'name="recalculate"' in page and "89.80" in page and 'class="beside"' in page
    fields = {"revision": "1", "reason": "sums", "recalculate": "1", "then": "print"}
    answer = pages.post(f"/orders/{order.number}/revise", **fields)
    assert answer.headers["location"].startswith(f"/orders/{order.number}?done=revised&given=1&at="), (
        answer.text
    )
    assert "Revised; one ticket given to Counter" in text_of(pages.get(answer.headers["location"]))
    now = pages.again(order)
    assert (now.revision, now.payable_minor) == (2, 8980)
    assert [job.revision for job in pages.jobs(order)] == [2]
    second = pages.post(f"/orders/{order.number}/revise", **fields)
    assert second.status_code == 409, "the same form twice is the second one's conflict"


def test_where_it_will_print_is_named_and_what_was_asked_for_in_vain_prints_there(pages: Pages) -> None:
    first, second = pages.printer(), pages.printer(tray="bar")
    orders = [
        pages.take(make_draft(totals=Totals(payable_minor=n), quantity=n, external_id=str(n))) for n in (1, 2)
    ]
    pages.post(f"/terminals/{second}/prints", order=str(orders[1].id), revision="1")
    told = ("Counter, by the rules of the queues", "Counter, where it was asked for")
    for order, queue, text in zip(orders, (first, second), told, strict=True):
        page = f"/orders/{order.number}/revise"
        assert text in text_of(pages.get(page))
        pages.post(page, revision="1", reason="sums", recalculate="1", then="print")
        assert [job.queue_id for job in pages.jobs(order)] == [queue]


def test_keeping_prints_nothing_and_what_still_fails_is_shown_again(pages: Pages) -> None:
    pages.printer()
    totals = Totals(goods_minor=7980, shipping_minor=1000, payable_minor=7980, paid_minor=8980)
    order = pages.take(make_draft(totals=totals))
    path = f"/orders/{order.number}/revise"
    still = pages.post(path, **{"revision": "1", "reason": "x", "totals.payable": "70.00"})
    assert still.headers["location"] == path
    kept = pages.post(path, **{"revision": "2", "reason": "x", "totals.payable": "89.80", "then": "keep"})
    assert kept.headers["location"] == f"/orders/{order.number}?done=revised"
    assert pages.jobs(order) == []


def test_what_was_typed_is_kept_where_it_is_refused(pages: Pages) -> None:
    order = wrong_sum(pages)
    path = f"/orders/{order.number}/revise"
    wrong = pages.post(
        path, **{"revision": "1", "reason": "", "totals.payable": "89.80", "merchant_note": "老客户"}
    )
    assert wrong.status_code == 422 and 'value="89.80"' in wrong.text and "老客户" in wrong.text
    unreadable = pages.post(path, **{"revision": "1", "reason": "x", "totals.payable": "much", "lines.0.quantity": "two",
                                     "lines.0.title": "梨", "line_count": "1", "delivery": "rocket"})  # fmt: skip
    assert unreadable.status_code == 422 and unreadable.text.count('aria-invalid="true"') >= 3
    assert 'value="much"' in unreadable.text
    stars = pages.post(path, **{"revision": "1", "reason": "x", "receiver.phone": "138*9"})
    assert stars.status_code == 422 and 'value="138*9"' in stars.text
    nothing = pages.post(path, revision="1", reason="x")
    assert nothing.status_code == 422 and "nothing_changed" not in nothing.text
    assert pages.again(order).revision == 1


def test_a_conflict_keeps_both_and_takes_nothing_back(pages: Pages) -> None:
    order = wrong_sum(pages)
    pages.get(f"/orders/{order.number}/revise", role="clerk")
    assert "is editing this order" in text_of(pages.get(f"/orders/{order.number}/revise"))
    other = Amendment(totals=TotalsChanges(shipping_minor=500))
    pages.db.write(pages.house.merchant_id, lambda tx: amend_order(
        tx, pages.actor(), order_id=order.id, seen=1, amendment=other, reason="theirs"
    ))  # fmt: skip
    fields = {"revision": "1", "reason": "x", "totals.shipping": "10.00", "merchant_note": "mine"}
    answer = pages.post(f"/orders/{order.number}/revise", **fields)
    assert answer.status_code == 409
    assert 'name="revision" value="2"' in answer.text and "mine" in answer.text
    assert 'name="totals.shipping"' in answer.text and 'value="5.00"' in answer.text, (
        "theirs stands where I changed nothing"
    )


def test_a_wrong_field_of_the_receiver_is_revealed_and_recorded(pages: Pages) -> None:
    receiver = Party(
        name="王小明",
        phone="1381234567",
        province="安徽省",
        city="合肥市",
        district="蜀山区",
        address="黄山路 12 号 3 栋 402 室",
    )
    order = pages.take(make_draft(receiver=receiver))
    page = text_of(pages.get(f"/orders/{order.number}/revise", role="clerk"))
    assert 'value="1381234567"' in page and "王小明" not in page
    assert page.count("data-open-until") == 1 and 'data-open-text="138***4567"' in page.replace(
        "********67", "138***4567"
    )
    assert 'value="1381234567"' in pages.get(f"/orders/{order.number}/revise", role="clerk").text
    ledger = pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    opened = [(row.purpose, row.fields) for row in ledger if row.kind == "reveal"]
    assert opened == [("finding", "phone")], "what is open is opened no second time"
    left = {"receiver.phone": "1381234567", "receiver.name": order.receiver.name}
    untouched = pages.post(f"/orders/{order.number}/revise", revision="1", reason="x", **left)
    assert untouched.status_code == 422, "what was revealed and left is no change"
    mended = {**left, "receiver.phone": "13812345678"}
    answer = pages.post(f"/orders/{order.number}/revise", revision="1", reason="typo", then="keep", **mended)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"/orders/{order.number}?done=revised"


def test_lines_are_added_changed_and_taken_out(pages: Pages) -> None:
    order = pages.take(make_draft(lines=()))
    path = f"/orders/{order.number}/revise"
    assert 'name="lines.0.title"' in text_of(pages.post(path, revision="1", line_count="0", add_line="1"))
    line = {
        "line_count": "1",
        "lines.0.title": "酥梨",
        "lines.0.sku": "LI",
        "lines.0.quantity": "2",
        "lines.0.unit_price": "39.90",
    }
    answer = pages.post(path, revision="1", reason="the goods", then="keep", **line)
    assert answer.headers["location"] == f"/orders/{order.number}?done=revised"
    assert [(one.title, one.quantity_micro) for one in pages.again(order).lines] == [("酥梨", 2_000_000)]
    out = {"line_count": "2", "lines.0.title": "", "lines.0.sku": "", "lines.0.unit_price": "", "lines.1.title": "宣纸",
           "lines.1.unit_price": "120", "lines.1.quantity": "1", "lines.1.discount": "1", "lines.1.total": "119"}  # fmt: skip
    pages.post(path, revision="2", reason="another", then="keep", **out)
    (left,) = pages.again(order).lines
    assert (left.title, left.discount_minor, left.total_minor) == ("宣纸", 100, 11900)


def test_a_form_that_comes_back_goes_on_against_the_revision_it_was_made_for(pages: Pages) -> None:
    order = wrong_sum(pages)
    path, owner = f"/orders/{order.number}/revise", pages.house.actor()
    change = Amendment(merchant_note="theirs")
    pages.db.write(pages.house.merchant_id, lambda tx: amend_order(
        tx, owner, order_id=order.id, seen=1, amendment=change, reason="first"
    ))  # fmt: skip
    typed = {"revision": "1", "reason": "mine", "totals.payable": "89.80"}
    for answer in (pages.post(path, token="x", form=typed.items()), pages.post(path, form={**typed, "totals.goods": "x"}.items())):  # fmt: skip
        assert 'name="revision" value="1"' in answer.text, "sent again, it meets what came between"
    assert pages.post(path, form=typed.items()).status_code == 409


def test_lines_that_moved_are_merged_by_what_they_are_and_not_by_their_place(pages: Pages) -> None:
    pear, tea = make_draft().lines[0], make_line(title="黄山毛峰", sku="TEA")
    order = pages.take(make_draft(lines=(pear, tea), totals=Totals(), merchant_note="old"))
    path, lines = f"/orders/{order.number}/revise", pages.again(order).lines
    other = Amendment(lines=(lines[1],), merchant_note="theirs", recalculate=True)  # the pears are taken out
    pages.db.write(pages.house.merchant_id, lambda tx: amend_order(
        tx, pages.actor(), order_id=order.id, seen=1, amendment=other, reason="x"
    ))  # fmt: skip
    typed = {"revision": "1", "reason": "mine", "line_count": "2", "lines.1.quantity": "7", "merchant_note": "mine",
             "recalculate": "1", "then": "keep"}  # fmt: skip
    met = pages.post(path, **typed)
    assert met.status_code == 409 and "owner has amended this order meanwhile" in text_of(met)
    fields = dict(
        re.findall(r'name="((?:lines|pick|collisions|revision)[^"]*)"[^>]*value="([^"]*)"', met.text)
    )
    assert (fields["lines.0.sku"], fields["lines.0.quantity"]) == ("TEA", "7"), "my seven are teas, not pears"
    assert "lines.1.sku" not in fields and fields["collisions"] == "merchant_note"
    again = {**typed, **fields, "line_count": "1", "lines.0.quantity": "7", "merchant_note": "mine"}
    again = {name: text for name, text in again.items() if not name.startswith(("pick.", "lines.1"))}
    unpicked = pages.post(path, form=again.items())
    assert unpicked.status_code == 422 and "Choose one of the two" in text_of(unpicked)
    done = pages.post(path, form={**again, "pick.merchant_note": "theirs"}.items())
    assert done.status_code == 303, done.text
    now = pages.again(order)
    assert ([(line.sku, line.quantity_micro) for line in now.lines], now.merchant_note) == (
        [("TEA", 7_000_000)],
        "theirs",
    )
