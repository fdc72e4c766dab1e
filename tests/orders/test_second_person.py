"""The watch list: what is on it takes a second person at each verb that shows, prints or hands out; all of it is recorded."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.counter import Counter, open_counter
from tests.orders.test_download import make as make_download
from tocsin.access.operator import add_operator
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.evidence import next_signals
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.clock import DAY_US, MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.download import list_downloads
from tocsin.orders.draft import Party
from tocsin.orders.export import begin_export
from tocsin.orders.lookup import own_lookups
from tocsin.orders.query import look_up_order
from tocsin.orders.reveal import reveal_receiver
from tocsin.orders.screen import Filter
from tocsin.orders.second_person import (
    AskOver,
    AskWrong,
    AskYours,
    SecondPersonNeeded,
    answer_ask,
    ask_second_person,
    own_asks,
    waiting_asks,
)
from tocsin.orders.watch_list import (
    WatchMissing,
    WatchNeedsTwo,
    WatchWrong,
    add_watch,
    list_watches,
    remove_watch,
    watched_among,
    watched_orders,
)
from tocsin.orders.watched_file import pass_file
from tocsin.tickets.hold import hold_order, wake_due
from tocsin.tickets.job import jobs_of_order

HIM = {"name": "李四", "phone": "13987654321", "address": "长江路 7 号"}


def add_people(counter: Counter) -> None:
    """Let two be there who may confirm: an owner and a checker."""
    for role in ("owner", "checker"):
        counter.db.write(counter.house.merchant_id, partial(
            add_operator, name=f"{role} {counter.house.merchant_id}", display_name=role, role=role, password_hash="", locale="en", zone="UTC", created_by=0
        ))  # fmt: skip


def watch(counter: Counter, kind: str, value: str, **more: Any) -> int:
    return int(counter.do(add_watch, kind=kind, value=value, reason="纠纷", **more))


def confirm(counter: Counter, asker: Actor, number: str, act: str) -> None:
    """Ask, and let the second one confirm."""
    ask_id = counter.db.write(
        counter.house.merchant_id,
        partial(ask_second_person, actor=asker, number=number, act=act, reason="核对"),
    )
    second = counter.house.actor("checker", actor_id=77)
    counter.db.write(
        counter.house.merchant_id, partial(answer_ask, actor=second, ask_id=ask_id, approved=True)
    )


def test_orders_receivers_and_queries_are_watched(db: Database) -> None:
    with open_counter(db) as counter:
        one, his, dear = counter.take(), counter.take(external_id="E-2", receiver=Party(**HIM)), counter.take(external_id="E-3", price=999.0)  # fmt: skip
        ids = [one.order_id, his.order_id, dear.order_id]
        with pytest.raises(WatchNeedsTwo):
            watch(counter, "order", one.number)
        add_people(counter)
        among = lambda: [ids.index(found) for found in sorted(counter.ask(watched_among, order_ids=ids))]
        for kind, value, expected in (
            ("order", one.number, [0]), ("phone", "+86 139-8765-4321", [1]), ("query", "金额:>500", [2]),
            ("query", "李四", [1]), ("query", "支付:已支付", [0, 1, 2]), ("phone", "13000000000", []),
        ):  # fmt: skip
            watch_id = watch(counter, kind, value)
            assert among() == expected, value
            assert counter.ask(watched_orders) == {ids[place] for place in expected}, value
            counter.do(remove_watch, watch_id=watch_id)
            assert among() == []
        later = counter.take(external_id="E-9", receiver=Party(**HIM))
        watch(counter, "phone", HIM["phone"], until_us=_now(counter) + DAY_US)
        assert counter.ask(watched_among, order_ids=[later.order_id]), (
            "orders that come later are watched too"
        )
        assert [(row.shown, row.reason) for row in counter.ask(list_watches, actor=counter.actor)] == [("139****4321", "纠纷")]  # fmt: skip
        shift_clock(2 * DAY_US)
        assert among() == [] == counter.ask(list_watches, actor=counter.actor)
        for kind, value in (("phone", "123"), ("order", ""), ("shop", "x")):
            with pytest.raises(WatchWrong):
                watch(counter, kind, value)
        with pytest.raises(ProofNeeded):
            counter.do(remove_watch, watch_id=7)
        shift_clock(0)
        with pytest.raises(WatchMissing):
            counter.do(remove_watch, watch_id=7)
        with pytest.raises(NotAllowed):
            db.write(counter.house.merchant_id, partial(add_watch, actor=counter.house.actor("clerk"), kind="order", value=one.number, reason="x"))  # fmt: skip


def _now(counter: Counter) -> int:
    return int(counter.ask(lambda tx: tx.now_us))


def test_each_act_takes_a_second_person_and_each_try_is_recorded(db: Database) -> None:
    with open_counter(db) as counter:
        add_people(counter)
        order = counter.take()
        counter.check()
        watch(counter, "order", order.number)
        manager, other = (
            counter.house.actor("manager", actor_id=5),
            counter.house.actor("manager", actor_id=6),
        )
        acts = {
            "open": lambda who: look_up_order(db, who, number=order.number, door="page"),
            "reveal": lambda who: reveal_receiver(
                db, who, order_id=order.order_id, purpose="deliver", door="api"
            ),
        }
        for act, run in acts.items():
            with pytest.raises(SecondPersonNeeded):
                run(manager)
            seen = counter.ask(own_lookups, actor=manager, limit=1)[0]
            assert (seen.kind, seen.fields, seen.count) == ("barred", "", 1)
            assert (
                counter.ask(read_journal, subject=f"order:{order.order_id}")[0].verb == "orders.watched_tried"
            )
            confirm(counter, manager, order.number, act)
            assert run(manager)
            with pytest.raises(SecondPersonNeeded):
                run(other)
        assert look_up_order(db, manager, number=order.number, door="page"), (
            "what is confirmed for more may be opened"
        )
        assert [told.kind for told in counter.ask(next_signals, limit=9)] == ["watched_tried"], (
            "once an hour and order"
        )
        shift_clock(31 * MINUTE_US)
        with pytest.raises(SecondPersonNeeded):
            look_up_order(db, manager, number=order.number, door="page")


def test_printing_takes_a_second_person_also_by_a_hold_that_ends(db: Database) -> None:
    with open_counter(db) as counter:
        add_people(counter)
        order, free = counter.take(), counter.take(external_id="E-2", quantity=3)
        counter.check()
        watch(counter, "order", order.number)
        tried = counter.print(order.order_id)
        assert (tried.result, tried.refused, tried.job_ids) == ("error", "second_person_needed", ())
        assert counter.print(free.order_id).result == "queued"
        counter.do(
            hold_order, order_id=order.order_id, reason="x", kind="later", until_us=_now(counter) + MINUTE_US
        )
        shift_clock(2 * MINUTE_US)
        assert (
            wake_due(db, base_url="http://x") == 1
            and counter.ask(jobs_of_order, order_id=order.order_id) == []
        )
        confirm(counter, counter.actor, order.number, "print")
        asked = counter.print(order.order_id)
        assert [finding.code for finding in asked.findings] == ["buyer"], (
            "that he is watched is a warning too"
        )
        counter.acknowledge(order.order_id)
        assert counter.print(order.order_id).result == "queued"


def test_a_file_is_written_without_them_and_says_so(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        add_people(counter)
        order, _ = counter.take(), counter.take(external_id="E-2")
        before = make_download(counter.house, tmp_path)
        watch(counter, "order", order.number)
        with pytest.raises(SecondPersonNeeded):
            pass_file(db, counter.actor, download_id=before.id, door="page")
        found = make_download(counter.house, tmp_path)
        assert order.number not in Path(found.path).read_text("utf-8-sig") and found.rows == 1
        receipt = counter.ask(list_downloads, actor=counter.actor)[0]
        assert receipt.withheld == 1
        pass_file(db, counter.actor, download_id=found.id, door="page")
        begin = partial(begin_export, actor=counter.actor, wanted=Filter(), format_name="jsonl", real=False, reason="", columns=(), door="api")  # fmt: skip
        assert db.write(counter.house.merchant_id, begin).withheld == 1
        confirm(counter, counter.actor, order.number, "download")
        whole = make_download(counter.house, tmp_path)
        assert order.number in Path(whole.path).read_text("utf-8-sig")
        assert db.write(counter.house.merchant_id, begin).withheld == 0
        with pytest.raises(SecondPersonNeeded):  # confirmed for one, not for whoever may see his files
            pass_file(db, counter.house.actor("owner", actor_id=9), download_id=whole.id, door="page")


def test_who_may_confirm(db: Database) -> None:
    with open_counter(db) as counter:
        add_people(counter)
        order, merchant_id = counter.take(), counter.house.merchant_id
        watch(counter, "order", order.number)
        clerk = counter.house.actor("clerk", actor_id=5)
        ask = partial(ask_second_person, actor=clerk, number=order.number, act="open")
        ask_id = db.write(merchant_id, partial(ask, reason="查件"))
        assert db.write(merchant_id, partial(ask, reason="again")) == ask_id, "one that waits is the same"
        answer = partial(answer_ask, ask_id=ask_id, approved=False)
        stale = Actor(kind="operator", id=7, merchant_id=merchant_id, name="x", rights=counter.actor.rights)
        key = Actor(kind="api_key", id=7, merchant_id=merchant_id, name="k", rights=counter.actor.rights)
        him = Actor(kind="operator", id=5, merchant_id=merchant_id, name="x", rights=counter.actor.rights, proved_at_us=2**62)  # fmt: skip
        for who, refusal in ((clerk, NotAllowed), (key, NotAllowed), (stale, ProofNeeded), (him, AskYours)):
            with pytest.raises(refusal):
                db.write(merchant_id, partial(answer, actor=who))
        assert [one.id for one in counter.ask(waiting_asks, actor=counter.actor)] == [ask_id]
        assert counter.ask(waiting_asks, actor=clerk) == []
        counter.do(answer)
        assert [one.shown_state(0) for one in counter.ask(own_asks, actor=clerk)] == ["refused"]
        with pytest.raises(AskOver):
            counter.do(answer)
        with pytest.raises(SecondPersonNeeded):
            look_up_order(db, clerk, number=order.number, door="page")
        old = db.write(merchant_id, partial(ask, reason="later"))
        shift_clock(DAY_US + MINUTE_US)
        with pytest.raises(AskOver):
            db.write(
                merchant_id,
                partial(answer_ask, actor=counter.house.actor(actor_id=9), ask_id=old, approved=True),
            )
        for act, reason in (("copy", "x"), ("open", " ")):
            with pytest.raises(AskWrong):
                db.write(
                    merchant_id,
                    partial(ask_second_person, actor=clerk, number=order.number, act=act, reason=reason),
                )
