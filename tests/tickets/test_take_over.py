"""A process that loses its lease, its word or its thread: nothing stays `sending` in the dark, and nothing comes out twice."""

import threading
import time
from typing import Any

import pytest

from tests.counter import Counter, open_counter, wait_for
from tests.tickets.test_hand_over import printed
from tests.tickets.test_intercept import refund, states
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.life import Life
from tocsin.tickets import intercept
from tocsin.tickets import lease as lease_module
from tocsin.tickets import spool as module
from tocsin.tickets.claim import Sending
from tocsin.tickets.device import add_printer
from tocsin.tickets.hold import release_hold, settle_unknown
from tocsin.tickets.lease import lease_station
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.spool import Spool


def take_over(counter: Counter, **given: Any) -> bool:
    """Take the lease as another process would."""
    lease = lambda tx: lease_station(tx, **{"holder": "another process", "takes_over": True, **given})
    return bool(counter.db.write(counter.house.merchant_id, lease))


def settle(counter: Counter, job: int) -> None:
    """Say that a paper did not come out, and let its order go on."""
    counter.do(settle_unknown, job_id=job, came_out=False)
    for hold in counter.holds(counter.job(job).order_id):
        counter.do(release_hold, hold_id=hold.id, reason="again", base_url="http://localhost")


def test_what_is_in_doubt_is_told_though_the_database_was_away(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        write, read, lost, away = db.write, db.read, list[int](), [0.0]
        here = threading.main_thread()

        def is_away() -> bool:
            return threading.current_thread() is not here and time.monotonic() < away[0]

        def write_or_not(merchant_id: int, verb: Any) -> Any:
            if is_away():
                raise OSError("the server is away")
            made = write(merchant_id, verb)
            if isinstance(made, Sending) and not lost:
                lost.append(made.job.id)
                away[0] = time.monotonic() + 1
                raise OSError("the connection broke at the commit")
            return made

        def read_or_not(merchant_id: int, verb: Any) -> Any:
            if is_away():
                raise OSError("the server is away")
            return read(merchant_id, verb)

        monkeypatch.setattr(db, "write", write_or_not)
        monkeypatch.setattr(db, "read", read_or_not)
        jobs = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in (2, 3)]
        counter.run_spool()
        counter.wait_state(jobs[1], "printed")
        assert lost == [jobs[0]] and counter.job(jobs[0]).reason == "fault"
        assert counter.kinds(counter.job(jobs[0]).order_id) == ["unknown"] and len(counter.peer.papers()) == 1


def test_a_paper_that_was_settled_while_it_was_drawn_never_leaves(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        draw, did = module.draw_for, list[int]()
        job = counter.print(counter.take().order_id).job_ids[0]

        def draw_slowly(*given: Any, **more: Any) -> Any:
            if not did:
                did.append(job)
                assert take_over(counter)
                settle(counter, job)
            return draw(*given, **more)

        monkeypatch.setattr(module, "draw_for", draw_slowly)
        counter.run_spool()
        wait_for(lambda: did and not counter.spools[0]._busy)
        assert (counter.job(job).state, counter.job(job).reason) == ("failed", "did_not")
        assert counter.peer.papers() == []


def test_a_paper_that_came_out_after_all_holds_its_order(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        send = module.send_drawn
        job = counter.print(counter.take().order_id).job_ids[0]
        order_id = counter.job(job).order_id

        def send_slowly(*given: Any) -> PrintOutcome:
            assert take_over(counter)
            settle(counter, job)
            return send(*given)

        monkeypatch.setattr(module, "send_drawn", send_slowly)
        counter.run_spool()
        assert counter.wait_state(job, "printed").reason == "came_after_all"
        assert [(hold.kind, hold.reason) for hold in counter.holds(order_id)] == [
            ("failed", "came_after_all")
        ]
        assert counter.ask(read_journal, subject=f"order:{order_id}")[0].verb == "tickets.came_after_all"


@pytest.mark.parametrize("said", ["", "printed", "failed"])
def test_a_slip_whose_thread_broke_off_is_in_doubt_and_its_own_word_still_counts(
    db: Database, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        printed(counter, order_id)
        refund(counter, order_id)
        seen = list[list[str]]()

        def give(*_: Any, **__: Any) -> PrintOutcome:
            if not said:
                raise ValueError("a fault of drawing")
            assert take_over(counter)
            seen.append(states(counter, order_id))
            return PrintOutcome(result=said)

        monkeypatch.setattr(intercept, "give_page", give)
        counter.run_spool()
        end = {"": ["unknown"], "printed": ["printed"], "failed": ["queued"]}[said]
        wait_for(lambda: states(counter, order_id) == end and (not said or seen))
        assert seen == ([["unknown"]] if said else [])


def test_who_is_not_seen_itself_takes_nothing_over(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if db.dialect == "sqlite":
        assert not Life(db).sees_gone(None, "life-00")  # type: ignore[arg-type]
        return
    with open_counter(db) as counter:
        dead, blind, seen = Life(db), Life(db), Life(db)
        assert take_over(counter, holder=dead.name)
        seen.begin()
        lease = lambda life: take_over(counter, holder=life.name, takes_over=False, life=life)
        assert not lease(blind) and not lease(seen), "a lock that is free for a moment may be on its way back"
        time.sleep(0.8)
        assert not lease(blind) and lease(seen)
        seen.end()


def test_who_was_slower_takes_nothing_from_a_living_process(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        assert take_over(counter, holder="dead")
        value, second = lease_module.Tx.value, list[bool]()

        def look_then_lose(tx: Any, statement: Any, **given: Any) -> Any:
            found = value(tx, statement, **given)
            if statement is lease_module._HOLDER and not second:
                second.append(True)
                return found if db.dialect == "sqlite" else (raced() and found)
            return found

        def raced() -> bool:
            thread = threading.Thread(target=lambda: second.append(take_over(counter, holder="faster")))
            thread.start()
            thread.join(10)
            return True

        monkeypatch.setattr(lease_module.Tx, "value", look_then_lose)
        got = take_over(counter, holder="slower")
        assert got is (db.dialect == "sqlite"), "on SQLite nobody writes in between"
        assert second == ([True] if db.dialect == "sqlite" else [True, True])


def test_printers_that_never_answer_keep_no_other_merchant_from_paper(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, stuck = list[int](), threading.Event()
    with open_counter(db, code="AA") as slow, open_counter(db, code="BB") as quick:
        real, mine = module.look_after, slow.house.merchant_id
        for n in range(4):
            slow.do(
                add_printer,
                name=f"慢{n}",
                kind="escpos_network",
                options={"host": "127.0.0.1", "port": 9 + n},
            )

        def look(db: Database, merchant_id: int, **given: Any) -> Any:
            if merchant_id == mine:
                asked.append(1)
                stuck.wait(30)
                return None
            return real(db, merchant_id, **given)

        monkeypatch.setattr(module, "look_after", look)
        monkeypatch.setattr("tocsin.tickets.trial.ASK_EVERY_SECONDS", 0)
        monkeypatch.setattr("tocsin.tickets.trial.AWAY_EVERY_SECONDS", 0)
        quick.peer.switches.online = False
        spool = Spool(db)
        spool.start()
        try:
            wait_for(lambda: len(asked) == 3 and (seen := quick.printer().last_status()) and not seen.online)
            job = quick.print(quick.take().order_id).job_ids[0]
            quick.peer.switches.online = True
            quick.wait_state(job, "printed")
            assert len(asked) == 3, "and no more than three of one merchant's at a time"
        finally:
            stuck.set()
            spool.stop()
