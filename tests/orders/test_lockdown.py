"""Lockdown: full texts and files are frozen, changes ask for a proof, and paper still comes out."""

from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.posture import DeskLockedDown, change_posture
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.queue import queue_for
from tocsin.orders.amend import Amendment, amend_order, cancel_order
from tocsin.orders.download import fetch_download, start_download
from tocsin.orders.lookup import own_lookups
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.reveal import reveal_receiver
from tocsin.orders.screen import Filter


def lock(counter: Counter, state: str = "lockdown") -> None:
    counter.do(change_posture, state=state, reason="有人在猜密码")


def test_full_texts_are_frozen_and_who_tried_is_recorded(db: Database) -> None:
    with open_counter(db) as counter:
        taken, owner = counter.take(), counter.actor
        reveal = partial(reveal_receiver, db, owner, order_id=taken.order_id, purpose="deliver", door="web")
        assert reveal().receiver is not None
        lock(counter)
        with pytest.raises(DeskLockedDown):
            reveal()
        assert counter.ask(own_lookups, actor=owner)[0].kind == "denied"
        assert counter.ask(read_journal, subject=f"order:{taken.order_id}")[0].verb == "orders.denied"
        assert look_up_order(db, owner, number=taken.number, door="web").number == taken.number, (
            "masked work goes on"
        )
        assert search_orders(db, owner, text="5678", door="web").rows
        lock(counter, "calm")
        assert reveal().receiver is not None


def test_files_are_frozen_to_be_asked_for_and_to_be_fetched(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        counter.take()
        ask = partial(start_download, queue=queue_for(db), wanted=Filter(), folder=tmp_path)
        download_id = counter.do(ask)
        lock(counter)
        with pytest.raises(DeskLockedDown):
            counter.do(ask)
        with pytest.raises(DeskLockedDown):
            counter.do(fetch_download, download_id=download_id, door="page")


def test_changes_ask_for_a_fresh_proof_and_printing_does_not(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        fresh = counter.house.actor()
        stale = replace(fresh, proved_at_us=0)
        amend = partial(
            amend_order, order_id=taken.order_id, amendment=Amendment(carrier="顺丰"), reason="客户要求"
        )
        write = partial(db.write, counter.house.merchant_id)
        assert write(lambda tx: amend(tx, stale, seen=1)).revision == 2
        lock(counter)
        with pytest.raises(ProofNeeded):
            write(lambda tx: amend(tx, stale, seen=2))
        with pytest.raises(ProofNeeded):
            write(lambda tx: cancel_order(tx, stale, order_id=taken.order_id, reason="客户取消"))
        changed = replace(fresh, name="x")
        again = partial(
            amend_order, order_id=taken.order_id, amendment=Amendment(carrier="中通"), reason="客户要求"
        )
        assert write(lambda tx: again(tx, changed, seen=2)).revision == 3
        later = counter.take(external_id="E-2", quantity=5)
        assert counter.print(later.order_id).job_ids, "orders come in, and their paper comes out"
