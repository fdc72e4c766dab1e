"""The people of the alarm on their page: added with their secrets sealed, tried, confirmed, changed, taken away."""

import re
from collections.abc import Iterator

import pytest

from tests.alarm.told import Posting, notices, point_robots_at, settled, until
from tests.peers.robot_peer import DING_SECRET, KEY, RobotPeer
from tests.web.pages import Pages, text_of
from tocsin.alarm.recipient import Recipient, all_recipients

WECOM = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
DING = "https://oapi.dingtalk.com/robot/send?access_token=abcdef0123"
HERE = "/settings/people"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[RobotPeer]:
    made = RobotPeer()
    point_robots_at(made, monkeypatch)
    yield made
    made.close()


def people(pages: Pages) -> list[Recipient]:
    return pages.db.read(pages.house.merchant_id, all_recipients)


def add(pages: Pages, *, role: str = "owner", **fields: str) -> int:
    given = {"name": "店长群", "service": "wecom", "address": WECOM, "locale": "zh_CN", "step": "0", **fields}
    answer = pages.post(HERE, role=role, form=[("wants", "sound"), ("wants", "drill")], **given)
    assert answer.status_code == 303, answer.text
    return people(pages)[-1].id


def work(pages: Pages, recipient_id: int) -> None:
    with Posting(pages.db):
        until(lambda: settled(pages.house, recipient_id))


def test_an_address_is_added_tried_and_confirmed_by_its_code(pages: Pages, peer: RobotPeer) -> None:
    one = add(pages, service="dingtalk", address=DING, secret=DING_SECRET)
    page = text_of(pages.get(HERE))
    assert (
        "店长群" in page and "DingTalk group robot" in page and "…0123" in page and "Not yet received" in page
    )
    assert DING_SECRET not in page and "abcdef0123" not in page
    assert pages.post(f"{HERE}/{one}/test").headers["location"] == f"{HERE}?said=tested#r{one}"
    work(pages, one)
    page = text_of(pages.get(f"{HERE}?said=tested"))
    assert "A test is on its way" in page and f"{HERE}/{one}/confirmation" in page
    code = re.search(r"\d{6}", peer.texts()[0])
    assert code
    wrong = f"{(int(code[0]) + 1) % 1_000_000:06}"
    assert "said=wrong" in pages.post(f"{HERE}/{one}/confirmation", code=wrong).headers["location"]
    assert "said=confirmed" in pages.post(f"{HERE}/{one}/confirmation", code=code[0]).headers["location"]
    page = text_of(pages.get(f"{HERE}?said=confirmed"))
    assert "Really received" in page and f"{HERE}/{one}/confirmation" not in page


def test_a_failure_is_shown_with_its_reason(pages: Pages, peer: RobotPeer) -> None:
    one = add(pages, service="dingtalk", address=DING, secret="SECwrong")
    pages.post(f"{HERE}/{one}/test")
    work(pages, one)
    page = text_of(pages.get(f"{HERE}?locale=zh_CN"))
    assert "机器人拒收，代码 310000" in page and "发送失败" in page
    assert notices(pages.house, one)[0].state == "failed"


def test_what_is_wanting_is_said_at_its_field_and_nothing_typed_is_lost(pages: Pages) -> None:
    for fields, place, said in (
        ({"address": "https://evil.example/"}, "address", "not the address of such a robot"),
        ({"service": "webhook", "address": "http://169.254.169.254/x"}, "address", "no service for people"),
        ({"service": "other", "address": "file:///etc/passwd"}, "address", "no such service"),
        ({"name": " "}, "name", "at most 60 characters"),
    ):
        given = {"name": "店长群", "service": "wecom", "address": WECOM, **fields}
        answer = pages.post(HERE, form=[("wants", "light")], secret="geheim", **given)
        assert answer.status_code == 422 and f"f-{place}-say" in answer.text and said in answer.text, fields
        assert "geheim" not in answer.text and re.search(r'value="light" checked', answer.text)
    assert people(pages) == []
    add(pages)
    again = pages.post(HERE, name="x", service="wecom", address=WECOM)
    assert again.status_code == 409 and "on the list already" in again.text


def test_a_form_that_is_sent_twice_adds_one(pages: Pages) -> None:
    for _ in range(2):
        add(pages, form_key="abcdefgh12")
    assert len(people(pages)) == 1


def test_it_is_changed_switched_off_and_taken_away(pages: Pages) -> None:
    one = add(pages)
    form = [("wants", "light"), ("wants", "escalated")]
    answer = pages.post(f"{HERE}/{one}", form=form, name="夜班", locale="en", step="2", active="1")
    assert answer.headers["location"] == f"{HERE}?done=saved"
    (now,) = people(pages)
    assert (now.name, now.locale, now.wants, now.step, now.active) == ("夜班", "en", "light escalated", 2, 1)
    pages.post(f"{HERE}/{one}", name="夜班", locale="en", step="2")
    assert people(pages)[0].active == 0 and ">Off" in text_of(pages.get(HERE))
    assert pages.post(f"{HERE}/{one}/test").status_code == 409
    assert pages.post(f"{HERE}/{one}/removal").headers["location"] == f"{HERE}?done=dropped"
    assert people(pages) == [] and pages.post(f"{HERE}/{one}/removal").status_code == 404
    assert pages.get(f"{HERE}/{one}/test").headers["location"] == f"{HERE}#r{one}"


def test_who_may_not_change_settings_sees_his_own_alone(pages: Pages) -> None:
    one = add(pages)
    for role in ("clerk", "checker", "auditor"):
        page = text_of(pages.get(HERE, role=role))
        assert "店长群" not in page and "…7ee4" not in page and 'id="add"' not in page
        assert pages.post(HERE, role=role, name="x", service="wecom", address=WECOM).status_code == 403
        for act in ("", "/test", "/confirmation", "/removal"):
            assert pages.post(f"{HERE}/{one}{act}", role=role, name="x").status_code == 403, (role, act)
    assert pages.get(HERE, role="station").status_code == 403 and pages.get(HERE, role="").status_code == 303
    for act in ("", "/test", "/confirmation", "/removal"):
        assert pages.post(f"{HERE}/{one}{act}", role="").status_code == 303
        assert pages.post(f"{HERE}/{one}{act}", token="another's").status_code == 403


@pytest.mark.parametrize("hostile", ["-1", "9" * 40, "x", "%F0%9F%92%A9", "' or 1=1--"])
def test_hostile_addresses_and_fields_break_nothing(pages: Pages, hostile: str) -> None:
    for act in ("", "/test", "/confirmation", "/removal"):
        text_of(pages.post(f"{HERE}/{hostile}{act}", name="x", code=hostile, back="//evil.example"))
    text_of(
        pages.post(
            HERE,
            name=hostile,
            service=hostile,
            address=hostile,
            operator=hostile,
            step=hostile,
            locale=hostile,
        )
    )
    text_of(pages.get(f"{HERE}?said={hostile}&new={hostile}"))
    one = add(pages)
    assert pages.post(f"{HERE}/{one}/test", back="//evil.example").headers["location"].startswith(HERE)
