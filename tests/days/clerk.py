"""A clerk's day: every order looked up, some amended, screened, printed, and the wrong ones revised."""

import re

from playwright.sync_api import expect

from tests.days.day import Day
from tests.days.house import PASSWORD, RIGHT_PHONE, House, Taken
from tests.days.window import Window
from tests.proofs.running import wait_until

_PRINTED = "print_job WHERE state = 'printed'"
_SEEN = (
    "(SELECT DISTINCT order_id FROM lookup_order JOIN lookup ON lookup.id = lookup_id"
    " WHERE kind = 'detail' AND actor_name = 'xiaoli') AS seen"
)


def live_day(day: Day, window: Window) -> dict[str, int]:
    """Work through the orders; return how many of what."""
    house = House(day.desk, day.peer)
    wrong = max(1, day.orders // 5)
    house.take(wrong=wrong, good=day.orders - wrong)
    begin(window, house.invite("xiaoli", "clerk"))
    for n, one in enumerate(house.orders):
        look_up(window, one, n)
    good = house.of("good")
    amended = good[::3]
    for one in amended:
        amend(window, one)
    alone, together = good[: len(good) // 2], good[len(good) // 2 :]
    for one in alone:
        print_one(window, one)
    screen(window)
    for one in house.of("wrong"):
        revise(window, one)
    before = day.orders - len(together)
    assert wait_until(lambda: house.count(_PRINTED) == before, seconds=120)
    print_rest(window, len(together))
    day.peer.wait_papers(day.orders, 120)
    window.go("Terminal")
    window.shot("day-terminal")
    done = prove(house, amended=len(amended), wrong=wrong)
    house.close()
    return done


def begin(window: Window, link: str) -> None:
    """Take the invitation, and choose one's language."""
    window.open(link)
    window.write("Password", PASSWORD)
    window.fill(window.page.locator("[name=again]"), PASSWORD)
    window.press("Set the password")
    window.speak()


def look_up(window: Window, one: Taken, n: int) -> None:
    """Look an order up by its number at the shop, the end of its phone, or its receiver, and open it."""
    digits = re.sub(r"\D", "", one.phone)  # a wrong one has a letter
    window.ask((one.external_id, digits[-4:], one.name, one.number)[n % 4])
    if window.path() == "/orders":
        row = window.main().locator("table.list tr", has_text=one.number)
        expect(row).to_have_count(1)
        if n == 0:
            window.shot("day-orders")
        window.touch(row.get_by_role("link", name=one.number))
    expect(window.page.get_by_role("heading", level=1)).to_have_text(one.number)
    if n == 0:
        window.shot("day-order")


def amend(window: Window, one: Taken) -> None:
    """Add a note for the packers, with a reason."""
    window.ask(one.external_id)
    window.touch(window.main().get_by_role("link", name=one.number))
    window.follow("Amend")
    window.fill(window.page.locator("[name=merchant_note]"), "轻放")
    window.write("Reason", "the customer called", within=window.page.locator("#amending"))
    window.press("Amend", within=window.page.locator("#amending"))
    assert window.path() == f"/orders/{one.number}"


def print_one(window: Window, one: Taken) -> None:
    """Print an order from its own page."""
    window.ask(one.external_id)
    window.touch(window.main().get_by_role("link", name=one.number))
    menu = window.unfold("Print")
    window.press("前台", within=menu)


def screen(window: Window) -> None:
    """Ask for what is printed, keep the question as a screen, and open it by its name."""
    window.ask("state:printed")
    window.unfold("Columns, save, download")
    window.write("Name of the screen", "今天已打")
    window.press("Save screen")
    window.go("Screens")
    window.follow("今天已打")
    window.shot("day-screen")


def revise(window: Window, one: Taken) -> None:
    """Go to what is held, mend the phone, and print."""
    window.go("Held")
    window.shot("day-held")
    row = window.main().locator("tr", has_text=one.number)
    window.follow("Revise", within=row)
    window.fill(window.page.locator("[name='receiver.phone']"), RIGHT_PHONE)
    window.shot("day-revise")
    window.touch(window.page.locator("#revising [data-fill*=reason]").first, leads=False)
    window.press("Revise and print")
    assert window.path() == f"/orders/{one.number}"


def print_rest(window: Window, count: int) -> None:
    """Screen what no paper came of yet, and print it: the chosen rows, on a phone the whole screen."""
    window.ask("state:produced")
    if window.surface.phone:
        fold = window.unfold("Columns, save, download")
        window.touch(fold.locator("button[name=print]").first, leads=False)
        window.confirm()
        return
    window.touch(window.main().locator("[data-bulk-all]"), leads=False)
    expect(window.main().locator("input.tick:checked")).to_have_count(count)
    window.touch(window.main().locator("button[formaction$='/prints']").locator("visible=true").first)


def prove(house: House, *, amended: int, wrong: int) -> dict[str, int]:
    """Hold what the day came to against the desk's own data."""
    orders = len(house.orders)
    wait_until(lambda: house.count(_PRINTED) == orders and house.count(_SEEN) == orders, seconds=30)
    done = {
        "looked_up": house.count(_SEEN),
        "amended": house.count("order_revision WHERE reason = 'the customer called' AND revision = 2"),
        "revised": house.count("order_revision WHERE actor_name = 'xiaoli' AND reason <> 'the customer called' AND revision > 1"),
        "printed": house.count(_PRINTED),
        "papers": len(house.peer.papers()),
        "screens": house.count("screen WHERE name = '今天已打'"),
        "held": house.count("hold WHERE closed_at_us IS NULL"),
    }  # fmt: skip
    assert done["looked_up"] == orders, done
    assert (done["amended"], done["revised"], done["held"]) == (amended, wrong, 0), done
    assert (done["printed"], done["papers"], done["screens"]) == (orders, orders, 1), done
    return done
