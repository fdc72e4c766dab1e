"""Short calls on one thread: their changes share a transaction, and what becomes of one is told to it alone."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.house import House, make_draft, make_house
from tocsin.core.db import Database, Tx
from tocsin.core.errors import OutcomeUnknown, Refusal
from tocsin.core.gather import Gatherer, Outcome, is_gathered, step_aside
from tocsin.core.journal import read_journal, write_journal
from tocsin.core.tenant import create_shop
from tocsin.orders.intake import take_in


class Wrong(Refusal):
    """It is wrong: mend it"""

    kind, code = "invalid", "wrong"


def carry(*calls: Callable[[], Any]) -> list[Any]:
    """Carry calls on a thread of their own; return what each returned or raised."""
    found: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        try:
            found[place] = calls[place]()
        except Exception as fault:
            found[place] = fault

    def gather() -> None:
        gatherer = Gatherer()
        for place in range(len(calls)):
            gatherer.carry(partial(run, place))
        for _ in gatherer.settle():
            pass

    thread = threading.Thread(target=gather)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "one waits for ever"
    return found


def test_a_change_after_another_is_gathered_again_and_a_failing_commit_is_everybody_s() -> None:
    groups = list[list[int]]()

    def commit(scope: str, changes: Sequence[int]) -> list[Outcome]:
        groups.append(list(changes))
        if scope == "lost":
            raise OutcomeUnknown
        return [Outcome(fault=Wrong()) if change == 2 else Outcome(change) for change in changes]

    def twice(n: int) -> int:
        return int(step_aside(commit, "kept", n)) + int(step_aside(commit, "kept", n * 10))

    found = carry(
        partial(twice, 1), partial(twice, 2), partial(twice, 3), partial(step_aside, commit, "lost", 4)
    )
    assert (
        (found[0], found[2]) == (11, 33)
        and isinstance(found[1], Wrong)
        and isinstance(found[3], OutcomeUnknown)
    )
    assert groups == [[1, 2, 3], [4], [10, 30]]


def test_nobody_steps_aside_where_nobody_gathers() -> None:
    assert not is_gathered() and carry(is_gathered) == [True]


def noted(house: House, db: Database) -> list[str]:
    return sorted(one.subject for one in db.read(house.merchant_id, read_journal) if one.verb == "test.note")


def note(tx: Tx, house: House, n: int, seen: list[int], done: list[int]) -> int:
    seen.append(id(tx) if tx.dialect == "postgresql" else 0)
    write_journal(tx, house.actor(), verb="test.note", subject=f"note:{n}")
    tx.after_commit(lambda: done.append(n))
    if n == 5:
        raise Wrong
    return n


@pytest.mark.parametrize("adds", [False, True])
def test_changes_share_a_transaction_and_a_refused_one_leaves_nothing(db: Database, adds: bool) -> None:
    house, done, seen = make_house(db), list[int](), list[int]()
    together = db.write_together

    def ask(n: int) -> int:
        return together(house.merchant_id, partial(note, house=house, n=n, seen=seen, done=done), adds=adds)

    found = carry(*(partial(ask, n) for n in range(5)))
    assert found == list(range(5)) and len(set(seen)) == 1, "on PostgreSQL all were in one transaction"
    found = carry(*(partial(ask, n) for n in range(3, 8)))
    assert [one if isinstance(one, int) else type(one) for one in found] == [3, 4, Wrong, 6, 7]
    assert noted(house, db) == sorted(f"note:{n}" for n in (0, 1, 2, 3, 4, 3, 4, 6, 7))
    assert sorted(done) == [0, 1, 2, 3, 3, 4, 4, 6, 7]
    if not adds:
        assert len(seen) == 10, "nobody's change is made again for another that was refused"


@pytest.mark.parametrize("steps", [1, 3])
def test_what_keeps_one_scope_keeps_no_other_however_often_it_steps_aside(steps: int) -> None:
    free = threading.Event()

    def commit(scope: str, changes: Sequence[int]) -> list[Outcome]:
        if scope == "kept":
            assert free.wait(10), "the other one waits for it"
        return [Outcome(change) for change in changes]

    def other() -> int:
        found = [int(step_aside(commit, "free", n)) for n in range(2, 2 + steps)]
        free.set()
        return found[-1]

    assert carry(partial(step_aside, commit, "kept", 1), other) == [1, 1 + steps]


def test_groups_that_count_in_two_shops_do_not_stand_in_each_other_s_way(db: Database) -> None:
    house = make_house(db)
    db.write(house.merchant_id, partial(create_shop, code="S2", name="二店", zone="Asia/Shanghai"))
    held = threading.Barrier(2, timeout=30)

    def take(tx: Tx, code: str, name: str) -> str:
        tried.append(name)
        found = take_in(tx, house.actor(), make_draft(external_id=name, shop=code, channel="api"))
        if name.endswith("first"):
            with suppress(threading.BrokenBarrierError):
                held.wait(0.5)  # each has counted in its first shop before it counts in the second
        return found.number

    def ask(*orders: tuple[str, str]) -> None:
        told.extend(carry(*(
            partial(db.write_together, house.merchant_id, partial(take, code=code, name=name)) for code, name in orders
        )))  # fmt: skip

    told, tried = list[str](), list[str]()
    for code in (house.shop.code, "S2"):  # the first of a day makes the counter
        db.write(house.merchant_id, partial(take, code=code, name=f"before {code}"))
    tried.clear()
    threads = [
        threading.Thread(target=ask, args=((house.shop.code, "a first"), ("S2", "a"))),
        threading.Thread(target=ask, args=(("S2", "b first"), (house.shop.code, "b"))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(told)) == 4 and all(isinstance(number, str) for number in told), told
    assert len(tried) == 4, "a deadlock had them made again"
