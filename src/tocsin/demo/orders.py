"""How an order of the demo goes: it comes in, is printed in a round, and where something is wrong somebody mends it."""

from collections.abc import Callable
from functools import partial
from random import Random

from msgspec.structs import replace

from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import Tx
from tocsin.demo.goods import soon_after
from tocsin.demo.mends import AFTERWARDS, After, Out
from tocsin.demo.rhythm import hour_of, open_at, seeded
from tocsin.demo.story import AWAY, BROKEN_OFF, PRINTED, Story
from tocsin.orders.draft import Draft
from tocsin.orders.intake import take_in
from tocsin.tickets.check import check_order
from tocsin.tickets.terminal import FEW_ORDERS, print_few


class Rounds:
    """Printing as it is done: what has come meanwhile goes out together, in the hours of the shop."""

    def __init__(self, story: Story) -> None:
        self._story, self._waiting, self._due = story, list[tuple[Out, str]](), False

    def take(self, tx: Tx, *, draft: Draft, chance: Random, fate: str = "") -> None:
        """Bring an order in; the next round prints it, or holds it."""
        story = self._story
        taken = take_in(tx, story.people.desk, draft)
        if fate:
            check_order(tx, story.people.desk, order_id=taken.order_id)
        self._waiting.append((Out(order_id=taken.order_id, draft=draft, chance=chance), fate))
        if not self._due:
            self._due = True
            at_us = open_at(story.past.now_us + chance.randint(15, 420) * SECOND_US)
            story.at(at_us, self._round)

    def _round(self, tx: Tx) -> None:
        self._due, waiting = False, self._waiting
        self._waiting = []
        for place in range(0, len(waiting), FEW_ORDERS):
            self._few(tx, waiting[place : place + FEW_ORDERS])

    def _few(self, tx: Tx, some: list[tuple[Out, str]]) -> None:
        story, fates = self._story, {out.order_id: (out, fate) for out, fate in some}
        clerk = story.people.at_desk(hour_of(story.past.now_us))
        orders = [(order_id, 1) for order_id in fates]
        for result in print_few(tx, clerk, orders=orders, base_url=story.base_url).results:
            out, fate = fates[result.order_id]
            outcome = {"unknown": BROKEN_OFF, "failed": AWAY}.get(fate, PRINTED)
            if result.result == "queued":
                out = replace(out, job_id=story.paper(tx, chance=out.chance, outcome=outcome) or 0)
            if after := AFTERWARDS.get(fate):
                at_us = open_at(story.past.now_us + out.chance.randint(4, 50) * MINUTE_US)
                story.at(at_us, partial(_mend, after=after, story=story, out=out))


def _mend(tx: Tx, *, after: After, story: Story, out: Out) -> None:
    after(tx, story, out)


def bring(story: Story, rounds: Rounds, draft: Draft, *, chance: Random, fate: str = "") -> None:
    """Have an order come in when its news reaches the desk, and go as its fate is."""
    spoil = SPOILED.get(fate)
    spoilt = spoil(draft) if spoil else draft
    story.at(soon_after(draft, chance), partial(rounds.take, draft=spoilt, chance=chance, fate=fate))


def some_fate(*parts: object) -> str:
    """Return how one of the many orders goes: most go right."""
    roll = seeded("fate", *parts).random()
    for share, fate in _FATES:
        roll -= share
        if roll < 0:
            return fate
    return ""


def _wrong_sum(draft: Draft) -> Draft:
    wrong = (draft.totals.payable_minor or 0) - 1000
    return replace(draft, totals=replace(draft.totals, payable_minor=wrong, paid_minor=wrong))


def _short_phone(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, phone=draft.receiver.phone[:-1]))


def _noted(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, buyer_note="请放门口，谢谢"))


def _no_number(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, address="村口小卖部旁边"))


def _elsewhere(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, city="苏州市"))


SPOILED: dict[str, Callable[[Draft], Draft]] = {
    "sum": _wrong_sum, "phone": _short_phone, "note": _noted, "street": _no_number, "city": _elsewhere,
}  # fmt: skip
_FATES = (
    (0.025, "sum"), (0.02, "phone"), (0.045, "note"), (0.02, "street"), (0.015, "city"), (0.012, "unknown"),
    (0.015, "failed"), (0.004, "cancelled"), (0.004, "refunded"), (0.01, "amended"),
)  # fmt: skip
