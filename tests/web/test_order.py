"""One order as a page: masked, its acts, its history; its receiver revealed for a while."""

import re

import pytest
import sqlalchemy as sa

from tests.house import make_draft
from tests.proofs.asking import hidden_fields
from tests.web.pages import Pages, text_of
from tests.web.samples import SAMPLES
from tocsin.core import clock
from tocsin.core.clock import now_us, to_datetime
from tocsin.core.party import Party
from tocsin.core.statement import Statement
from tocsin.orders.amend import Amendment, PartyChanges, amend_order
from tocsin.orders.draft import Order, Totals
from tocsin.orders.ledger import all_lookups
from tocsin.orders.stop import open_holds
from tocsin.web.page import render


def wrong(pages: Pages) -> Order:
    """Return an order whose declared sum is wrong."""
    return pages.take(make_draft(totals=Totals(goods_minor=7980, payable_minor=7000)))


def holds(pages: Pages, order: Order) -> list[str]:
    return [hold.kind for hold in pages.db.read(pages.house.merchant_id, lambda tx: open_holds(tx, order_id=order.id))]  # fmt: skip


def test_it_shows_findings_beside_the_money_and_no_secret(pages: Pages) -> None:
    order = wrong(pages)
    page = text_of(pages.get(f"/orders/{order.number}"))
    assert page.count("79.80") >= 2 and "sum_order" in page and "Check failed" in page
    assert "138****5678" in page and "13812345678" not in page and "黄山路 12" not in page
    assert text_of(pages.get(f"/orders/{order.id}")), "an id opens it too"


def test_one_field_is_opened_for_a_while(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    order = pages.take(make_draft(merchant_note="王小明怕狗"))
    base = f"/orders/{order.number}"
    path, texts = f"{base}/reveals", ("王小明", "13812345678", "12 号 3 栋")
    assert pages.get(path).headers["location"] == base, "nothing is open yet"
    for wrong in ({"purpose": "curiosity"}, {"purpose": "other"}, {"field": "lines"}):
        refused = pages.post(path, **{"field": "phone", "purpose": "deliver", **wrong})
        assert refused.status_code == 422 and not any(text in refused.text for text in texts)
    opened = pages.post(path, field="phone", purpose="other", said="customer calls from 13812345678")
    assert (opened.status_code, opened.headers["location"]) == (303, f"{path}#receiver")
    shown = pages.get(path)
    assert [text in shown.text for text in texts] == [False, True, False]
    assert 'data-open-text="138****5678"' in shown.text and "<mark" not in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert 50 <= int(shown.headers["refresh"].partition(";")[0]) <= 60
    assert pages.post(path, field="note", purpose="deliver").status_code == 303
    both = pages.get(path).text
    assert "怕狗" in both and [text in both for text in texts] == [True, True, False], "the note names him"
    assert "13812345678" not in pages.get(base).text, "the order's own page is masked all the while"
    assert pages.get(path, role="manager").headers["location"] == base, "another one's is not open"
    later = now_us() + 61_000_000
    monkeypatch.setattr(clock, "now_us", lambda: later)
    assert pages.get(path).headers["location"] == base, "the server gives it no more"
    ledger = pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    kept = [(row.kind, row.purpose, row.fields) for row in ledger if row.kind in ("reveal", "denied")]
    assert kept == [("reveal", "deliver", "merchant_note"), ("reveal", "other", "phone")]
    told = pages.db.read(pages.house.merchant_id, lambda tx: tx.rows(Statement[tuple[str]](sa.text(
        "SELECT data FROM journal UNION ALL SELECT data FROM event UNION ALL SELECT purpose FROM lookup"
    ))))  # fmt: skip
    assert told and not any(text in str(told) for text in texts)


def test_a_field_is_opened_by_who_may(pages: Pages) -> None:
    held = wrong(pages)
    sound = pages.take(
        make_draft(receiver=Party(name="李慧", phone="13900001111", city="合肥市", address="黄山路 3 号"))
    )
    asked = {"field": "phone", "purpose": "deliver"}
    denied = pages.post(f"/orders/{sound.number}/reveals", role="auditor", **asked)
    assert denied.status_code == 403 and "13900001111" not in denied.text
    assert pages.post(f"/orders/{sound.number}/reveals", role="", **asked).status_code == 303
    assert 'value="finding"' in pages.get(f"/orders/{held.number}", role="clerk").text
    assert "f-purpose" not in pages.get(f"/orders/{sound.number}", role="clerk").text
    for order, status in ((held, 303), (sound, 403)):
        asked = {"field": "phone", "purpose": "finding"}
        assert pages.post(f"/orders/{order.number}/reveals", role="clerk", **asked).status_code == status
    page = pages.get(f"/orders/{held.number}/reveals", role="clerk").text
    assert "13812345678" in page and "王小明" not in page


def test_history_shows_what_changed_masked(pages: Pages) -> None:
    order, owner = pages.take(make_draft()), pages.house.actor()
    changes = Amendment(receiver=PartyChanges(address="文三路 90 号 5 幢"), merchant_note="老客户")
    pages.db.write(pages.house.merchant_id, lambda tx: amend_order(
        tx, owner, order_id=order.id, seen=1, amendment=changes, reason="客户来电"
    ))  # fmt: skip
    page = text_of(pages.get(f"/orders/{order.number}"))
    assert "客户来电" in page and "<ins>老客户</ins>" in page and "90 号" not in page
    past = text_of(pages.get(f"/orders/{order.number}/revisions/1"))
    assert "This is revision 1" in past and "/amendments" not in past
    assert pages.get(f"/orders/{order.number}/revisions/7").status_code == 404


def test_hold_by_hand_and_until_a_time(pages: Pages) -> None:
    order = pages.take(make_draft())
    path = f"/orders/{order.number}/holds"
    kept = pages.post(path, reason=" ", until="2099-01-01T09:00")
    assert kept.status_code == 422 and 'value="2099-01-01T09:00"' in kept.text
    past = pages.post(path, reason="later", until="2001-01-01T09:00")
    assert past.status_code == 422 and 'value="later"' in past.text
    assert pages.post(path, reason="later", until="no time").status_code == 422
    done = pages.post(path, reason="等客户确认")
    assert (done.status_code, done.headers["location"].partition("&undo")[0]) == (
        303,
        f"/orders/{order.number}?done=held",
    )
    soon = f"{to_datetime(now_us() + 86_400_000_000, 'Asia/Shanghai'):%Y-%m-%dT%H:%M}"
    assert pages.post(path, reason="later", until=soon).status_code == 303
    assert holds(pages, order) == ["manual", "later"]
    who = "An owner, a manager or a checker releases it."
    for role, told in (("clerk", 1), ("checker", 0)):
        for page in (f"/orders/{order.number}", "/held"):
            assert pages.get(f"{page}?locale=en", role=role).text.count(who) == told, (role, page)
    assert pages.post(path, role="auditor", reason="x").status_code == 403
    assert pages.post(path, role="", reason="x").headers["location"].startswith("/sign-in")
    assert pages.post(path, token="x", reason="x").status_code == 403


def test_a_warning_is_acknowledged_once_at_the_revision_seen(pages: Pages) -> None:
    draft = make_draft()
    gift = type(draft.lines[0])(title="随单卡片")
    order = pages.take(type(draft)(**{**{f: getattr(draft, f) for f in draft.__struct_fields__}, "lines": (*draft.lines, gift)}))  # fmt: skip
    path = f"/orders/{order.number}/acknowledgements"
    assert holds(pages, order) == ["acknowledge"]
    assert pages.post(path, code="price_zero", revision="9").status_code == 404
    assert pages.post(path, role="auditor", code="price_zero", revision="1").status_code == 403
    shown = text_of(pages.get(f"/orders/{order.number}"))
    (form,) = re.findall(rf'<form class="push" method="post" action="{path}">.*?</form>', shown, re.DOTALL)
    assert (
        pages.post(path, **{name: hidden_fields(form)[name] for name in ("code", "revision")}).status_code
        == 303
    )
    assert holds(pages, order) == []
    assert pages.post(path, code="price_zero", revision="1").status_code == 404, "twice"


def test_one_form_acknowledges_once_or_for_this_receiver_always() -> None:
    template, context = SAMPLES["style"]
    page = render(template, locale="en", **context)
    forms = [
        form for form in re.findall(r'<form class="push".*?</form>', page, re.DOTALL) if "always" in form
    ]
    assert forms and all({"code", "revision"} <= set(hidden_fields(form)) for form in forms)
    assert all(
        re.findall(r'<button[^>]*name="([^"]*)" value="([^"]*)"', form) == [("keep", "1")] for form in forms
    )


def test_cancel_needs_a_reason_and_the_right(pages: Pages) -> None:
    order = pages.take(make_draft())
    path = f"/orders/{order.number}/cancellation"
    assert pages.post(path, role="clerk", reason="x").status_code == 403
    assert pages.post(path, reason="").status_code == 422
    assert pages.post(path, reason="客户取消").status_code == 303
    assert pages.again(order).desk_state == "cancelled"
    assert pages.post(path, reason="客户取消").status_code == 403, "twice"
    assert "/amendments" not in text_of(pages.get(f"/orders/{order.number}"))
    for form in ("amendments", "revise"):
        refused = pages.get(f"/orders/{order.number}/{form}")
        assert refused.status_code == 403 and "order_cancelled" in refused.text, "before anything is typed"


def test_payment_is_marked_by_hand(pages: Pages) -> None:
    order = pages.take(make_draft(payment="unpaid"))
    path = f"/orders/{order.number}/marks"
    assert pages.post(path, payment="bogus", reason="x").status_code == 422
    assert pages.post(path, role="checker", payment="paid", reason="x").status_code == 403
    assert pages.post(path, payment="paid", reason="收到转账").status_code == 303
    assert pages.again(order).payment == "paid"


@pytest.mark.parametrize("number", ["none", "9" * 30, "-1", "a%0d%0ab", "%F0%9F%98%80", "x" * 500, "%27"])
def test_numbers_of_no_order_are_missing(pages: Pages, number: str) -> None:
    for path in ("", "/amendments", "/revisions/1", "/revisions/" + "9" * 30, "/revisions/x"):
        assert pages.get(f"/orders/{number}{path}").status_code == 404
    for path in ("/reveals", "/holds", "/cancellation", "/marks", "/acknowledgements", "/amendments"):
        assert pages.post(f"/orders/{number}{path}", reason="x", revision="1").status_code == 404


def test_another_merchants_order_is_missing(pages: Pages) -> None:
    order = pages.take(make_draft(receiver=Party(name="李慧", phone="13900001111", address="x")))
    assert pages.get(f"/orders/{order.id + 1}").status_code == 404


def test_a_revision_0_is_missing(pages: Pages) -> None:
    order = pages.take(make_draft())
    assert pages.get(f"/orders/{order.number}/revisions/1").status_code == 200
    assert pages.get(f"/orders/{order.number}/revisions/0").status_code == 404


def test_channels_have_words_and_unknown_ones_their_own_name(pages: Pages) -> None:
    for channel, said in (("manual", "手工录入"), ("bazaar", "bazaar")):
        order = pages.take(make_draft(channel=channel, external_id=channel))
        page = text_of(pages.get(f"/orders/{order.number}?locale=zh_CN"))
        assert f"· {said}" in page and f"来自 {said}" in page
        assert said in text_of(pages.get("/orders?locale=zh_CN"))
