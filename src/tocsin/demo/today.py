"""Today: orders in every state that they can be in, so that each thing can be tried at once."""

from datetime import date
from functools import partial
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.demo.campaigns import of_some_campaign
from tocsin.demo.ends import ENDS, End
from tocsin.demo.goods import right_draft
from tocsin.demo.mends import Out
from tocsin.demo.rhythm import hour_of, seeded
from tocsin.demo.story import PRINTED, Story
from tocsin.demo.wrong import WRONG
from tocsin.orders.draft import Draft
from tocsin.orders.intake import take_in
from tocsin.tickets.check import check_order
from tocsin.tickets.terminal import print_few

WAITING = 10
_FATES = (*WRONG, *ENDS, *(["printed"] * 8))
ORDERS = len(_FATES) + WAITING + 2
"""How many are of today: a pair is alike."""


class Come(Struct, frozen=True, kw_only=True):
    """One of today's orders, and what is to become of it."""

    story: Story
    draft: Draft
    fate: str
    chance: Random


def plan_today(story: Story, *, today: date, since_us: int, until_us: int) -> None:
    """Spread today's orders over the hours before now."""
    mixed = [*_FATES]
    seeded("mixed").shuffle(mixed)
    fates = [*mixed, *([""] * WAITING), "twin", "twin"]
    step_us = (until_us - since_us) // (len(fates) + 1)
    for place, fate in enumerate(fates):
        chance, placed_us = seeded("today", fate, place), since_us + place * step_us
        draft = right_draft(chance, f"TODAY-{place + 1:03d}", placed_us=placed_us)
        if fate == "twin":
            draft = replace(right_draft(seeded("twin"), f"TODAY-{place + 1:03d}", placed_us=placed_us))
        elif fate in WRONG:
            draft = WRONG[fate](draft)
        elif fate != "conflict":
            draft = of_some_campaign(draft, chance, today=today)
        come = Come(story=story, draft=draft, fate=fate, chance=chance)
        story.at(placed_us + 4 * MINUTE_US, partial(_take, come=come))


def _take(tx: Tx, *, come: Come) -> None:
    story = come.story
    taken = take_in(tx, story.people.desk, come.draft)
    check_order(tx, story.people.desk, order_id=taken.order_id)
    if come.fate in WRONG or come.fate in ("", "twin"):
        return
    clerk = story.people.at_desk(hour_of(story.past.now_us))
    end = ENDS.get(come.fate, End())
    if end.first is not None:
        end.first(tx, story, taken.order_id)
    if not end.prints:
        return
    print_few(tx, clerk, orders=[(taken.order_id, taken.revision)], base_url=story.base_url)
    job_id = story.paper(tx, chance=come.chance, outcome=end.outcome or PRINTED)
    if end.then is not None and job_id is not None:
        end.then(tx, story, Out(order_id=taken.order_id, draft=come.draft, chance=come.chance, job_id=job_id))
