"""A manager's day: holds set and ended, warnings acknowledged, files taken, somebody invited and switched off, an incident."""

import re

from playwright.sync_api import expect

from tests.days.clerk import begin
from tests.days.day import Day
from tests.days.house import PASSWORD, House, Taken
from tests.days.watch import Watch
from tests.days.window import Window

MANAGER = "wangjing"
_TOP = "(one) => one.getBoundingClientRect().top"


def live_day(day: Day, window: Window) -> dict[str, int]:
    """Hold, release, acknowledge, download, invite, answer an attack; return how many of what."""
    house = House(day.desk, day.peer)
    some = max(1, day.orders // 5)
    house.take(warned=some, good=day.orders - some)
    begin(window, house.invite(MANAGER, "manager"))
    look_around(window)
    held = house.of("good")[:some]
    for one in held:
        hold(window, one)
    for one in held:
        release(window, one)
    acknowledge_all(window, some)
    download(window)
    link = invite(window, "chenwei")
    join(day, window, link)
    switch_off(window, "chenwei")
    be_attacked(day, window)
    done = prove(house, held=some, warned=some)
    house.close()
    return done


def look_around(window: Window) -> None:
    """See how the day stands."""
    for place in ("Problems", "Pictures", "Journal", "Terminal", "Campaigns", "Shift"):
        window.go(place)


def hold(window: Window, one: Taken) -> None:
    """Put an order aside, with a reason."""
    window.ask(one.external_id)
    window.touch(window.main().get_by_role("link", name=one.number))
    menu = window.unfold("Hold")
    window.fill(menu.locator("[name=reason]"), "等客户回电话")
    window.press("Hold", within=menu)


def release(window: Window, one: Taken) -> None:
    """Find it among what is held, and let it go."""
    window.go("Held")
    row = window.main().locator("tr", has_text=one.number)
    window.fill(row.locator("[name=reason]"), "客户说可以")
    window.press("Release", within=row)


def acknowledge_all(window: Window, count: int) -> None:
    """Acknowledge the warnings, one by one."""
    for _ in range(count):
        window.go("Held")
        window.shot("day-acknowledge")
        window.press("Acknowledge", within=window.main().locator("table.held"))


def download(window: Window) -> None:
    """Ask for a masked file of everything, and for one with real data and a reason; fetch both."""
    for real in (False, True):
        window.ask("payment:paid")
        fold = window.unfold("Columns, save, download")
        if real:
            window.touch(fold.locator("[name=real]"), leads=False)
            window.fill(fold.locator("#f-why"), "对账")
        window.press("Download CSV", within=fold)
        fetch = window.main().get_by_role("link", name=window.say("Fetch")).first
        expect(window.main().locator("a[data-open]")).to_have_count(1 + real, timeout=20_000)
        window.touches += 1
        with window.page.expect_download() as taken:
            fetch.click()
        text = taken.value.path().read_text("utf-8-sig")
        assert ("1381234" in text) == real, "a phone is masked unless it is asked for with a reason"
    window.shot("day-downloads")


def invite(window: Window, name: str) -> str:
    """Invite a clerk; return the link that the page shows this once."""
    window.set("Operators")
    form = window.main().locator("form[action='/settings/operators']")
    window.fill(form.locator("[name=name]"), name)
    form.locator("[name=role]").select_option("clerk")
    window.press("Make the invitation", within=form)
    link = window.main().locator("#f-link").input_value()
    assert re.search(r"/join/", link)
    return link


def join(day: Day, window: Window, link: str) -> None:
    """The clerk takes the invitation in a window of his own."""
    with day.window(window.watch) as other:
        begin(other, link)
        other.go("Orders")


def switch_off(window: Window, name: str) -> None:
    """Open the clerk's page, and switch him off."""
    window.set("Operators")
    window.follow("Open", within=window.main().locator("tr", has_text=name))
    window.press("Switch off", leads=False)
    window.confirm()


def be_attacked(day: Day, window: Window) -> None:
    """Somebody tries passwords at the manager's account: it shows on the open page; silenced, acknowledged, cleared."""
    window.go("Orders")
    window.page.evaluate("scrollBy(0, 120)")
    stood = window.page.locator("h1").evaluate(_TOP)
    with day.window(Watch()) as other:  # a refusal is an error of the stranger's browser alone
        for n in range(3):
            other.open("/sign-in")
            other.fill(other.page.locator("[name=name]"), MANAGER)
            other.touch(other.page.locator("main button.main").first)
            other.fill(other.page.locator("[name=password]"), f"{PASSWORD} {n}")
            other.touch(other.page.locator("main form[action='/sign-in/password'] button.main"))
    banner = window.page.locator("section.alarm")
    expect(window.page.locator("body")).to_have_attribute("data-alarm", "sound", timeout=15_000)
    moved = abs(window.page.locator("h1").evaluate(_TOP) - stood)
    assert moved < 2, "what is being looked at stays where it is"
    window.shot("day-alarm")
    window.press("Silence", within=banner, leads=False)
    expect(window.page.locator("body")).to_have_attribute("data-alarm", "light", timeout=10_000)
    window.follow("Open", within=banner)
    window.press("Acknowledge")
    menu = window.unfold("Clear the incident")
    window.fill(menu.locator("[name=note]"), "隔壁的人输错了")
    window.press("Clear: it is over", within=menu)
    expect(window.page.locator("body")).to_have_attribute("data-alarm", "")
    window.shot("day-incident")
    window.go("Alarm")


def prove(house: House, *, held: int, warned: int) -> dict[str, int]:
    """Hold what the day came to against the desk's own data."""
    by = f"actor_name = '{MANAGER}'"
    done = {
        "holds_closed": house.count(f"hold WHERE kind = 'manual' AND closed_by = '{MANAGER}'"),
        "acknowledged": house.count(f"acknowledgement WHERE {by}"),
        "held": house.count("hold WHERE closed_at_us IS NULL"),
        "files": house.count(f"download WHERE status = 'complete' AND {by}"),
        "real_files": house.count(f"download WHERE \"real\" = 1 AND reason = '对账' AND {by}"),
        "switched_off": house.count("operator WHERE name = 'chenwei' AND active = 0"),
        "incidents_cleared": house.count(
            f"incident WHERE silenced_name = '{MANAGER}' AND acknowledged_name = '{MANAGER}' AND cleared_name = '{MANAGER}'"
        ),
    }
    assert (done["holds_closed"], done["acknowledged"], done["held"]) == (held, warned, 0), done
    assert (done["files"], done["real_files"], done["switched_off"], done["incidents_cleared"]) == (
        2,
        1,
        1,
        1,
    ), done
    return done
