"""Who comes first of two: a claim, and what is told of its order at the same time."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from tests.counter import open_counter
from tests.tickets.test_claim import claim
from tocsin.core.db import Database, Tx
from tocsin.orders.amend import cancel_order
from tocsin.orders.draft import Order
from tocsin.tickets import check
from tocsin.tickets.hold import hold_order
from tocsin.tickets.rule import CheckContext, Finding, run_checks


@pytest.mark.parametrize("news", ["held", "cancelled"])
def test_what_comes_while_a_job_is_claimed_waits_for_the_claim(
    db: Database, news: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the head's lock the news would be stored first, and the paper leave after it all the same."""
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        counter.print(order_id)
        judged, go_on, stored = threading.Event(), threading.Event(), []

        def judge_slowly(order: Order, context: CheckContext) -> tuple[Finding, ...]:
            judged.set()
            go_on.wait(10)
            return run_checks(order, context)

        monkeypatch.setattr(
            check, "run_checks", judge_slowly
        )  # its order is read, its verdict not yet written
        verb = {
            "held": partial(hold_order, order_id=order_id, reason="等客户"),
            "cancelled": partial(cancel_order, order_id=order_id, reason="客户取消"),
        }[news]

        def run(name: str, act: Callable[[], object]) -> threading.Thread:
            thread = threading.Thread(target=lambda: stored.append((name, act() is not None)))
            thread.start()
            return thread

        claiming = run("claim", lambda: claim(counter))
        assert judged.wait(10)
        telling = run("news", lambda: counter.do(verb) or True)
        telling.join(0.7)  # free to commit, it would have by now
        early = list(stored)
        go_on.set()
        claiming.join()
        telling.join()
        assert early == [] and sorted(stored) == [("claim", True), ("news", True)]


def test_a_claim_waits_for_the_hold_that_is_being_opened(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        job = counter.print(order_id).job_ids[0]
        opened, commit, claimed = threading.Event(), threading.Event(), []

        def hold_slowly(tx: Tx) -> None:
            hold_order(tx, counter.actor, order_id=order_id, reason="等客户")
            opened.set()
            commit.wait(10)

        holding = threading.Thread(target=lambda: db.write(counter.house.merchant_id, hold_slowly))
        holding.start()
        assert opened.wait(10)
        claiming = threading.Thread(target=lambda: claimed.append(claim(counter)))
        claiming.start()
        claiming.join(0.3)
        assert claimed == []
        commit.set()
        holding.join()
        claiming.join()
        assert claimed == [None] and counter.job(job).state == "queued"
