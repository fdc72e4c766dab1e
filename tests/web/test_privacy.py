"""Settings → Privacy: a person is found masked, handed out as a file, erased by typing; nobody else gets in."""

from tests.house import make_draft
from tests.web.pages import Pages
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.orders.erase import list_erasures

HERE, PHONE = "/settings/privacy", "13812345678"


def test_a_person_is_found_exported_and_erased(pages: Pages) -> None:
    order = pages.take(make_draft())
    assert "ERASE" not in pages.get(HERE).text
    found = pages.post(HERE, phone=PHONE)
    assert order.number in found.text and "王**" in found.text and "王小明" not in found.text
    person = found.text.partition('name="person" value="')[2].partition('"')[0]
    made = pages.post(HERE + "/export", phone=PHONE, person=person)
    assert made.headers["content-disposition"].startswith("attachment") and "王小明" in made.text
    wrong = pages.post(HERE + "/erasure", phone=PHONE, person=person, reason="他要求", typed="yes")
    assert wrong.status_code == 422 and "他要求" in wrong.text
    done = pages.post(HERE + "/erasure", phone=PHONE, person=person, reason="他要求", typed="ERASE")
    assert done.status_code == 303, done.text
    (erased,) = pages.db.read(pages.house.merchant_id, list_erasures)
    assert (erased.orders, erased.reason) == (1, "他要求")
    assert pages.post(HERE, phone=PHONE).status_code == 404
    assert pages.get(f"/orders/{order.number}").status_code == 200


def test_others_are_refused_and_an_owner_proves_himself(pages: Pages) -> None:
    pages.take(make_draft())
    for role in ("manager", "clerk", "checker", "auditor"):
        assert pages.get(HERE, role=role).status_code == 403
        assert pages.post(HERE, role=role, phone=PHONE).status_code == 403
    pages.get("/settings")
    shift_clock(11 * MINUTE_US)
    assert pages.get(HERE).headers["location"].startswith("/prove?next=")
