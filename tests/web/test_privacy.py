"""Settings → Privacy: a person is found masked, handed out as a file, erased by typing; nobody else gets in."""

from functools import partial

from tests.house import make_draft
from tests.web.pages import Pages
from tocsin.core.clock import DAY_US, MINUTE_US, shift_clock
from tocsin.core.preference import read_preference
from tocsin.orders.erase import list_erasures
from tocsin.orders.person import BOX, PrivacyRules

HERE, PHONE = "/settings/privacy", "13812345678"


def test_a_person_is_found_exported_and_erased(pages: Pages) -> None:
    order = pages.take(make_draft())
    assert "ERASE" not in pages.get(HERE).text
    found = pages.post(HERE, phone=PHONE)
    assert order.number in found.text and "王**" in found.text and "王小明" not in found.text
    person = found.text.partition('name="person" value="')[2].partition('"')[0]
    assert pages.post(HERE + "/export", phone=PHONE, person=person).status_code == 422, (
        "a file needs its purpose"
    )
    made = pages.post(HERE + "/export", phone=PHONE, person=person, purpose="request")
    assert made.headers["content-disposition"].startswith("attachment") and "王小明" in made.text
    read = pages.post(HERE + "/export", phone=PHONE, person=person, purpose="request", **{"as": "html"})
    assert read.headers["content-disposition"].endswith('"person.html"') and "黄山路 12 号" in read.text
    wrong = pages.post(HERE + "/erasure", phone=PHONE, person=person, reason="他要求", typed="yes")
    assert wrong.status_code == 422 and "他要求" in wrong.text
    done = pages.post(HERE + "/erasure", phone=PHONE, person=person, reason="他要求", typed="ERASE")
    assert done.status_code == 303, done.text
    (erased,) = pages.db.read(pages.house.merchant_id, list_erasures)
    assert (erased.orders, erased.reason) == (1, "他要求")
    receipt = pages.get(done.headers["location"])
    assert receipt.status_code == 200 and "王小明" not in receipt.text
    assert pages.get(f"{HERE}/erasures/{erased.id}", role="clerk").status_code == 403
    assert pages.get(f"{HERE}/erasures/7").status_code == 404
    assert pages.post(HERE, phone=PHONE).status_code == 404
    assert pages.get(f"/orders/{order.number}").status_code == 200


def test_others_are_refused_and_an_owner_proves_himself(pages: Pages) -> None:
    pages.take(make_draft())
    for role in ("manager", "clerk", "checker", "auditor"):
        for page in ("", "/rules", "/holds"):
            allowed = page == "/holds" and role == "manager"
            assert pages.get(HERE + page, role=role).status_code == (200 if allowed else 403), (role, page)
        assert pages.post(HERE, role=role, phone=PHONE).status_code == 403
    pages.get("/settings")
    shift_clock(11 * MINUTE_US)
    assert pages.get(HERE).headers["location"].startswith("/prove?next=")


def test_rules_are_seen_before_they_are_stored(pages: Pages) -> None:
    shift_clock(-200 * DAY_US)
    pages.take(make_draft(paid_at_us=None))
    shift_clock(0)
    here, given = f"{HERE}/rules", {"keep_days": "180", "ledger_days": "365"}
    seen = pages.post(here, **given)
    assert (
        seen.status_code == 200 and 'name="seen" value="180"' in seen.text and "out of one order" in seen.text
    )
    rules = lambda: pages.db.read(
        pages.house.merchant_id, partial(read_preference, kind=PrivacyRules, box=BOX)
    )
    assert rules() == PrivacyRules(), "what was only looked at is not stored"
    for wrong in ({"keep_days": "7"}, {"keep_days": "x"}, {"ledger_days": "30"}):
        form = {**given, **wrong}
        assert pages.post(here, **form, seen=form["keep_days"].replace("x", "-1")).status_code == 422, wrong
    assert pages.post(here, **given, seen="180", managers_erase="1").status_code == 303
    assert rules() == PrivacyRules(managers_erase=True, keep_days=180, ledger_days=365)
    assert pages.post(here, **given, seen="180").status_code == 409, "somebody saved before"
    assert pages.get(HERE, role="manager").status_code == 200
    assert pages.post(here, role="manager", **given, seen="180", revision="1").status_code == 403


def test_an_order_kept_by_law_keeps_its_receiver(pages: Pages) -> None:
    order, here = pages.take(make_draft()), f"{HERE}/holds"
    assert pages.post(here, order="HF-1", reason="纠纷").status_code == 404
    assert pages.post(here, order=order.number, reason=" ").status_code == 422
    assert pages.post(here, order=order.number, reason="仲裁 13812345678").status_code == 303
    listed = pages.get(here).text
    assert order.number in listed and "仲裁" in listed and "13812345678" not in listed
    found = pages.post(HERE, phone=PHONE).text
    person = found.partition('name="person" value="')[2].partition('"')[0]
    refused = pages.post(HERE + "/erasure", phone=PHONE, person=person, reason="他要求", typed="ERASE")
    assert refused.status_code == 409 and order.number in refused.text
    assert pages.post(here + "/lifted", order_id=str(order.id)).status_code == 303
    assert "仲裁" not in pages.get(here).text
    assert (
        pages.post(HERE + "/erasure", phone=PHONE, person=person, reason="他要求", typed="ERASE").status_code
        == 303
    )
