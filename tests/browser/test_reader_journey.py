"""A wrong finger at the reader of a desk does what a wrong password does: the other page names it, the relay is ON."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, expect

from tests.browser.served import Served
from tests.browser.test_alarm_journey import LIGHT, SOUND, hang_siren, siren_behind_broker
from tests.browser.test_journey import PASSWORD, Walk, become_owner, browser
from tests.browser.test_passkey import sign_out
from tests.counter import wait_for
from tests.near import uncounted
from tests.peers.fprintd_peer import FprintdPeer

__all__ = ["browser"]
STAGES_MOST = 12


class Reader:
    """The real fprintd, spoken to from a thread of its own: the browser's driver has a loop in this one."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self.peer = self._do(FprintdPeer().__enter__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self.peer.__exit__)
        self._thread.shutdown()

    def lay(self, name: str, *, seed: int | None = None) -> None:
        """Lay a finger once the reader asks for one."""
        self._do(partial(self.peer.lay, name, seed=seed))

    def _do(self, act: Callable[[], Any]) -> Any:
        return self._thread.submit(act).result(60)


def sign_in(walk: Walk) -> None:
    """Sign in with the password."""
    walk.go("/sign-in")
    walk.page.fill("[name=name]", "lin")
    walk.press("main button.main")
    walk.page.fill("[name=password]", PASSWORD)
    walk.press("main button.main")


def sit_down(walk: Walk) -> None:
    """Sign in at the till, and enrol its browser as a desk."""
    page = walk.page
    sign_in(walk)
    walk.go("/settings/desks")
    page.fill("main form[action='/settings/desks'] [name=name]", "Till 2")
    walk.press("main form[action='/settings/desks'] button.main")


@contextmanager
def working_station(walk: Walk, folder: Path, reader: Reader) -> Iterator[None]:
    """Enrol a station by its code and run its agent with the reader; the till's reader hangs on it."""
    page, file = walk.page, folder / "station.json"
    walk.go("/settings/stations")
    walk.press("form[action='/settings/stations/codes'] button")
    code = page.input_value("#f-code")
    environment = uncounted(DBUS_SYSTEM_BUS_ADDRESS=reader.peer.address, PYTHONPATH="src")
    command = [sys.executable, "-m", "tocsin", "station"]
    enrol = [
        *command,
        "enrol",
        "--server",
        walk.desk.base,
        "--code",
        code,
        "--name",
        "Counter",
        "--file",
        str(file),
    ]
    subprocess.run(enrol, check=True, env=environment, timeout=60, stdout=subprocess.DEVNULL)
    agent = subprocess.Popen([*command, "run", "--reader", "fprintd", "--file", str(file)], env=environment)
    try:
        walk.go("/settings/stations")
        expect(page.locator("td .chip.ok", has_text="读取器就绪")).to_be_visible(timeout=20_000)
        place = page.locator("form[action^='/settings/stations/desks/']")
        place.locator("select").select_option(label="Counter")
        with page.expect_navigation():
            place.locator("button").click()
        yield
    finally:
        agent.terminate()
        agent.wait(20)


def enrol_finger(walk: Walk, reader: Reader) -> None:
    """Enrol the owner's finger at the reader, in as many touches as it wants."""
    page = walk.page
    walk.go("/settings/fingers")
    walk.press("main form[action='/settings/fingers'] button.main")
    rows = page.locator("main table tbody tr")
    for seed in range(STAGES_MOST):
        if rows.count():
            break
        reader.lay("whorl", seed=seed)
        time.sleep(0.3)
        walk.go("/settings/fingers")
    expect(rows).to_have_count(1)


def stream_ended(owner: Walk) -> None:
    """Forget what the stream's client said of its end: a new credential has ended the session here."""
    owner.errors[:] = [error for error in owner.errors if not error.endswith(": [object Event]")]


def lay_wrong_finger(till: Walk, reader: Reader) -> None:
    """At the till, ask to sign in by finger and lay one that is not the owner's."""
    page = till.page
    till.go("/sign-in")
    page.fill("[name=name]", "lin")
    till.press("main button.main")
    page.locator("form[action='/sign-in/finger'] button").click()
    reader.lay("loop-right")
    expect(page.locator("main")).to_contain_text("未能识别此手指", timeout=15_000)


def test_a_wrong_finger_at_the_reader_is_heard(browser: Browser, tmp_path: Path) -> None:
    with (
        Reader() as reader, siren_behind_broker(tmp_path / "broker") as (relay, port), Served(tmp_path) as desk,
    ):  # fmt: skip
        owner = Walk(browser, desk, None, width=1440, height=900, locale="zh-CN")  # type: ignore[arg-type]
        become_owner(owner)
        hang_siren(owner, port)
        till = Walk(browser, desk, None, width=1440, height=900, locale="zh-CN")  # type: ignore[arg-type]
        sit_down(till)
        with working_station(till, tmp_path, reader):
            enrol_finger(till, reader)
            sign_out(till.page, desk)
            stream_ended(owner)
            sign_in(owner)
            banner = owner.page.locator("section.alarm")
            lay_wrong_finger(till, reader)
            expect(banner).to_contain_text("有人冒充你尝试登录", timeout=5_000)
            wait_for(lambda: relay.on == {SOUND: False, LIGHT: True}, seconds=5)
            for _ in range(2):
                lay_wrong_finger(till, reader)
            expect(owner.page.locator("body")).to_have_attribute("data-alarm", "sound", timeout=5_000)
            wait_for(lambda: relay.on == {SOUND: True, LIGHT: True}, seconds=5)
            banner.locator("button", has_text="消音").click()
            wait_for(lambda: relay.on == {SOUND: False, LIGHT: True}, seconds=5)
            banner.locator("a", has_text="打开").click()
            expect(owner.page.locator("main")).to_contain_text("指纹读取器")
        assert owner.errors == []
        assert "Traceback" not in desk.log(), desk.log()
