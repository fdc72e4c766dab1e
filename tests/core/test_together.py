"""Changes that come at once share a commit, each is answered when it is durable, and nobody pays for another's fault."""

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from tests.house import make_house
from tocsin.core.db import Database, Tx
from tocsin.core.errors import DatabaseAway, OutcomeUnknown
from tocsin.core.journal import read_journal, write_journal
from tocsin.core.together import Together, commit_each


class Store:
    """Commits by calling, one group at a time, and remembers the groups."""

    def __init__(self) -> None:
        self.groups, self.held = list[int](), threading.Event()
        self.together = Together(self._commit)

    def _commit(self, verbs: Sequence[Any]) -> list[Any]:
        self.groups.append(len(verbs))
        self.held.wait(10)
        return [verb() for verb in verbs]

    def run(self, *verbs: Any) -> list[Any]:
        """Let the first one lead, the others come meanwhile; return results or faults."""
        found: list[Any] = [None] * len(verbs)

        def ask(place: int) -> None:
            try:
                found[place] = self.together.run(verbs[place])
            except Exception as fault:
                found[place] = fault

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(verbs))]
        threads[0].start()
        while not self.groups:
            time.sleep(0.001)
        for thread in threads[1:]:
            thread.start()
        while len(self.together._waiting) < len(verbs) - 1:
            time.sleep(0.001)
        self.held.set()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive(), "somebody waits for ever"
        return found


def test_what_comes_meanwhile_is_committed_together() -> None:
    store = Store()
    assert store.run(*[partial(int, n) for n in range(9)]) == list(range(9))
    assert store.groups == [1, 8]


def test_nobody_pays_for_anothers_fault() -> None:
    def fail() -> None:
        raise ValueError("no")

    store = Store()
    found = store.run(int, partial(int, 1), fail, partial(int, 2))
    assert [found[0], found[1], found[3]] == [0, 1, 2] and isinstance(found[2], ValueError)
    assert store.groups == [1, 3, 1, 1, 1]


def test_what_may_have_been_made_is_not_made_again() -> None:
    store = Store()

    def lose() -> int:
        raise OutcomeUnknown

    first, *others = store.run(partial(int, 1), lose, partial(int, 2), partial(int, 3))
    assert first == 1 and [type(one) for one in others] == [OutcomeUnknown] * 3
    assert store.groups == [1, 3], "nobody tried again alone"


def test_once_the_database_is_away_nobody_else_waits_for_it() -> None:
    tried = list[int]()

    def commit(verbs: Sequence[int]) -> list[int]:
        tried.append(len(verbs))
        if len(verbs) > 1:
            raise ValueError("whose?")
        if verbs[0] == 1:
            raise OutcomeUnknown
        return list(verbs)

    told = commit_each(commit, [0, 1, 2, 3])
    assert told[0].result == 0 and isinstance(told[1].fault, OutcomeUnknown) and tried == [4, 1, 1]
    assert [type(one.fault) for one in told[2:]] == [DatabaseAway] * 2, "these were certainly not made"


def test_the_first_one_hears_its_own_fault() -> None:
    def fail() -> None:
        raise ValueError("no")

    store = Store()
    store.held.set()
    with pytest.raises(ValueError, match="no"):
        store.together.run(fail)
    assert store.together.run(int) == 0 and store.groups == [1, 1]


def test_changes_at_once_are_all_there_and_all_durable(db: Database) -> None:
    house = make_house(db)
    actor, made = house.actor(), list[int]()

    def note(tx: Tx, n: int) -> int:
        write_journal(tx, actor, verb="test.note", subject=f"note:{n}")
        return n

    def ask(n: int) -> None:
        made.append(db.write_together(house.merchant_id, partial(note, n=n)))
        assert db.read(house.merchant_id, partial(read_journal, subject=f"note:{n}")), (
            "it is durable when it is answered"
        )

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == list(range(24))
    assert len([one for one in db.read(house.merchant_id, read_journal) if one.verb == "test.note"]) == 24


def test_one_that_the_database_refuses_fails_alone(db: Database) -> None:
    house = make_house(db)
    actor = house.actor()

    def refused(tx: Tx) -> None:
        write_journal(tx, actor, verb=None, subject="x")  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"(?i)null"):
        db.write_together(house.merchant_id, refused)
    db.write_together(house.merchant_id, partial(write_journal, actor=actor, verb="test.after", subject="y"))
    assert [one.verb for one in db.read(house.merchant_id, partial(read_journal, subject="y"))] == [
        "test.after"
    ]
