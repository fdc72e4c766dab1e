"""Making the demo merchant: his shop, his people, thirty days, and what waits for you today."""

from datetime import date, timedelta
from functools import partial

from tocsin.access.password import hash_password
from tocsin.alarm.notify import CONSUMER as TELLS
from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US, MINUTE_US, now_us, to_datetime
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import pass_all
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.demo.campaigns import (
    FLASH,
    FLASH_BACK,
    FLASH_HOUR,
    FLASH_TIMES,
    of_campaign,
    of_some_campaign,
    plan_campaigns,
)
from tocsin.demo.goods import right_draft
from tocsin.demo.orders import Rounds, bring, some_fate
from tocsin.demo.past import Past
from tocsin.demo.people import PEOPLE, hire
from tocsin.demo.rhythm import DAYS, ZONE, instants_of, seeded, spike
from tocsin.demo.sheets import plan_sheets
from tocsin.demo.shop import set_up
from tocsin.demo.story import Story
from tocsin.demo.today import plan_today
from tocsin.demo.watch import plan_watch
from tocsin.orders.outbound_message import CONSUMER as OUTBOUND
from tocsin.tickets.auto_print import CONSUMER as AUTO_PRINT
from tocsin.tickets.check import CONSUMER as CHECK
from tocsin.tickets.device import add_printer, get_printer

NAME, SHOP = "徽州好物（演示）", "HF"
TODAY_HOURS = 14
A_DAY = 24


def create_demo(
    db: Database, *, password: str, base_url: str = "", days: int = DAYS, a_day: int = A_DAY
) -> int:
    """Make the demo merchant with his people, his days and his orders; return his id.

    Args:
        password: of each of his operators, `demo-clerk` and the like; the owner is whoever opens the link.
        days: how many lie behind today.
        a_day: orders of a working day of those.
    """
    present_us = now_us()
    past = Past(db, now_us=present_us - (days + 1) * DAY_US)
    merchant_id = past.write(DIRECTORY_SCOPE, partial(create_merchant, name=NAME, demo=True))
    past.write(merchant_id, partial(create_shop, code=SHOP, name="合肥店", zone=ZONE))
    desk = desk_actor(merchant_id)
    add = partial(add_printer, actor=desk, name="PDF", kind="pdf_file", options={})
    printer_id = past.write(merchant_id, add)
    people = past.write(merchant_id, partial(hire, password_hash=hash_password(password)))
    device = past.read(merchant_id, partial(get_printer, printer_id=printer_id))
    story = Story(past, merchant_id, people=people, device=device, base_url=base_url)
    past.write(merchant_id, partial(set_up, people=people))
    past.write(merchant_id, partial(plan_campaigns, actor=people.manager, present_us=present_us))
    until_us = present_us - MINUTE_US
    since_us = until_us - TODAY_HOURS * 60 * MINUTE_US
    today = to_datetime(present_us, ZONE).date()
    _plan_days(story, today=today, until_us=since_us, days=days, a_day=a_day)
    plan_today(story, today=today, since_us=since_us, until_us=until_us)
    if days:
        plan_watch(story, today=today, days=days, until_us=until_us)
        plan_sheets(story, until_us=until_us)
    story.tell(until_us=until_us)
    db.write(DIRECTORY_SCOPE, _seen)
    return merchant_id


def say_people(password: str) -> str:
    """Return who may sign in to the demo, as it is told once where it is made."""
    names = ", ".join(f"demo-{name}" for name, _, _ in PEOPLE)
    return f"Sign in to the demo as {names}, each with the password {password}"


def _plan_days(story: Story, *, today: date, until_us: int, days: int, a_day: int) -> None:
    rounds = Rounds(story)
    for back in range(days, -1, -1) if days else ():
        day = today - timedelta(days=back)
        flash = spike(day, hour=FLASH_HOUR, many=FLASH_TIMES * a_day) if back == FLASH_BACK else []
        placed = [(at_us, False) for at_us in instants_of(day, many=a_day)] + [
            (at_us, True) for at_us in flash
        ]
        for place, (placed_us, flashed) in enumerate(sorted(placed)):
            if placed_us < until_us:
                chance = seeded("order", day, place)
                draft = right_draft(chance, f"DEMO-{day:%m%d}-{place + 1:03d}", placed_us=placed_us)
                draft = (
                    of_campaign(draft, FLASH, chance=chance)
                    if flashed
                    else of_some_campaign(draft, chance, today=today, first=place == 0)
                )
                bring(story, rounds, draft, chance=chance, fate=some_fate(day, place))


def _seen(tx: Tx) -> None:
    """Let what reads events begin after these: they were dealt with, or are long over."""
    for consumer in (CHECK, AUTO_PRINT, OUTBOUND, TELLS):
        pass_all(tx, consumer)
