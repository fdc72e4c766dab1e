"""Who edits an order: shown to others, taken over with a word, gone by itself, never a lock."""

import pytest

from tests.counter import open_counter
from tocsin.core import clock
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.editing import (
    LIFE_SECONDS,
    begin_editing,
    end_editing,
    keep_editing,
    take_over,
    who_edits,
)


def test_who_edits_is_shown_taken_over_and_gone_by_itself(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        li = counter.house.actor("clerk", actor_id=7)
        wang = counter.house.actor("manager", actor_id=8)

        def do(verb, who, **given):  # type: ignore[no-untyped-def]
            return db.write(li.merchant_id, lambda tx: verb(tx, who, order_id=order_id, **given))

        def present():  # type: ignore[no-untyped-def]
            return counter.ask(who_edits, order_id=order_id)

        first, mine = do(begin_editing, li)
        assert mine and present() == first and first.name == "clerk"
        seen, mine = do(begin_editing, wang)
        assert not mine and seen == first, "who opens it second is told, and may work all the same"
        assert do(keep_editing, li, token=first.token).token == first.token
        taken = do(take_over, wang)
        assert (taken.name, taken.taken_from) == ("manager", "clerk")
        assert do(keep_editing, li, token=first.token).token == taken.token, "his form learns of it"
        (told,) = [e for e in counter.ask(read_journal, subject=f"order:{order_id}") if "over" in e.verb]
        assert told.fields() == {"from": "clerk"}
        do(end_editing, li)
        assert present() == taken, "only who edits ends it"
        counter.amend(order_id, 1)  # never a lock
        clock.shift_clock((LIFE_SECONDS + 1) * 1_000_000)
        assert present() is None
        again, mine = do(begin_editing, li)
        assert mine and do(keep_editing, wang, token=taken.token).token == again.token
        do(end_editing, li)
        assert present() is None
        assert do(keep_editing, li, token=again.token).name == "clerk", "a form that slept comes back"
        with pytest.raises(NotAllowed):
            do(take_over, counter.house.actor("auditor"))
