"""One person exported and erased: what tells of him is gone from every place, and from the bytes of the files."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from tests.counter import Counter, open_counter
from tests.orders.planted import HIM, erase, plant
from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.journal import read_journal
from tocsin.core.preference import change_preference
from tocsin.core.statement import Statement
from tocsin.orders.amend import Amendment, PartyChanges
from tocsin.orders.erase import ErasureUnconfirmed, KeptByLaw, erase_person, get_erasure
from tocsin.orders.legal import hold_by_law, lift_by_law
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.person import PersonMissing, PrivacyRules, export_person, find_people
from tocsin.orders.quarantine import list_quarantine
from tocsin.orders.query import search_orders
from tocsin.orders.undo import ReceiverErased, undo_amendment
from tocsin.tickets.job import JobMissing, jobs_of_order, read_content


def find(counter: Counter, **asked: Any) -> Any:
    return counter.ask(find_people, actor=counter.actor, **asked)


def test_a_person_is_found_by_phone_name_or_order_and_exported_whole(db: Database) -> None:
    with open_counter(db) as counter:
        mine, other = counter.take(receiver=HIM), counter.take(external_id="2")
        (found,) = find(counter, phone="+86 " + HIM.phone)
        assert found == find(counter, phone=HIM.phone, name=HIM.name)[0]
        assert [each.id for each in find(counter, order=mine.number)] == [found.id]
        for asked in ({"phone": HIM.phone, "name": "李四"}, {"phone": "13000000000"}):
            with pytest.raises(PersonMissing):
                find(counter, **asked)
        # Who received it after him is somebody else: of the order only his own revisions are his.
        counter.amend(mine.order_id, 1, Amendment(receiver=PartyChanges(name="赵六", phone="13755550000")))
        told = msgspec.json.decode(
            counter.do(export_person, found=find(counter, phone=HIM.phone)[0], door="page", purpose="request")
        )
        (order,) = told["orders"]
        assert order["number"] == mine.number and [each["revision"] for each in order["revisions"]] == [1]
        assert order["revisions"][0]["receiver"]["address"] == HIM.address
        assert [each["kind"] for each in order["looked_up"]] == []
        again = msgspec.json.decode(counter.do(export_person, found=found, door="page", purpose="request"))
        assert [each["purpose"] for each in again["orders"][0]["looked_up"]] == ["request"]
        assert len(find(counter, order=mine.number)) == 2 and other.number not in str(told)


def test_what_tells_of_an_erased_person_is_gone_and_amounts_stay(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        planted = plant(counter, tmp_path)
        other = counter.take(external_id="of another")
        before = counter.order(planted.order_id, real=True)
        (paper,) = (tmp_path / "papers").glob("*.pdf")
        erasure_id = erase(counter)
        done = counter.ask(get_erasure, erasure_id=erasure_id)
        assert done.state == "done" and min(done.counts().values()) >= 1, done.found
        for revision in (1, 2):
            after = counter.order(planted.order_id, revision=revision, real=True)
            assert (after.receiver.name, after.receiver.phone, after.merchant_note) == ("", "", "")
        assert (after.totals, after.lines, after.number) == (before.totals, before.lines, before.number)
        assert counter.order(other.order_id, real=True).receiver.name == "王小明"
        for text, hits in ((HIM.phone, 0), (HIM.name, 0), (before.number, 1)):
            assert len(search_orders(db, counter.actor, text=text, door="page").rows) == hits
        asked = [read_query_of(counter, one) for one in counter.ask(own_lookups, actor=counter.actor)]
        assert "" in asked and before.number in asked
        kept = [path.name for path in tmp_path.rglob("*") if path.is_file() and "desk" not in path.name]
        assert not paper.exists() and kept == [], kept
        jobs = counter.ask(jobs_of_order, order_id=planted.order_id)
        assert jobs
        assert sorted(job.state for job in jobs) == ["cancelled", "printed"]
        for job in jobs:
            with pytest.raises(JobMissing):
                counter.ask(read_content, job_id=job.id)
        assert counter.ask(list_quarantine) == []
        told = [(one.verb, one.data) for one in counter.ask(read_journal)]
        assert {verb for verb, _ in told if "erase" in verb} == {"orders.erased", "orders.erase_person"}
        assert HIM.name not in str(told) and HIM.phone not in str(told)
        with pytest.raises(PersonMissing):
            find(counter, order=before.number)
        counter.amend(planted.order_id, 2)  # an order without its receiver is still worked on
        assert counter.take(receiver=HIM, external_id="again").order_id != planted.order_id


def read_query_of(counter: Counter, one: Any) -> str:
    return counter.ask(read_query, found=one)


def test_nothing_goes_back_to_a_receiver_who_was_erased(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(receiver=HIM)
        other = PartyChanges(name="赵六", phone="13755550000", address="新路 1 号")
        counter.amend(taken.order_id, 1, Amendment(receiver=other))
        erase(counter)
        with pytest.raises(ReceiverErased):
            counter.do(undo_amendment, order_id=taken.order_id, seen=2, reason="改回")
        assert counter.order(taken.order_id, real=True).receiver.name == "赵六"
        counter.amend(taken.order_id, 2)
        assert counter.do(undo_amendment, order_id=taken.order_id, seen=3, reason="改回").revision == 4


def test_who_may_erase_proves_himself_and_types_the_word(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        taken = counter.take(receiver=HIM)
        (found,) = find(counter, phone=HIM.phone)
        run = partial(counter.do, erase_person, queue=None, found=found)
        for role in ("manager", "clerk", "auditor", "checker"):
            counter.actor = counter.house.actor(role)
            with pytest.raises(NotAllowed):
                run(reason="他要求", typed="ERASE")
        counter.actor = counter.house.actor()
        for reason, typed in (("", "ERASE"), ("他要求", "erase him")):
            with pytest.raises(ErasureUnconfirmed):
                run(reason=reason, typed=typed)
        counter.do(hold_by_law, order_id=taken.order_id, reason="纠纷")
        with pytest.raises(KeptByLaw):
            run(reason="他要求", typed="ERASE")
        counter.do(lift_by_law, order_id=taken.order_id)
        counter.do(change_preference, value=PrivacyRules(managers_erase=True), box="privacy", revision=0)
        counter.actor = counter.house.actor("manager")
        assert find(counter, phone=HIM.phone) == [found]
        shift_clock(11 * MINUTE_US)
        with pytest.raises(ProofNeeded):
            run(reason="他要求", typed="ERASE")


def test_a_look_up_is_blanked_or_deleted_when_old_and_else_never_changed(db: Database) -> None:
    with open_counter(db) as counter:
        search_orders(db, counter.actor, text="5678", door="page")
        for act in (
            "UPDATE lookup SET purpose = 'x'",
            "UPDATE lookup SET hits = hits, count = 7, sealed_query = ''",
        ):
            with pytest.raises(Exception, match=r"append-only|permission denied"):
                counter.db.write(counter.house.merchant_id, partial(run_sql, sql=act))
        delete = partial(run_sql, sql="DELETE FROM lookup")
        if db.dialect == "sqlite":
            with pytest.raises(Exception, match="append-only"):
                counter.db.write(counter.house.merchant_id, delete)
        else:
            assert counter.db.write(counter.house.merchant_id, delete) == 0
        shift_clock(-184 * 24 * 60 * MINUTE_US)
        search_orders(db, counter.actor, text="5678", door="page")
        shift_clock(0)
        old = partial(run_sql, sql=f"DELETE FROM lookup WHERE at_us < {now_us() - 10 * MINUTE_US}")
        assert counter.db.write(counter.house.merchant_id, old) == 1


def run_sql(tx: Tx, sql: str) -> int:
    return tx.run(Statement[None](sa.text(sql)))
