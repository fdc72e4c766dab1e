"""What users of other order systems suffer, each by its number and words, and the tests that show it can't be here.

The table points to tests by their names; those below are of this file. docs/peers.md tells the same in words.
"""

import csv
import importlib
from functools import partial
from pathlib import Path

import pytest

from tests.counter import BASE, open_counter
from tests.house import make_draft, make_house
from tests.orders.test_download import make
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database, Tx
from tocsin.core.money import MICRO
from tocsin.orders.amend import Amendment, OrderMoved, TotalsChanges
from tocsin.orders.axis import AxisNews
from tocsin.orders.conflict import resolve_conflict
from tocsin.orders.draft import Line
from tocsin.orders.editing import begin_editing, take_over
from tocsin.orders.intake import take_in, take_news
from tocsin.tickets.bulk_act import BulkAct, act_on_orders
from tocsin.tickets.hold import hold_order, release_hold
from tocsin.tickets.job import read_content
from tocsin.tickets.terminal import print_orders

DOCUMENT = Path(__file__).parent.parent / "docs" / "peers.md"
PAINS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("an error is shown though the job was queued, so Retry prints twice", ("api.test_amendments:test_an_amendment_with_a_key_is_made_once", "core.test_idempotency:test_a_request_that_is_still_answered_is_not_run_again")),
    2: ("a claim that got old is sent again and prints twice", ("tickets.test_spool:test_what_a_dead_process_was_sending_is_unknown_and_not_sent_again",)),
    3: ("each Retry of a failed job makes another duplicate", ("tickets.test_claim:test_two_copies_that_failed_come_back_each_once",)),
    4: ("jobs back up unseen", ("tickets.test_claim:test_a_paper_kept_too_long_is_shown_but_the_time_under_a_hold_counts_not",)),
    5: ("old tickets all print in the morning", ("tickets.test_spool:test_a_ticket_that_waited_too_long_is_not_printed_unseen",)),
    6: ("a wanted Retry is swallowed as a duplicate", ("tickets.test_terminal:test_a_second_paper_says_reprint_and_a_new_revision_amended",)),
    7: ("a first print that was not recorded makes the reprint say NEW", ("tickets.test_claim:test_reprints_are_numbered_after_papers_that_exist",)),
    8: ("cancelled items are not printed where the same edit added others", ("test_pains:test_what_was_paid_and_printed_is_amended",)),
    9: ("a receipt is on paper and nothing in the records", ("tickets.test_job:test_a_job_freezes_what_its_paper_says",)),
    10: ("“complete” means handed to the spooler", ("tickets.test_escpos_network:test_a_printer_that_goes_on_without_paper_is_not_believed",)),
    11: ("“command sent”, and nothing prints", ("tickets.test_escpos_network:test_a_printer_that_never_confirms_is_unknown",)),
    12: ("nobody knows how often it was printed, and everybody may print again", ("tickets.test_terminal:test_who_may_print", "tickets.test_terminal:test_a_second_paper_says_reprint_and_a_new_revision_amended")),
    13: ("work on many at once fails as a whole", ("tickets.test_terminal:test_a_long_batch_is_taken_whole", "api.test_bulk:test_each_order_of_a_list_or_a_query_has_its_result_once")),
    14: ("the search takes a minute among many orders", ("orders.test_search_wall:test_a_search_uses_the_index_and_never_leaves_its_merchant", "orders.test_search_wall:test_a_term_of_many_orders_is_answered_as_one_of_few")),
    15: ("a paid order can't be edited: cancel and do it again", ("test_pains:test_what_was_paid_and_printed_is_amended",)),
    16: ("an order sticks half-edited", ("test_pains:test_an_order_sticks_in_no_edit", "orders.test_editing:test_who_edits_is_shown_taken_over_and_gone_by_itself")),
    17: ("an edit spoils the totals, and a refund is impossible", ("test_pains:test_totals_follow_an_edit_and_the_refund_counts_what_was_paid",)),
    18: ("two edit and one is lost; a stale tab edits what was cancelled", ("orders.test_amend:test_no_amendment_overwrites_another", "orders.test_amend:test_a_cancellation_is_never_undone_by_an_amendment_in_flight")),
    19: ("anybody may change prices and quantities", ("orders.test_field_right:test_a_locked_field_is_refused_and_what_only_follows_is_not",)),
    20: ("a bulk act or a payment goes round a hold; released, the order has no state", ("test_pains:test_nothing_goes_round_a_hold_and_released_it_is_as_before",)),
    21: ("the approval blocks one way out, not the others; approved, it can't be sent", ("test_pains:test_nothing_goes_round_a_hold_and_released_it_is_as_before", "tickets.test_claim:test_what_waited_for_an_acknowledgement_prints_by_itself")),
    22: ("who has seen or exported a customer can't be told", ("test_connections:test_10_13_query_and_store", "orders.test_download:test_a_file_of_real_data_is_fetched_by_those_alone_who_may_have_one_and_recorded")),
    23: ("an export is cut at 100, is hours off, and runs formulas", ("test_pains:test_a_file_is_whole_in_the_shop_s_time_and_runs_nothing",)),
    24: ("webhooks come twice, in disorder, or are switched off unseen", ("orders.test_outbound:test_what_happens_to_orders_is_told_once_in_order_signed_and_without_a_person", "orders.test_outbound:test_a_dead_endpoint_holds_up_no_other_and_is_switched_off_where_everybody_sees_it")),
    25: ("a stranger locks the staff out", ("access.test_limiter:test_who_is_locked_elsewhere_is_not_locked_at_a_known_device_or_at_another_address", "access.test_limiter_kinds:test_passwords_that_fail_lock_no_passkey_and_no_reader")),
}  # fmt: skip


def test_each_pain_has_a_test_and_stands_in_the_document() -> None:
    lines = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| ")]
    for number, (words, places) in PAINS.items():
        (line,) = [one for one in lines if one.startswith(f"| {number} |")]
        assert words in line, line
        for place in places:
            module, _, name = place.partition(":")
            assert callable(getattr(importlib.import_module(f"tests.{module}"), name, None)), place
            assert f"`{name}`" in line, (number, name)
    assert list(PAINS) == list(range(1, 26))


def test_what_was_paid_and_printed_is_amended(db: Database) -> None:
    """15, 8: the paper of the new revision has all its lines, says AMENDED, and the earlier one is superseded."""
    with open_counter(db) as counter:
        taken = counter.take()
        counter.run_spool()
        (first,) = counter.print(taken.order_id).job_ids
        counter.wait_state(first, "printed")
        assert counter.order(taken.order_id).desk_state == "printed"
        swapped = (Line(title="宣纸", sku="XZ-1", quantity_micro=MICRO, unit_price_micro=79_800_000),)
        assert counter.amend(taken.order_id, 1, Amendment(lines=swapped)).revision == 2
        order = counter.order(taken.order_id)
        assert (order.desk_state, order.payment) == ("produced", "paid")
        assert [line.title for line in order.lines] == ["宣纸"]
        (second,) = counter.print(taken.order_id, 2).job_ids
        job = counter.wait_state(second, "printed")
        assert (job.amended_from, job.revision) == (1, 2)
        assert [line.title for line in counter.ask(read_content, job_id=second).lines] == ["宣纸"]


def test_an_order_sticks_in_no_edit(db: Database) -> None:
    """16: a form that somebody left open is no lock; a conflict with the source can be ended."""
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        counter.do(begin_editing, order_id=taken.order_id)
        other = counter.house.actor("clerk", actor_id=7)
        counter.db.write(counter.house.merchant_id, partial(take_over, actor=other, order_id=taken.order_id))
        counter.amend(taken.order_id, 1)
        with pytest.raises(OrderMoved):
            counter.amend(taken.order_id, 1)
        assert counter.take(external_id="E-1", price=50.0).result == "conflict"
        counter.do(resolve_conflict, order_id=taken.order_id, seen=2, picks={}, reason="新价")
        assert counter.kinds(taken.order_id) == [] and counter.amend(taken.order_id, 3).revision == 4


def test_totals_follow_an_edit_and_the_refund_counts_what_was_paid(db: Database) -> None:
    """17"""
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        line = counter.order(taken.order_id).lines[0]
        fewer = (
            Line(
                title=line.title, line_id=line.line_id, sku=line.sku, unit_price_micro=line.unit_price_micro
            ),
        )
        counter.amend(taken.order_id, 1, Amendment(lines=fewer, totals=TotalsChanges(shipping_minor=500)))
        order = counter.order(taken.order_id)
        assert order.payable_minor == order.computed_payable_minor == 3990 + 500
        assert order.totals.paid_minor == 7980, "what was paid stays what it was"
        news = AxisNews(channel="test", external_id="E-1", at_us=1, payment="part_refunded")
        counter.do(take_news, news=news)
        assert counter.order(taken.order_id).payment == "part_refunded"


def test_nothing_goes_round_a_hold_and_released_it_is_as_before(db: Database) -> None:
    """20, 21: not printing many at once, not a payment, not a bulk release by who may not; and then it prints."""
    with open_counter(db) as counter:
        held, free = counter.take(external_id="E-1"), counter.take(external_id="E-2", quantity=3)
        hold_id = counter.do(hold_order, order_id=held.order_id, reason="等客户回电", until_us=None)
        clerk = counter.house.actor("clerk", actor_id=7)
        batch = print_orders(db, clerk, orders=[(held.order_id, 1), (free.order_id, 1)], base_url=BASE)
        assert [one.result for one in batch.results] == ["held", "queued"]
        counter.do(take_news, news=AxisNews(channel="test", external_id="E-1", at_us=1, payment="refunded"))
        counter.take(external_id="E-1", fulfilment="partial")
        asked = BulkAct(act="release", reason="快点")
        (done,) = act_on_orders(db, clerk, orders=[(held.order_id, 1)], asked=asked, base_url=BASE)
        assert isinstance(done.refusal, NotAllowed) and "manual" in counter.kinds(held.order_id)
        assert hold_id in {one.id for one in counter.holds(held.order_id)}
        second = counter.take(external_id="E-3", quantity=4)
        again = counter.do(hold_order, order_id=second.order_id, reason="等货", until_us=None)
        before = counter.order(second.order_id).desk_state
        counter.do(release_hold, hold_id=again, reason="到货", base_url=BASE)
        assert counter.order(second.order_id).desk_state == before == "produced"
        assert counter.print(second.order_id).result == "queued"


def test_a_file_is_whole_in_the_shop_s_time_and_runs_nothing(db: Database, tmp_path: Path) -> None:
    """23"""
    house = make_house(db)

    def fill(tx: Tx) -> None:
        for number in range(120):
            draft = make_draft(external_id=f"E-{number}", campaign="=1+1", placed_at_us=1_790_000_000_000_000)
            take_in(tx, house.actor(), draft)

    db.write(house.merchant_id, fill)
    found = make(house, tmp_path / "d")
    rows = list(csv.DictReader(Path(found.path).read_text("utf-8-sig").splitlines()))
    assert (len(rows), found.rows, found.status) == (120, 120, "complete")
    assert {row["external_id"] for row in rows} == {f"E-{number}" for number in range(120)}
    assert {(row["placed"], row["campaign"]) for row in rows} == {("2026-09-21 22:13:20", "'=1+1")}
