"""Undo at one touch: a toast that offers it, a verb that does it whole or says why not; for who acted, once, for ten minutes."""

import re
from functools import partial

import pytest

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tests.web.test_queues import FORM as QUEUE
from tests.web.test_terminal import ask, end
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.idempotency import forget_answers
from tocsin.core.undo import UndoOver
from tocsin.opening import DatabaseUnreachable
from tocsin.orders.draft import Order
from tocsin.orders.stop import open_holds
from tocsin.tickets.check import check_order
from tocsin.tickets.printer import PrintOutcome


def done(pages: Pages, way: str, *, role: str = "owner", **form: str) -> tuple[str, str]:
    """Act; return what the page that follows says, and the address of its Undo (empty: none is offered)."""
    answer = pages.post(way, role=role, **form)
    assert answer.status_code == 303, text_of(answer)
    page = text_of(pages.get(answer.headers["location"], role=role))
    toast = re.search(r'<div class="toast .*?</div>', page, re.S)
    assert toast, page
    found = re.search(r'action="(/undo/\d+)"', toast[0])
    assert found is None or 'data-key="KeyU"' in toast[0]
    return toast[0], found[1] if found else ""


def refused(pages: Pages, undo: str, *, role: str = "owner") -> str:
    """Take back in vain; return what the page says on which one was, as an alert, with no act left to press."""
    answer = pages.post(undo, role=role, back="/orders")
    address = answer.headers["location"]
    assert answer.status_code == 303 and re.fullmatch(r"/orders\?refused=\d+", address), text_of(answer)
    (toast,) = re.findall(r'<div class="toast bad" role="alert" data-toast>.*?</div>', text_of(pages.get(address, role=role)), re.S)  # fmt: skip
    assert "/undo/" not in toast
    return toast


def kinds(pages: Pages, order: Order) -> list[str]:
    return [
        hold.kind for hold in pages.db.read(pages.house.merchant_id, partial(open_holds, order_id=order.id))
    ]


def hold_of(pages: Pages, order: Order) -> int:
    return pages.db.read(pages.house.merchant_id, partial(open_holds, order_id=order.id))[0].id


def test_hold_and_release_go_back_and_forth_until_paper_has_gone(pages: Pages) -> None:
    order, queue = pages.take(make_draft()), pages.printer()
    at = f"/orders/{order.number}"
    _, undo = done(pages, f"{at}/holds", reason="等货")
    assert kinds(pages, order) == ["manual"] and done(pages, undo)[1] == "" and kinds(pages, order) == []
    assert "already, or more than ten minutes ago. Change it" in refused(pages, undo), "once"
    done(pages, f"{at}/holds", reason="等货")
    pages.post(f"/terminals/{queue}/prints", order=str(order.id), revision="1")
    release = f"/holds/{hold_of(pages, order)}/release"
    toast, undo = done(pages, release, reason="到货")
    assert "Released" in toast and [job.state for job in pages.jobs(order)] == ["queued"]
    done(pages, undo)
    assert kinds(pages, order) == ["manual"] and [job.shown_state() for job in pages.jobs(order)] == ["held"]
    _, undo = done(pages, f"/holds/{hold_of(pages, order)}/release")
    end(pages, queue, PrintOutcome(result="printed"))
    assert "hold the order again, and pull the paper" in refused(pages, undo) and kinds(pages, order) == []
    assert "pull the paper" in refused(pages, undo), (
        "what was refused may be tried again: nothing was used up"
    )


def test_it_is_for_who_acted_as_long_as_he_may_and_for_ten_minutes(pages: Pages) -> None:
    order = pages.take(make_draft())
    at = f"/orders/{order.number}"
    assert done(pages, f"{at}/holds", role="clerk", reason="等货")[1] == "", (
        "a clerk releases no hold by hand"
    )
    _, undo = done(pages, f"{at}/holds", reason="还等")
    assert "already, or more" in refused(pages, undo, role="manager")
    name = undo.rpartition("/")[2]
    assert undo in text_of(pages.get(f"{at}?done=held&undo={name}"))
    assert undo not in text_of(pages.get(f"{at}?done=held&undo={name}", role="manager"))
    assert "/undo/" not in text_of(pages.get(f"{at}?undo={name}")), "no message, no button"
    shift_clock(11 * MINUTE_US)
    assert undo not in text_of(pages.get(f"{at}?done=held&undo={name}"))
    assert "already, or more" in refused(pages, undo) and len(kinds(pages, order)) == 2
    assert pages.post("/undo/x").status_code == 404 and "already, or more" in refused(pages, "/undo/7")


def test_amendment_and_waiting_paper(pages: Pages) -> None:
    order, queue = pages.take(make_draft()), pages.printer()
    at = f"/orders/{order.number}"
    form = {"revision": "1", "carrier": "顺丰", "reason": "客户要求"}
    _, undo = done(pages, f"{at}/amendments", **form)
    assert pages.again(order).carrier == "顺丰"
    done(pages, undo)
    assert (pages.again(order).revision, pages.again(order).carrier) == (3, order.carrier)
    _, undo = done(pages, f"{at}/amendments", **{**form, "revision": "3"})
    done(pages, f"{at}/amendments", **{**form, "revision": "4", "carrier": "中通"})
    assert f"{order.number} is at revision 5 now, you saw 4: compare both" in refused(pages, undo)
    ask(pages, pages.again(order), queue)
    (job,) = pages.jobs(order)
    _, undo = done(pages, f"/jobs/{job.id}/cancellation")
    assert [one.state for one in pages.jobs(order)] == ["cancelled"]
    toast, _ = done(pages, undo)
    assert "Taken back" in toast and [one.state for one in pages.jobs(order)] == ["queued", "cancelled"]


def test_a_cancelled_order_goes_on_while_no_paper_is_out_and_its_shop_is_silent(pages: Pages) -> None:
    order, queue = pages.take(make_draft(external_id="X-1")), pages.printer()
    at, merchant = f"/orders/{order.number}", pages.house.merchant_id
    _, undo = done(pages, f"{at}/cancellation", reason="拍错")
    pages.db.write(merchant, lambda tx: check_order(tx, pages.actor(), order_id=order.id))
    assert kinds(pages, order) == ["check"]
    done(pages, undo)
    pages.db.write(merchant, lambda tx: check_order(tx, pages.actor(), order_id=order.id))
    assert pages.again(order).desk_state == "produced" and kinds(pages, order) == []
    _, undo = done(pages, f"{at}/cancellation", reason="拍错")
    pages.take(make_draft(external_id="X-1", cancelled=True))
    assert "its shop has moved it since, look at the order again" in refused(pages, undo)
    other = pages.take(make_draft(external_id="X-2", quantity=3))
    ask(pages, other, queue)
    end(pages, queue, PrintOutcome(result="printed"))
    _, undo = done(pages, f"/orders/{other.number}/cancellation", reason="拍错")
    assert "its ticket is out, pull it and make a new order" in refused(pages, undo)
    assert pages.again(other).desk_state == "cancelled"


def test_what_the_desk_can_not_do_is_no_toast_and_a_toast_names_whatever_it_was_refused_with(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusals.pop()

    refusals = [
        DatabaseUnreachable(address="x", problem="down"),
        UndoOver(late=True, by=None, hours=1.5, left=3),
    ]
    monkeypatch.setattr("tocsin.web.undo.take_back", refuse)
    assert "already, or more than ten minutes ago" in refused(pages, "/undo/7")
    assert pages.post("/undo/7").status_code == 500


def test_what_was_removed_comes_back_as_it_was(pages: Pages) -> None:
    for role in ("owner", "manager", "checker"):
        pages.headers(role)
    first = pages.printer()
    pages.post("/screens", q="campaign:团购", title="团购", shared="1")
    pages.post("/settings/watch-list", kind="phone", value="13912300001", reason="多次拒收")
    pages.post("/settings/queues", **{**QUEUE, "name": "吧台", "printer": str(first)})
    for page, shown in (
        ("/screens", "团购"),
        ("/settings/watch-list", "多次拒收"),
        ("/settings/queues", "吧台"),
    ):
        before = text_of(pages.get(page))
        way = re.findall(rf'action="({page}/\d+/removal)"', before)[-1]
        _, undo = done(pages, way)
        assert shown not in text_of(pages.get(page)), page
        done(pages, undo)
        assert shown in text_of(pages.get(page)), page


def test_an_erased_person_goes_out_of_what_would_be_taken_back(pages: Pages) -> None:
    pages.post("/screens", q="收货人:王小明", title="mine")
    way = re.findall(r'action="(/screens/\d+/removal)"', text_of(pages.get("/screens")))[-1]
    _, undo = done(pages, way)
    forget = partial(forget_answers, tells_of=lambda text: "王小明" in text)
    assert pages.db.write(pages.house.merchant_id, forget) >= 1
    assert "already, or more" in refused(pages, undo)
