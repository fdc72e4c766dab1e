"""How the demo's people sign in and hand over, and the nights when somebody else tried."""

from datetime import date, timedelta
from functools import partial

from tocsin.access.attempt import tell_attempt
from tocsin.access.guess import Guess
from tocsin.access.login import tell_right
from tocsin.access.verification import sign_in_key
from tocsin.alarm.incident import acknowledge_incident, clear_incident
from tocsin.alarm.posture import change_posture, read_posture
from tocsin.alarm.record import open_incidents
from tocsin.alarm.watch import watch_signals
from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US, SECOND_US, day_bounds_us
from tocsin.core.db import Database, Tx
from tocsin.core.tenant import get_shop
from tocsin.demo.people import PEOPLE
from tocsin.demo.rhythm import ZONE, seeded
from tocsin.demo.story import Story
from tocsin.tickets.shift import begin_shift, offer_shift, take_over_shift
from tocsin.tickets.shift_state import running_shifts

_HOUR_US = 60 * MINUTE_US
_HERE, _ATTACKER = "192.168.1.23", "203.0.113.47"
_ATTACKS = (19, 9, 3)
_COMES = {"morning": 7.9, "manager": 8.9, "checker": 9.4, "evening": 14.8, "auditor": 10.2}


def plan_watch(story: Story, *, today: date, days: int, until_us: int) -> None:
    """Plan who comes and goes on each day, and what was tried at the door."""
    for back in range(days, -1, -1):
        day = today - timedelta(days=back)
        begins_us, chance = day_bounds_us(day, ZONE)[0], seeded("watch", day)
        for who, hour in _COMES.items():
            at_us = begins_us + round(hour * _HOUR_US) + chance.randint(0, 8) * MINUTE_US
            mistypes = chance.random() < 0.06
            if mistypes:
                story.at(at_us - 40 * SECOND_US, partial(_sign_in, story=story, who=who, outcome="wrong"))
            story.at(at_us, partial(_sign_in, story=story, who=who, outcome="right"))
            story.apart(at_us, watch_all)
        hand_over = partial(_hand_over, story=story)
        for hour, gives, takes in ((8.2, "evening", "morning"), (15.1, "morning", "evening")):
            story.at(begins_us + round(hour * _HOUR_US), partial(hand_over, gives=gives, takes=takes))
        if back in _ATTACKS and begins_us + 9 * _HOUR_US < until_us:
            _attack(story, begins_us + 2 * _HOUR_US + chance.randint(0, 50) * MINUTE_US)
        story.at(begins_us + 9 * _HOUR_US + 25 * MINUTE_US, partial(_clear, story=story))
    story.at(until_us - MINUTE_US, partial(_clear, story=story))


def watch_all(db: Database) -> None:
    """Let the alarm deal with each signal that was sent."""
    while watch_signals(db):
        pass


def _attack(story: Story, at_us: int) -> None:
    for place in range(14):
        story.at(
            at_us + place * 11 * SECOND_US,
            partial(_sign_in, story=story, who="manager", outcome="wrong", address=_ATTACKER),
        )
    story.apart(at_us + 3 * MINUTE_US, watch_all)


def _sign_in(tx: Tx, *, story: Story, who: str, outcome: str, address: str = _HERE) -> None:
    actor: Actor = getattr(story.people, who)
    name = "demo-" + next(name for name, shown, _ in PEOPLE if shown == actor.name)
    key = sign_in_key(name)
    guess = Guess(
        method="password", name_key=key, address=address, merchant_id=tx.merchant_id, operator_id=actor.id,
        name_digest=tx.vault.installation_digest("sign-in name", key),
    )  # fmt: skip
    tell_attempt(tx, guess, outcome=outcome, failures=int(outcome == "wrong"))
    if outcome == "right":
        tell_right(
            tx,
            operator_id=actor.id,
            name_digest=guess.name_digest,
            method="password",
            address=address,
            device="",
        )


def _clear(tx: Tx, *, story: Story) -> None:
    """Have the manager look at what is open, say what it was, and call it over."""
    manager = story.people.manager
    for one in open_incidents(tx):
        if one.acknowledged_at_us is None:
            acknowledge_incident(tx, manager, incident_id=one.id)
        clear_incident(tx, manager, incident_id=one.id, note="查过了：不是店里的人，密码没泄露")
    if read_posture(tx).state != "calm":
        change_posture(tx, manager, state="calm", reason="已查清，恢复平静")


def _hand_over(tx: Tx, *, story: Story, gives: str, takes: str) -> None:
    leaves: Actor = getattr(story.people, gives)
    comes: Actor = getattr(story.people, takes)
    running = [one for one in running_shifts(tx) if one.operator_id == leaves.id]
    if not running:
        if not running_shifts(tx):
            begin_shift(tx, comes, shop_id=get_shop(tx).id)
        return
    offer_shift(tx, leaves, shift_id=running[0].id, method="password", to_id=comes.id, note="缺纸一卷，已补")
    with story.past.at(tx, story.past.now_us + 2 * MINUTE_US):
        take_over_shift(tx, comes, shift_id=running[0].id, method="password")
