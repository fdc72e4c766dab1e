"""Amendments as pages: a preview of the money, a conflict beside what was typed, forms that keep it."""

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.draft import Order
from tocsin.orders.store import load_order
from tocsin.web.amend import merge_forms
from tocsin.web.order_form import fields_of


def form_of(order: Order, **changes: str) -> dict[str, str]:
    """Return the form as the page shows it, with fields changed by path (`_` for `.`)."""
    return {
        **fields_of(order),
        "revision": str(order.revision),
        "line_count": str(len(order.lines)),
        **changes,
    }


def send(pages: Pages, order: Order, *, to: str = "", role: str = "owner", **changes: str):  # type: ignore[no-untyped-def]
    return pages.post(
        f"/orders/{order.number}/amendments{to}", role=role, form=form_of(order, **changes).items()
    )


def test_the_form_shows_the_order_masked(pages: Pages) -> None:
    order = pages.take(make_draft())
    page = text_of(pages.get(f"/orders/{order.number}/amendments"))
    assert 'value="138****5678"' in page and "13812345678" not in page
    assert 'value="39.9"' in page and 'value="79.80"' in page


def test_a_preview_shows_money_and_findings_and_stores_nothing(pages: Pages) -> None:
    order = pages.take(make_draft())
    page = text_of(send(pages, order, to="/preview", **{"lines.0.quantity": "3"}))
    assert "79.80" in page and "119.70" in page and "+CN¥39.90" in page and "would pass" in page
    assert "<html" not in page
    wrong = text_of(send(pages, order, to="/preview", **{"receiver.phone": "123"}))
    assert "phone_shape" in wrong
    assert "not an amount" in text_of(send(pages, order, to="/preview", **{"lines.0.quantity": "x"}))
    whole = text_of(send(pages, order, **{"lines.0.quantity": "3", "preview": "1"}))
    assert "119.70" in whole and "<html" in whole
    assert pages.again(order).revision == 1


def test_an_amendment_makes_the_next_revision_once(pages: Pages) -> None:
    order = pages.take(make_draft())
    none = send(pages, order, **{"lines.0.quantity": "3"})
    assert none.status_code == 422 and 'name="lines.0.quantity" value="3"' in none.text
    done = send(pages, order, **{"lines.0.quantity": "3", "reason": "客户来电"})
    assert (done.status_code, done.headers["location"]) == (303, f"/orders/{order.number}?done=amended")
    head = pages.again(order)
    assert (head.revision, head.payable_minor) == (2, 11970)
    real = pages.db.read(pages.house.merchant_id, lambda tx: load_order(tx, order_id=order.id, real=True))
    assert real.receiver.phone == "13812345678", "a mask that was left is not stored"
    assert send(pages, order, **{"lines.0.quantity": "3", "reason": "客户来电"}).status_code == 409, "twice"


def test_stars_nothing_and_nonsense_are_refused_with_what_was_typed(pages: Pages) -> None:
    order = pages.take(make_draft())
    for changes in (
        {"receiver.phone": "139****0000"},
        {},
        {"totals.shipping": "ten"},
        {"delivery": "rocket"},
    ):
        answer = send(pages, order, reason="r1", **changes)
        assert answer.status_code == 422 and 'value="r1"' in answer.text
        assert all(text in answer.text for text in changes.values() if text != "rocket")
    added = text_of(send(pages, order, add_line="1", **{"lines.0.title": "新名"}))
    assert 'name="lines.1.title"' in added and "新名" in added


def test_a_conflict_shows_both_and_goes_on_against_the_present_one(pages: Pages) -> None:
    order, owner = pages.take(make_draft()), pages.house.actor("manager")
    theirs = Amendment(merchant_note="他们的备注", campaign="团购")
    pages.db.write(pages.house.merchant_id, lambda tx: amend_order(
        tx, owner, order_id=order.id, seen=1, amendment=theirs, reason="先到"
    ))  # fmt: skip
    answer = send(pages, order, merchant_note="我的备注", reason="后到")
    assert answer.status_code == 409
    assert "我的备注" in answer.text and "他们的备注" in answer.text and "manager" in answer.text
    assert 'name="revision" value="2"' in answer.text and 'value="后到"' in answer.text
    assert pages.again(order).revision == 2
    again = form_of(pages.again(order), merchant_note="我的备注", reason="后到")
    assert pages.post(f"/orders/{order.number}/amendments", form=again.items()).status_code == 303
    head = pages.again(order)
    assert (head.merchant_note, head.campaign) == ("我的备注", "团购"), "theirs stays where nothing was typed"


def test_what_was_left_follows_the_present_revision() -> None:
    merged = merge_forms(
        {"a": "1", "b": "typed"}, seen={"a": "1", "b": "2"}, head={"a": "9", "b": "8", "c": "7"}
    )
    assert merged == {"a": "9", "b": "typed", "c": "7"}


def test_who_may_not_amend_is_refused(pages: Pages) -> None:
    order = pages.take(make_draft())
    for role in ("checker", "auditor"):
        assert pages.get(f"/orders/{order.number}/amendments", role=role).status_code == 403
        assert send(pages, order, role=role, reason="x", merchant_note="y").status_code == 403
        assert send(pages, order, to="/preview", role=role).status_code == 403
    assert pages.get(f"/orders/{order.number}/amendments", role="").status_code == 303
    assert send(pages, order, reason="x", csrf="").status_code in (303, 409, 422)
