"""Usage: how much somebody looks up, opens and downloads, by the hour, beside what is usual for him.

Who does far more than his own fortnight is told to the alarm, once an hour. Before two weeks of
watching nothing is judged: a new clerk has no usual yet.
"""

from collections import defaultdict
from statistics import median

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.rule import RULES, Facts
from tocsin.alarm.rules import read_alarm_rules
from tocsin.alarm.signal import Kind, Signal, send_signal
from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.schema import big, merchant_table, text
from tocsin.core.statement import Statement, bind, own, upsert

HOUR_US = 60 * MINUTE_US
KEPT_DAYS = 30

# `who` is like operator:7 or api_key:9; `told` is 1 where that hour was told to the alarm.
usage = merchant_table(
    "usage",
    text("who"),
    text("kind"),
    big("hour_us"),
    big("amount"),
    big("told"),
    key=("who", "kind", "hour_us"),
)


class Hour(Struct, frozen=True):
    """What somebody did within one hour."""

    hour_us: int
    amount: int
    told: int


_of = sa.and_(own(usage), usage.c.who == bind("who", str), usage.c.kind == bind("kind", str))
_adding = upsert(usage)
_COUNT = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "who", "kind", "hour_us"],
        set_={"amount": usage.c.amount + _adding.excluded.amount},
    ),
    sets=("merchant_id", "who", "kind", "hour_us", "amount", "told"),
)
_HOURS = Statement(
    sa.select(usage.c.hour_us, usage.c.amount, usage.c.told).where(_of, usage.c.hour_us >= bind("since"))
    .order_by(usage.c.hour_us),
    Hour,
)  # fmt: skip
_TOLD = Statement[None](sa.update(usage).where(_of, usage.c.hour_us == bind("b_hour")), sets=("told",))
_FORGET = Statement[None](sa.delete(usage).where(_of, usage.c.hour_us < bind("before")))


def count_usage(tx: Tx, *, kind: Kind, actor_kind: str, actor_id: int, amount: int) -> bool:
    """Count what somebody did; tell the alarm where it is far beyond what is usual for him.

    Args:
        kind: lookups_many, reveals_many or download_large.
        amount: orders looked up, texts opened, orders in a file.

    Returns:
        Whether the alarm was told now.
    """
    who, hour = f"{actor_kind}:{actor_id}", tx.now_us - tx.now_us % HOUR_US
    tx.run(_COUNT, who=who, kind=kind, hour_us=hour, amount=amount, told=0)
    hours = tx.rows(_HOURS, who=who, kind=kind, since=hour - KEPT_DAYS * DAY_US)
    if hours[-1].amount == amount:  # an hour begins: once is often enough to forget what is old
        tx.run(_FORGET, who=who, kind=kind, before=hour - KEPT_DAYS * DAY_US)
    setting = read_alarm_rules(tx).setting(kind)
    if setting.level == "off" or hours[-1].told:
        return False
    facts = judge_hours(kind, hours, now_us=tx.now_us, minutes=setting.minutes)
    if RULES[kind].judge(facts, setting) is None:
        return False
    tx.run(_TOLD, who=who, kind=kind, b_hour=hour, told=1)
    send_signal(tx, Signal(
        kind=kind, operator_id=actor_id if actor_kind == "operator" else 0, subject=who, method="session",
        data={"count": facts.count, "usual": facts.usual, "days": facts.watched_days},
    ))  # fmt: skip
    return True


def used_this_hour(tx: Tx, *, kind: Kind, actor_kind: str, actor_id: int) -> int:
    """Return how much somebody did in the clock hour that runs."""
    hour = tx.now_us - tx.now_us % HOUR_US
    hours = tx.rows(_HOURS, who=f"{actor_kind}:{actor_id}", kind=kind, since=hour)
    return sum(one.amount for one in hours)


def judge_hours(kind: str, hours: list[Hour], *, now_us: int, minutes: int) -> Facts:
    """Return what was done within the last minutes, and what is usual: the middle one of the days' busiest hours.

    For windows of a day it is the middle one of the days' sums. A window counts whole hours.
    """
    window_us = max(HOUR_US, minutes * MINUTE_US)
    begins = now_us - now_us % HOUR_US - window_us + HOUR_US
    count = sum(hour.amount for hour in hours if hour.hour_us >= begins)
    days: dict[int, list[int]] = defaultdict(list)
    for hour in hours:
        if hour.hour_us < begins:
            days[hour.hour_us // DAY_US].append(hour.amount)
    most = [sum(day) if window_us > DAY_US // 2 else max(day) for day in days.values()]
    watched = (now_us - hours[0].hour_us) // DAY_US if hours else 0
    return Facts(kind=kind, count=count, usual=round(median(most)) if most else 0, watched_days=int(watched))
