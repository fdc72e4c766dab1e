"""What stands beside an order: who edits it, a conflict with its source, undo, requests to its platform, the timeline."""

from msgspec.structs import replace

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tests.web.test_amend import form_of, send
from tocsin.orders.amend import Amendment, PartyChanges, amend_order
from tocsin.orders.draft import Order
from tocsin.orders.intake import take_in
from tocsin.orders.stop import open_holds

HX = {"hx-request": "true"}
DRAFT = make_draft(external_id="E-1", channel="taobao")


def amended(pages: Pages, draft: object = DRAFT) -> Order:
    """Return a platform's order whose phone the manager amended."""
    order = pages.take(draft)
    pages.db.write(pages.house.merchant_id, lambda tx: amend_order(
        tx, pages.house.actor("manager"), order_id=order.id, seen=1, reason="客户来电",
        amendment=Amendment(receiver=PartyChanges(phone="13911112222"), merchant_note="先打电话"),
    ))  # fmt: skip
    return pages.again(order)


def test_who_edits_is_told_and_taken_over(pages: Pages) -> None:
    order = pages.take(make_draft())
    base = f"/orders/{order.number}"
    assert "is editing" not in text_of(pages.get(base))
    pages.get(f"{base}/amendments", role="manager")
    name = pages.house.actor("manager").name
    seen = text_of(pages.get(f"{base}/amendments"))
    assert f"{name}" in seen and "is editing this order" in seen and "Take over" in seen
    assert "is editing" in text_of(pages.get(f"{base}/editing", **HX)) and "is editing" in text_of(
        pages.get(base)
    )
    assert pages.get(f"{base}/editing").status_code == 303
    assert pages.post(f"{base}/editing", take="1").headers["location"] == f"{base}/amendments"
    assert "is editing" in text_of(pages.get(f"{base}/amendments", role="manager"))
    assert send(pages, order, reason="r", merchant_note="无锁", role="manager").status_code == 303, (
        "never a lock"
    )
    assert pages.post(f"{base}/editing", role="auditor").status_code == 403


def test_a_conflict_with_the_source_is_chosen_field_by_field(pages: Pages) -> None:
    order = amended(pages)
    base = f"/orders/{order.number}"
    assert pages.get(f"{base}/conflict").status_code == 404
    now = replace(DRAFT, receiver=replace(DRAFT.receiver, phone="13733334444", address="长江路 8 号 2 栋"))
    pages.db.write(pages.house.merchant_id, lambda tx: take_in(tx, pages.house.actor(), now))
    assert f'href="{base}/conflict"' in text_of(pages.get(base))
    page = text_of(pages.get(f"{base}/conflict", role="clerk"))
    assert "138****5678" in page and "139****2222" in page and "137****4444" in page and "8 号" not in page
    form = {
        "revision": "2",
        "reason": "电话核实",
        "pick.receiver.address": "source",
        "pick.merchant_note": "desk",
    }
    asked = pages.post(f"{base}/conflict", form=form.items())
    assert asked.status_code == 422 and "receiver.phone" in text_of(asked) and "电话核实" in asked.text
    form["pick.receiver.phone"] = "source"
    assert pages.post(f"{base}/conflict", form={**form, "revision": "1"}.items()).status_code == 409
    assert pages.post(f"{base}/conflict", role="auditor", form=form.items()).status_code == 403
    assert pages.post(f"{base}/conflict", form=form.items()).status_code == 303
    head = pages.again(order)
    assert (head.revision, head.merchant_note, head.receiver.phone) == (3, "先打电话", "137****4444")
    assert pages.db.read(order.merchant_id, lambda tx: open_holds(tx, order_id=order.id)) == []


def test_undo_requests_and_the_timeline(pages: Pages) -> None:
    order = amended(pages)
    base = f"/orders/{order.number}"
    page = text_of(pages.get(base))
    assert (
        "ask the platform" in page
        and "this desk does not call it" in page
        and "Undo the last amendment" in page
    )
    none = pages.post(f"{base}/undo", revision="2")
    assert none.status_code == 422 and "Say why" in text_of(none)
    assert pages.post(f"{base}/undo", revision="1", reason="r").status_code == 409
    assert pages.post(f"{base}/undo", role="checker", revision="2", reason="r").status_code == 403
    done = pages.post(f"{base}/undo", revision="2", reason="误改")
    assert done.headers["location"] == f"{base}?done=undone" and pages.again(order).revision == 3
    assert "withdrawn" in text_of(pages.get(base))
    assert pages.get(f"{base}/undo").headers["location"] == base
    told = text_of(pages.get(f"{base}/timeline"))
    assert "误改" in told and "客户来电" in told and "Request to the platform" in told and "withdrawn" in told
    assert pages.get(f"{base}/timeline?before=1").status_code == 200
    assert pages.get(f"{base}/timeline?before=x").status_code == 404
    pages.post(f"{base}/undo", revision="3", reason="还要")
    page = text_of(pages.get(base))
    asked = page.split('name="id" value="')[1].split('"')[0]
    assert pages.post(f"{base}/requests", id=asked, answer="done", reason="平台已改").status_code == 303
    assert "done at the platform" in text_of(pages.get(base))
    assert pages.post(f"{base}/requests", id=asked, answer="refused").status_code == 404


def test_what_a_role_may_amend_is_chosen_and_shown_as_locked(pages: Pages) -> None:
    assert "may amend" in text_of(pages.get("/settings/amending", role="clerk"))
    form = {"revision": "0", "paper_revision": "0", "paper": "wait", "clerk.notes": "1", "manager.price": "1"}
    assert pages.post("/settings/amending", role="clerk", form=form.items()).status_code == 403
    assert pages.post("/settings/amending", form=form.items()).status_code == 303
    assert pages.post("/settings/amending", form=form.items()).status_code == 409
    order = pages.take(make_draft())
    page = text_of(pages.get(f"/orders/{order.number}/amendments", role="clerk"))
    assert "Locked: your role may not change this" in page
    answer = send(pages, order, role="clerk", reason="r", **{"lines.0.unit_price": "1"})
    assert answer.status_code == 403 and "price" in text_of(answer)
    assert send(pages, order, role="clerk", reason="r", merchant_note="可以").status_code == 303
    revised = {**form_of(pages.again(order), **{"lines.0.unit_price": "1"}), "reason": "r", "then": "keep"}
    assert pages.post(f"/orders/{order.number}/revise", role="clerk", form=revised.items()).status_code == 403
