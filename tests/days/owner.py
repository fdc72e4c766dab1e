"""An owner's day: from the one-time link to a desk that is set up, printed on and drilled."""

import re

from playwright.sync_api import expect

from tests.counter import wait_for
from tests.days.day import Day
from tests.days.house import PASSWORD, RIGHT_PHONE
from tests.days.window import Window
from tests.peers.robot_peer import RobotPeer
from tests.peers.shelly_relay import HttpPeer
from tests.proofs.running import wait_until

OWNER = "linhui"
SHOP = "黄山路店"
TOUCHES_MOST = 42
"""On a phone, from the owner's link to the first printed ticket: what is pressed, and each field that is written in."""


def live_day(day: Day, window: Window) -> dict[str, int]:
    """Set the desk up, print its first tickets, drill its alarm; return how many of what."""
    siren, robot = HttpPeer(), RobotPeer()
    try:
        become_owner(day, window)
        name_shop(window)
        add_printer(day, window)
        sound_page(window)
        reach_somebody(window, robot)
        import_sample(window)
        touches = mend_and_print(day, window)
        hang_siren(window, siren)
        choose_checks(window)
        invite(window)
        drill(window)
        set_posture(window)
        done = prove(day, window, siren=siren, robot=robot)
        return {**done, "touches_to_ticket": touches}
    finally:
        siren.close()
        robot.close()


def become_owner(day: Day, window: Window) -> None:
    """Open the one-time link, choose a name and a password, put the recovery codes away."""
    window.open(day.desk.owner_link)
    window.write("Name to sign in with", OWNER)
    window.fill(window.page.locator("[name=password]"), PASSWORD)
    window.fill(window.page.locator("[name=again]"), PASSWORD)
    window.press("Create and sign in")
    expect(window.main().locator("ol.codes li")).to_have_count(10)
    window.follow("I have them: go on")
    window.speak()


def name_shop(window: Window) -> None:
    """Say what the shop is called: the owner's link has led to the first hour."""
    assert window.path() == "/start"
    window.shot("day-start")
    window.follow("Name it")
    window.write("Name of the shop", SHOP)
    window.press("Save")
    expect(window.page.locator("a.brand")).to_contain_text(SHOP)


def add_printer(day: Day, window: Window) -> None:
    """Set the printer up, and let it print a page."""
    window.next("Add a printer")
    form = window.main().locator("form[action='/settings/printers']")
    window.fill(form.locator("[name=name]"), "前台")
    window.fill(form.locator("[name=address]"), f"127.0.0.1:{day.peer.port}")
    window.press("Add", within=form)
    window.touch(window.main().locator("form[action$='/test'] button").first)
    day.peer.wait_papers(1, 30)


def choose_checks(window: Window) -> None:
    """Let an address without a number be a notice alone."""
    window.set("Checks")
    window.main().locator("[name='level.address_short']").select_option("I")
    window.press("Save", within=window.main().locator("form[action='/settings/checks']"))


def sound_page(window: Window) -> None:
    """Drill without a siren: for the beginning a page that is open will do."""
    window.next("Sound the siren")
    window.press("Drill now: the sirens sound three seconds", leads=False)
    window.confirm()
    expect(window.page.locator("section.alarm")).to_be_visible(timeout=10_000)


def hang_siren(window: Window, siren: HttpPeer) -> None:
    """Set up a relay with a siren and a strobe, and try it: it confirms."""
    window.set("Sirens")
    window.follow("HTTP: Shelly relay, or any device with an address for on and off")
    window.fill(window.main().locator("[name=name]"), "LTD-1101J")
    window.fill(window.main().locator("[name='options.url']"), siren.url)
    window.press("Save")
    window.set("Sirens")
    window.press("Try it, 2 seconds")
    wait_for(lambda: any(params.get("on") for _, params in siren.switches.calls), seconds=15)
    window.shot("day-sirens")


def reach_somebody(window: Window, robot: RobotPeer) -> None:
    """Add a hook, test it, and give the code that came."""
    window.next("Reach somebody outside the desk")
    form = window.main().locator("#add")
    window.fill(form.locator("[name=name]"), "值班电话")
    form.locator("[name=service]").select_option("webhook")
    window.fill(form.locator("[name=address]"), f"{robot.origin}/call")
    window.press("Add", within=form)
    window.press("Send a test")
    wait_for(lambda: robot.taken, seconds=20)
    code = re.search(r"\d{6}", robot.texts()[0])
    assert code
    window.fill(window.main().locator("[name=code]"), code[0])
    window.press("It came")
    window.sees("It was really received.")


def import_sample(window: Window) -> None:
    """Take in the sample sheet: its third order has a phone that is a digit short."""
    window.follow("First hour")
    window.touches += 2  # the sample, and where it was put
    with window.page.expect_download() as taken:
        window.main().get_by_role("link", name=window.say("Sample sheet")).click()
    window.follow("Import")
    buffer = taken.value.path().read_bytes()
    window.page.set_input_files(
        "[name=sheet]", {"name": "sample.csv", "mimeType": "text/csv", "buffer": buffer}
    )
    window.touch(window.main().locator("form[action='/imports'] button.main"))
    window.touch(window.main().locator("form[action$='/commit'] button.main"))
    found = window.main().locator("a.finding", has_text="phone_shape")
    expect(found.locator("b")).to_have_text("1", timeout=20_000)
    window.shot("day-import")


def mend_and_print(day: Day, window: Window) -> int:
    """Mend the one that is wrong, and print all three; return after how many touches the first ticket came."""
    window.go("Held")
    window.follow("Revise")
    window.fill(window.page.locator("[name='receiver.phone']"), RIGHT_PHONE)
    window.touch(window.page.locator("#revising [data-fill*=reason]").first, leads=False)
    window.press("Revise and print")
    touches = window.touches + window.fields
    day.peer.wait_papers(2, 30)
    assert not window.surface.phone or touches <= TOUCHES_MOST, touches
    for n in ("1", "2"):
        window.ask(f"{'示例' if window.surface.locale == 'zh_CN' else 'SAMPLE'}-{n}")
        if window.path() == "/orders":
            window.touch(window.main().locator("table.list a[data-open]").first)
        menu = window.unfold("Print")
        window.press("前台", within=menu)
    return touches


def invite(window: Window) -> None:
    """Invite a manager."""
    window.set("Operators")
    form = window.main().locator("form[action='/settings/operators']")
    window.fill(form.locator("[name=name]"), "wangjing")
    form.locator("[name=role]").select_option("manager")
    window.press("Make the invitation", within=form)
    assert "/join/" in window.main().locator("#f-link").input_value()


def drill(window: Window) -> None:
    """Drill the alarm: the siren sounds, the hook is told, this page shows it, and all of it is over by itself."""
    window.go("Alarm")
    window.shot("day-alarm-home")
    window.set("People")
    window.follow("Drill")
    window.press("Drill now: the sirens sound three seconds", leads=False)
    window.confirm()
    expect(window.page.locator("section.alarm")).to_be_visible(timeout=10_000)
    window.sees("Passed", seconds=40)
    expect(window.page.locator("body")).to_have_attribute("data-alarm", "", timeout=20_000)
    window.shot("day-drill")


def set_posture(window: Window) -> None:
    """Raise the posture by hand, and let it fall again."""
    for state in ("alert", "calm"):
        window.go("Alarm")
        window.touch(window.main().locator(f"label.stage:has([value={state}])"), leads=False)
        window.write("Why", "演练")
        window.press("Set the posture")
        expect(window.page.locator(f"a.posture.{state}")).to_be_visible()


def prove(day: Day, window: Window, *, siren: HttpPeer, robot: RobotPeer) -> dict[str, int]:
    """Hold what the day came to against the desk's own data, and the devices."""
    day.peer.wait_papers(4, 60)
    wait_until(lambda: _count(day, "print_job WHERE state = 'printed'") == 3, seconds=30)
    window.set("First hour")
    done = {
        "steps_done": window.main().locator("tr .chip.ok").count(),
        "papers": len(day.peer.papers()),
        "shop_named": _count(day, f"shop WHERE name = '{SHOP}'"),
        "printed": _count(day, "print_job WHERE state = 'printed'"),
        "operators": _count(day, "operator"),
        "reached": _count(day, "recipient WHERE confirmed_at_us IS NOT NULL"),
        "drills_passed": _count(day, "drill WHERE state = 'passed'"),
        "postures": _count(day, "posture WHERE why = '演练'"),
        "siren_sounded": sum(bool(params.get("on")) for _, params in siren.switches.calls),
        "messages": len(robot.taken),
    }
    window.shot("day-set-up")
    assert (done["steps_done"], done["papers"], done["shop_named"], done["printed"]) == (9, 4, 1, 3), done
    assert (done["operators"], done["reached"], done["postures"]) == (2, 1, 2), done
    assert done["drills_passed"] >= 1, done
    assert done["siren_sounded"] >= 2 and done["messages"] >= 2, done
    assert not any(siren.switches.on), "the siren is off again"
    return done


def _count(day: Day, of: str) -> int:
    return int(day.desk.rows(f"SELECT count(*) FROM {of}")[0][0])
