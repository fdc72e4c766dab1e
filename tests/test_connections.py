"""Each connection among boxes 10 to 20 of the patent's diagram, walked by a test that bears its name."""

from tests.counter import BASE, open_counter
from tocsin.core.clock import MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.orders.amend import Amendment, TotalsChanges
from tocsin.orders.batch import get_batch
from tocsin.orders.draft import Totals
from tocsin.orders.ledger import all_lookups, who_has_seen
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.preview import preview_amendment
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.stop import list_holds
from tocsin.orders.store import list_revisions
from tocsin.tickets.check import check_order
from tocsin.tickets.hold import hold_order, release_hold, wake_due
from tocsin.tickets.revise import revise_order
from tocsin.tickets.terminal import print_orders

WRONG = Totals(goods_minor=7980, payable_minor=7000, paid_minor=7980)
RIGHT = Amendment(totals=TotalsChanges(payable_minor=7980))


def test_10_13_query_and_store(db: Database) -> None:
    """The query reads the store, and the store keeps what was looked up: by whom, what, what came back."""
    with open_counter(db) as counter:
        taken = counter.take()
        clerk = counter.house.actor("clerk", actor_id=7)
        found = search_orders(db, clerk, text="王小明", door="web")
        seen = look_up_order(db, clerk, number=taken.number, door="web")
        kept = counter.ask(own_lookups, actor=clerk)
        assert [(k.kind, counter.ask(read_query, found=k), k.pairs()) for k in kept] == [
            ("detail", taken.number, [(taken.order_id, 1)]),
            ("search", "王小明", [(taken.order_id, 1)]),
        ]
        assert (kept[1].id, found.rows[0].id) == (found.lookup_id, seen.id)
        assert [k.id for k in counter.ask(who_has_seen, actor=counter.actor, order_id=seen.id)] == [
            kept[0].id
        ]


def test_10_11_query_and_amend(db: Database) -> None:
    """What the query showed is what the amendment is made against."""
    with open_counter(db) as counter:
        row = search_orders(db, counter.actor, text=counter.take().number, door="web").rows[0]
        change = Amendment(totals=TotalsChanges(shipping_minor=1000))
        seen = counter.ask(
            preview_amendment, actor=counter.actor, order_id=row.id, seen=row.revision, amendment=change
        )
        assert (seen.payable_before_minor, seen.payable_after_minor) == (7980, 8980)
        assert counter.amend(row.id, row.revision, change).revision == 2


def test_11_12_amend_and_produce(db: Database) -> None:
    """An amendment is issued anew: totalled, frozen as the next revision, under its number."""
    with open_counter(db) as counter:
        taken = counter.take()
        issued = counter.amend(taken.order_id, 1, Amendment(totals=TotalsChanges(coupon_minor=980)))
        order = counter.order(taken.order_id)
        assert (issued.number, issued.revision) == (taken.number, 2) == (order.number, order.revision)
        assert order.payable_minor == order.computed_payable_minor == 7000


def test_12_13_produce_and_store(db: Database) -> None:
    """Each issue is stored, with who and why; the earlier one stays as it was."""
    with open_counter(db) as counter:
        taken = counter.take()
        before = counter.order(taken.order_id)
        counter.amend(taken.order_id, 1)
        told = counter.ask(list_revisions, order_id=taken.order_id)
        assert [(t.revision, t.reason, t.actor_name) for t in told] == [
            (2, "客户要求", "owner"),
            (1, "intake: test", "owner"),
        ]
        past = counter.order(taken.order_id, revision=1)
        assert (past.content_hash, past.carrier, past.lines) == (before.content_hash, "", before.lines)
        assert counter.order(taken.order_id).content_hash != before.content_hash


def test_13_14_store_and_screen(db: Database) -> None:
    """The screen shows the store's orders by what they are now."""
    with open_counter(db) as counter:
        good, wrong = counter.take(), counter.take(quantity=3, totals=WRONG, campaign="双十一")
        counter.check()
        for wanted, numbers in (
            (Filter(query="finding:sum_order"), [wrong.number]),
            (Filter(query="held:no"), [good.number]),
            (Filter(query="campaign:双十一 held:check"), [wrong.number]),
            (Filter(), [wrong.number, good.number]),
        ):
            page = screen_orders(db, counter.actor, wanted=wanted, door="web")
            assert [row.number for row in page.rows] == numbers, wanted
        assert len(counter.ask(all_lookups, actor=counter.actor)) == 4


def test_13_15_store_and_download(db: Database) -> None:
    """The batch that the terminal takes names stored revisions by their hashes, and has a hash of its own."""
    with open_counter(db) as counter:
        taken = [counter.take(), counter.take()]
        receipt = print_orders(db, counter.actor, orders=[(t.order_id, 1) for t in taken], base_url=BASE)
        kept = counter.ask(get_batch, batch_id=receipt.batch.id)
        assert kept == receipt.batch and kept.count == 2
        assert kept.pairs() == [(t.order_id, 1, counter.order(t.order_id).content_hash) for t in taken]


def test_15_16_download_and_terminal(db: Database) -> None:
    """The terminal takes a recorded batch, and each of its jobs names it."""
    with open_counter(db, copies=("merchant", "customer")) as counter:
        taken = counter.take()
        receipt = print_orders(db, counter.actor, orders=[(taken.order_id, 1)], base_url=BASE)
        jobs = [counter.job(job_id) for job_id in receipt.results[0].job_ids]
        assert [(j.batch_id, j.copy, j.state) for j in jobs] == [
            (receipt.batch.id, "merchant", "queued"),
            (receipt.batch.id, "customer", "queued"),
        ]


def test_16_17_terminal_and_check(db: Database) -> None:
    """What is asked for is checked: the right one is queued with its verdict, the wrong one told with all findings."""
    with open_counter(db) as counter:
        good, wrong = counter.take(), counter.take(quantity=3, totals=WRONG, price=0.0)
        queued, held = counter.print(good.order_id), counter.print(wrong.order_id)
        assert (queued.result, held.result, held.job_ids) == ("queued", "held", ())
        assert {"sum_order", "price_zero"} <= {finding.code for finding in held.findings}
        verdict = counter.do(check_order, order_id=good.order_id)
        assert verdict.passed and counter.job(queued.job_ids[0]).verdict_id < verdict.id


def test_17_18_check_and_ticket(db: Database) -> None:
    """What passed comes out of the printer; what did not never does."""
    with open_counter(db) as counter:
        good, wrong = counter.take(), counter.take(quantity=3, totals=WRONG)
        counter.print(wrong.order_id)
        job = counter.print(good.order_id).job_ids[0]
        counter.run_spool()
        counter.wait_state(job, "printed")
        papers = counter.peer.wait_papers(1)
        assert [paper.codes()["code128"] for paper in papers] == [str(job)]
        assert counter.order(good.order_id).desk_state == "printed"
        assert counter.order(wrong.order_id).desk_state == "produced"


def test_18_19_ticket_and_hold(db: Database) -> None:
    """A print that failed opens a typed hold with its job and copy."""
    with open_counter(db) as counter:
        taken = counter.take()
        counter.peer.switches.paper = "out"
        job = counter.print(taken.order_id).job_ids[0]
        counter.run_spool()
        counter.wait_state(job, "failed")
        held = counter.holds(taken.order_id)
        assert [(h.kind, h.job_id, h.copy, h.revision) for h in held] == [("failed", job, "merchant", 1)]
        assert counter.peer.papers() == []


def test_19_20_hold_and_revise(db: Database) -> None:
    """A held order is mended from its finding; the hold closes by itself as the new revision passes."""
    with open_counter(db) as counter:
        taken = counter.take(totals=WRONG)
        counter.check()
        assert (
            counter.kinds(taken.order_id) == ["check"]
            and "sum_order" in counter.holds(taken.order_id)[0].findings
        )
        revised = counter.do(
            revise_order, order_id=taken.order_id, seen=1, amendment=RIGHT, reason="改价", base_url=BASE
        )
        assert revised.verdict.passed and counter.kinds(taken.order_id) == []
        closed = counter.ask(list_holds, order_id=taken.order_id)[0]
        assert (closed.closed_reason, closed.closed_by, closed.revision) == ("passed", "owner", 1)


def test_20_16_revise_and_terminal(db: Database) -> None:
    """A revised order goes back to the terminal, is checked there again, and comes out as amended."""
    with open_counter(db) as counter:
        taken = counter.take(totals=WRONG)
        counter.check()
        revised = counter.do(
            revise_order, order_id=taken.order_id, seen=1, amendment=RIGHT, reason="改价", base_url=BASE
        )
        assert revised.requested.result == "queued" and revised.requested.revision == 2
        job = counter.job(revised.requested.job_ids[0])
        assert job.batch_id and job.verdict_id > revised.verdict.id
        counter.run_spool()
        counter.wait_state(job.id, "printed")


def test_19_16_release_without_change(db: Database) -> None:
    """What is released unchanged re-enters at the terminal: the failed copy, and what waited for its time."""
    with open_counter(db, copies=("merchant", "customer")) as counter:
        failed, later = counter.take(), counter.take(quantity=3)
        counter.peer.switches.paper = "out"
        jobs = counter.print(failed.order_id, copies=("customer",)).job_ids
        counter.run_spool()
        counter.wait_state(jobs[0], "failed")
        counter.peer.switches.paper = "ok"
        hold = counter.holds(failed.order_id)[0]
        released = counter.do(release_hold, hold_id=hold.id, reason="换纸", base_url=BASE)
        (again,) = released.requested.job_ids
        assert counter.wait_state(again, "printed").copy == "customer"
        until = now_us() + 10 * MINUTE_US
        counter.do(hold_order, order_id=later.order_id, reason="下午发", kind="later", until_us=until)
        assert counter.print(later.order_id).result == "held" and wake_due(db, base_url=BASE) == 0
        try:
            shift_clock(11 * MINUTE_US)
            assert wake_due(db, base_url=BASE) == 1
        finally:
            shift_clock(0)
        assert counter.kinds(later.order_id) == []
        counter.peer.wait_papers(3)
