"""This browser as a receiver of the alarm: armed by its owner, its worker at the root, and “it came” without a sign-in."""

from collections.abc import Iterator

import pytest

from tests.alarm.told import Posting, allow_near_push, notices, settled, until
from tests.api.door import BASE
from tests.peers.push_peer import PushPeer
from tests.web.pages import Pages, text_of
from tocsin.alarm.push import public_key
from tocsin.alarm.recipient import Recipient, all_recipients


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[PushPeer]:
    allow_near_push(monkeypatch)
    made = PushPeer()
    yield made
    made.close()


def people(pages: Pages) -> list[Recipient]:
    return pages.db.read(pages.house.merchant_id, all_recipients)


def arm(pages: Pages, browser: PushPeer, role: str = "clerk", name: str = "我的手机") -> int:
    answer = pages.post("/push", role=role, subscription=browser.subscription(), name=name)
    assert answer.status_code == 303, answer.text
    return people(pages)[-1].id


def test_a_clerk_arms_his_own_phone_and_says_that_the_test_came(pages: Pages, browser: PushPeer) -> None:
    page = text_of(pages.get("/push", role="clerk"))
    assert f'data-push="{public_key(pages.db.vault)}"' in page
    one = arm(pages, browser)
    (mine,) = people(pages)
    assert (
        mine.kind == "push"
        and mine.operator_id > 0
        and mine.wanted() == ("sound", "escalated", "account", "drill")
    )
    page = text_of(pages.get("/push?said=armed", role="clerk"))
    assert (
        "我的手机" in page
        and "This browser is armed" in page
        and browser.origin.removeprefix("http://") in page
    )
    sent = pages.post(f"/settings/people/{one}/test", role="clerk", back="/push")
    assert sent.headers["location"] == f"/push?said=tested#r{one}"
    with Posting(pages.db):
        until(lambda: settled(pages.house, one))
    (told,) = browser.taken
    seen = told["seen"].removeprefix(BASE)
    answer = pages.client.post(seen, headers={"origin": BASE}, follow_redirects=False)
    assert answer.status_code == 303 and people(pages)[0].confirmed_at_us is not None
    assert "谢谢，已收到" in text_of(pages.client.get(seen))


def test_the_same_browser_again_is_one(pages: Pages, browser: PushPeer) -> None:
    assert arm(pages, browser) == arm(pages, browser) and len(people(pages)) == 1
    arm(pages, browser, role="checker")
    assert len(people(pages)) == 2, "another person at the same browser"


def test_what_is_no_subscription_is_said_at_the_form(pages: Pages) -> None:
    for given in ("", "{}", '{"endpoint":"http://127.0.0.1/x","keys":{"p256dh":"x","auth":"y"}}'):
        answer = pages.post("/push", role="clerk", subscription=given, name="手机")
        assert answer.status_code == 422 and "f-name-say" in answer.text and 'value="手机"' in answer.text
    assert people(pages) == []
    assert (
        pages.get("/push", role="station").status_code == 403
        and pages.get("/push", role="").status_code == 303
    )
    assert pages.post("/push", role="clerk", token="another's", subscription="x").status_code == 403


def test_the_worker_stands_at_the_root_and_is_asked_for_anew(pages: Pages) -> None:
    answer = pages.client.get("/sw.js")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/javascript")
    assert "no-store" in answer.headers["cache-control"] and "notificationclick" in answer.text


def test_to_open_the_link_is_not_to_say_that_it_came(pages: Pages, browser: PushPeer) -> None:
    one = arm(pages, browser)
    pages.post(f"/settings/people/{one}/test", role="clerk")
    with Posting(pages.db):
        until(lambda: settled(pages.house, one))
    seen = browser.taken[0]["seen"].removeprefix(BASE)
    page = text_of(pages.client.get(seen))
    assert "是的，收到了" in page and people(pages)[0].confirmed_at_us is None
    foreign = pages.client.post(seen, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403 and notices(pages.house, one)[0].received_at_us is None
    assert pages.client.post(seen, headers={"origin": BASE}, follow_redirects=False).status_code == 303


@pytest.mark.parametrize("token", ["x", "1.2.3", "f" * 16 + ".1." + "0" * 20, "0.0." + "0" * 20, "%00", "💩"])
def test_links_that_are_none_of_ours_say_so(pages: Pages, token: str) -> None:
    for ask in (pages.client.get, pages.client.post):
        answer = ask(f"/received/{token}", headers={"origin": BASE})
        assert answer.status_code in (400, 404, 405, 422), answer.status_code
