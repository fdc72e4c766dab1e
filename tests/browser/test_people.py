"""People in a real browser: a way added and confirmed, a push shown by the real service worker, a drill to its end."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from tests.browser.served import Served
from tests.browser.test_journey import FLAGS, WHOLE_CHROMIUM, Walk, become_owner, browser
from tests.counter import wait_for
from tests.peers.robot_peer import RobotPeer

__all__ = ["browser"]
SIZES = [(1440, 900, "zh-CN"), (390, 844, "zh-CN")]


@pytest.fixture
def whole(browser: Browser) -> Iterator[Browser]:
    """The whole Chromium: the one without a window has no push."""
    made = browser.browser_type.launch(executable_path=WHOLE_CHROMIUM, args=FLAGS)
    yield made
    made.close()


@contextmanager
def walking(browser: Browser, folder: Path, *, width: int, height: int, locale: str) -> Iterator[Walk]:
    with Served(folder) as desk:
        walk = Walk(browser, desk, None, width=width, height=height, locale=locale)  # type: ignore[arg-type]
        become_owner(walk)
        yield walk
        walk._context.close()


def add_hook(walk: Walk, peer: RobotPeer) -> str:
    """Add a hook as a person would, and send it a test; return the text that came."""
    walk.go("/settings/people")
    walk.page.fill("#add [name=name]", "值班电话")
    walk.page.select_option("#add [name=service]", "webhook")
    walk.page.fill("#add [name=address]", f"{peer.origin}/call")
    walk.press("#add button.main")
    walk.press("form[action$='/test'] button")
    wait_for(lambda: peer.taken, seconds=10)
    return str(peer.texts()[0])


@pytest.mark.parametrize(("width", "height", "locale"), SIZES)
def test_a_way_is_added_confirmed_and_drilled(
    browser: Browser, tmp_path: Path, width: int, height: int, locale: str
) -> None:
    """Address → test really received → its code → confirmed → drill: message handed over, this open page seen."""
    peer = RobotPeer()
    with walking(browser, tmp_path, width=width, height=height, locale=locale) as walk:
        text = add_hook(walk, peer)
        page = walk.page
        expect(page.locator("main")).to_contain_text("尚未收到过")
        code = re.search(r"\d{6}", text)
        assert code
        page.fill("[name=code]", code[0])
        walk.press("form[action$='/confirmation'] button")
        expect(page.locator("main")).to_contain_text("确认收到过")
        walk.shot("people")
        walk.go("/drills")
        page.locator("form[action='/drills'] button").click()
        page.locator("dialog button.danger").click()
        expect(page.locator("[data-alarm-part=banner]")).to_contain_text("演练")
        expect(page.locator("main")).to_contain_text("通过", timeout=20_000)
        page.reload()
        rows = [" ".join(row.split()) for row in page.locator("main table tbody tr").all_inner_texts()]
        assert any("值班电话" in row and "已送出" in row for row in rows), rows
        assert any("1 个浏览器" in row and "已确认" in row for row in rows), rows
        assert "演练" in peer.texts()[1]
        walk.shot("drill")
        assert not walk.errors, walk.errors
    peer.close()


def pump(walk: Walk, true: Callable[[], object], *, seconds: float = 40) -> None:
    """Wait until something is so, while the browser's own events are heard."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came to be"
        walk.page.wait_for_timeout(50)


def worker_of(walk: Walk, cdp: CDPSession) -> str:
    """Return the id of the registration that the browser tells of."""
    told: list[dict[str, Any]] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda event: told.extend(event["registrations"]))
    cdp.send("ServiceWorker.enable")
    pump(walk, lambda: told)
    return str(told[-1]["registrationId"])


ACTIVE = "navigator.serviceWorker.ready.then((r) => r.active.state === 'activated')"
SHOWN = "navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.map((n) => n.title + n.body))"


def brought(walk: Walk, cdp: CDPSession, bring: dict[str, str], text: str) -> None:
    """Bring a push until it is shown, as a push service does that got no receipt: of one tag, it is shown once."""
    for _ in range(4):
        cdp.send("ServiceWorker.deliverPushMessage", bring)
        for _ in range(200):
            if walk.page.evaluate(SHOWN) == [text]:
                return
            walk.page.wait_for_timeout(50)
    raise AssertionError(f"never shown: {walk.page.evaluate(SHOWN)}, {walk.errors}")


def test_the_worker_shows_a_push_says_that_it_came_and_opens_it(whole: Browser, tmp_path: Path) -> None:
    """The push service itself is out of reach here: the page says so; what it would bring is brought by the browser's own tools."""
    peer = RobotPeer()
    with walking(whole, tmp_path, width=390, height=844, locale="zh-CN") as walk:
        walk._context.grant_permissions(["notifications"], origin=walk.desk.base)
        link = re.search(r"http\S+/received/\S+", add_hook(walk, peer))
        assert link
        walk.go("/push")
        walk.page.fill("[name=name]", "我的手机")
        walk.page.locator("form[data-push] button").click()
        expect(walk.page.locator("[data-push-state=failed]")).to_be_visible(timeout=20_000)
        cdp = walk._context.new_cdp_session(walk.page)
        registration = worker_of(walk, cdp)
        message = {
            "title": "【警报】合肥店", "body": "有人在试密码", "url": f"{walk.desk.base}/alarm", "tag": "i7",
            "seen": link[0].rstrip("，。"),
        }  # fmt: skip
        bring = {"origin": walk.desk.base, "registrationId": registration, "data": json.dumps(message)}
        pump(walk, lambda: walk.page.evaluate(ACTIVE))
        brought(walk, cdp, bring, "【警报】合肥店有人在试密码")
        pump(walk, lambda: (walk.go("/settings/people"), "确认收到过" in walk.page.inner_text("main"))[1])
        click = """async () => {
            const [shown] = await self.registration.getNotifications();
            self.dispatchEvent(new NotificationEvent("notificationclick", { notification: shown }));
        }"""
        walk._context.service_workers[0].evaluate(click)
        pump(walk, lambda: walk.page.url == f"{walk.desk.base}/alarm")
    peer.close()


def test_the_worker_opens_nothing_outside_the_desk(browser: Browser, tmp_path: Path) -> None:
    with walking(browser, tmp_path, width=390, height=844, locale="zh-CN") as walk:
        walk.go("/push")
        walk.page.evaluate(
            "navigator.serviceWorker.register('/sw.js', {scope: '/'}).then(() => navigator.serviceWorker.ready)"
        )
        worker = walk._context.service_workers[0]
        for address in ("https://evil.example/x", "//evil.example", "javascript:alert(1)", ""):
            assert worker.evaluate("(address) => here(address)", address) == f"{walk.desk.base}/alarm", (
                address
            )
        assert worker.evaluate("() => here('/incidents/7')") == f"{walk.desk.base}/incidents/7"
