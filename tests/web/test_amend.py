"""Amendments as pages: a preview of the money, a conflict beside what was typed, forms that keep it."""

import re
from html import unescape

import pytest
from msgspec.structs import replace

from tests.desk import make_order
from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.draft import Draft, Line, Order, Totals
from tocsin.orders.ledger import who_has_seen
from tocsin.orders.store import load_order
from tocsin.web.merge_form import apply_picks, merge_form
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
    assert "not a number" in text_of(send(pages, order, to="/preview", **{"lines.0.quantity": "x"}))
    whole = text_of(send(pages, order, **{"lines.0.quantity": "3", "preview": "1"}))
    assert "119.70" in whole and "<html" in whole
    assert pages.again(order).revision == 1


def test_an_amendment_makes_the_next_revision_once(pages: Pages) -> None:
    order = pages.take(make_draft())
    none = send(pages, order, **{"lines.0.quantity": "3"})
    assert none.status_code == 422 and 'name="lines.0.quantity" value="3"' in none.text
    done = send(pages, order, **{"lines.0.quantity": "3", "reason": "客户来电"})
    assert (done.status_code, done.headers["location"].partition("&undo")[0]) == (
        303,
        f"/orders/{order.number}?done=amended",
    )
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
    again = form_of(pages.again(order), merchant_note="我的备注", reason="后到", collisions="merchant_note")
    asked = pages.post(f"/orders/{order.number}/amendments", form=again.items())
    assert asked.status_code == 422 and 'name="pick.merchant_note"' in asked.text and "我的备注" in asked.text
    again["pick.merchant_note"] = "mine"
    assert pages.post(f"/orders/{order.number}/amendments", form=again.items()).status_code == 303
    head = pages.again(order)
    assert (head.merchant_note, head.campaign) == ("我的备注", "团购"), "theirs stays where nothing was typed"


def test_what_was_left_follows_what_collides_is_asked_and_lines_go_by_their_id() -> None:
    a, b, c, d = (Line(title=name, line_id=name, unit_price_micro=1_000_000) for name in "abcd")
    seen = make_order(lines=(a, b, c), revision=1)
    # They took a out, made c dearer and added d before it; their phone has another number under the same mask.
    head = make_order(
        lines=(b, d, replace(c, unit_price_micro=3_000_000)), revision=2, merchant_note="theirs"
    )
    form = {
        **fields_of(seen), "line_count": "4", "reason": "r", "campaign": "mine", "merchant_note": "mine", "receiver.phone": "13911112222",
        "lines.0.quantity": "2", "lines.1.title": "bb", "lines.2.unit_price": "2", "lines.3.title": "e", "lines.3.unit_price": "9",
    }  # fmt: skip
    merged = merge_form(form, seen=seen, head=head, moved={"receiver.phone"})
    sides = {row.field: row.side for row in merged.rows}
    assert sides == {
        "campaign": "mine", "merchant_note": "", "receiver.phone": "", "lines.0.title": "mine", "lines.1": "theirs",
        "lines.2.unit_price": "", "lines.3": "", "lines.4": "mine", **{name: sides[name] for name in sides if name.startswith("totals.")},
    }  # fmt: skip
    texts = [merged.form[f"lines.{place}.title"] for place in range(5)]
    assert (texts, merged.form["line_count"], merged.form["reason"]) == (["bb", "d", "c", "a", "e"], "5", "r")
    picked = {
        "collisions": "merchant_note receiver.phone lines.2.unit_price lines.3", "pick.merchant_note": "theirs",
        "pick.receiver.phone": "mine", "pick.lines.2.unit_price": "theirs",
    }  # fmt: skip
    made, asked = apply_picks({**merged.form, **picked}, head)
    assert [row.field for row in asked] == ["lines.3"]
    assert (made["merchant_note"], made["receiver.phone"], made["lines.2.unit_price"]) == (
        "theirs",
        "13911112222",
        "3",
    )
    made, asked = apply_picks({**merged.form, **picked, "pick.lines.3": "theirs"}, head)
    assert (asked, made["lines.3.title"], made["lines.4.title"]) == ([], "", "e")
    # What I took out and they changed is asked; what they left is gone.
    out = {f"lines.{place}.{part}": "" for place in (1, 2) for part in ("title", "sku", "unit_price")}
    merged = merge_form({**fields_of(seen), **out, "line_count": "3"}, seen=seen, head=head)
    assert merged.form["lines.0.title"] == "" and merged.form["lines.2.title"] == "c"
    assert {row.field: row.side for row in merged.rows if row.field in ("lines.0", "lines.2")} == {
        "lines.0": "mine",
        "lines.2": "",
    }
    gone, _ = apply_picks({**merged.form, "collisions": "lines.2", "pick.lines.2": "mine"}, head)
    assert gone["lines.2.title"] == ""


def test_who_may_not_amend_is_refused(pages: Pages) -> None:
    order = pages.take(make_draft())
    for role in ("checker", "auditor"):
        assert pages.get(f"/orders/{order.number}/amendments", role=role).status_code == 403
        assert send(pages, order, role=role, reason="x", merchant_note="y").status_code == 403
        assert send(pages, order, to="/preview", role=role).status_code == 403
    assert pages.get(f"/orders/{order.number}/amendments", role="").status_code == 303
    assert send(pages, order, reason="x", csrf="").status_code in (303, 409, 422)


def many_lines(count: int) -> Draft:
    """Return a draft of so many lines, each of its own title."""
    lines = tuple(Line(title=f"梨 {place}", unit_price_micro=1_000_000) for place in range(count))
    totals = Totals(goods_minor=count * 100, payable_minor=count * 100)
    return make_draft(lines=lines, totals=totals)


def sent_fields(page: str) -> dict[str, str]:
    """Return the fields of lines and the counters that a page's form carries, as a browser would send them."""
    fields = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        name, value = re.search(r'\bname="([^"]+)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
        if name and name[1].startswith(("lines.", "line_count", "revision")):
            fields[name[1]] = unescape(value[1]) if value else ""
    return fields


@pytest.mark.parametrize("count", [501, 1000])
def test_an_order_of_many_lines_keeps_them_all(pages: Pages, count: int) -> None:
    order = pages.take(many_lines(count))
    for place, at in enumerate(("amendments", "revise")):
        path = f"/orders/{order.number}/{at}"
        fields = sent_fields(text_of(pages.get(path)))
        assert fields["line_count"] == str(count) and f"lines.{count - 1}.title" in fields
        note = {"reason": "note", "merchant_note": f"note {place}", "then": "keep"}
        answer = pages.post(path, form={**fields, **note}.items())
        assert answer.status_code == 303 or "location" in answer.headers, answer.text[:500]
        now = pages.again(order)
        assert now.revision == place + 2 and now.lines == order.lines


def test_lines_that_a_form_did_not_carry_stay(pages: Pages) -> None:
    order = pages.take(many_lines(4))
    form = {"revision": "1", "reason": "one", "line_count": "1", "lines.0.title": "苹果"}
    assert pages.post(f"/orders/{order.number}/amendments", form=form.items()).status_code == 303
    assert [line.title for line in pages.again(order).lines] == ["苹果", "梨 1", "梨 2", "梨 3"]


def test_an_order_that_a_sent_form_shows_is_recorded(pages: Pages) -> None:
    order = pages.take(make_draft())

    def seen() -> list[int]:
        owner = pages.house.actor()
        found = pages.db.read(owner.merchant_id, lambda tx: who_has_seen(tx, owner, order_id=order.id))
        return [one.id for one in found]

    for place, (to, changes) in enumerate(
        [("", {"add_line": "1"}), ("", {"preview": "1"}), ("/preview", {}), ("", {"lines.0.quantity": "x"})]
    ):  # fmt: skip
        send(pages, order, to=to, **changes)
        assert len(seen()) == place + 1, (to, changes)
    send(pages, order, reason="first", merchant_note="first")
    before = len(seen())
    assert send(pages, order, reason="late", campaign="late").status_code == 409
    assert len(seen()) == before + 2, "what was seen, and what it is now"
