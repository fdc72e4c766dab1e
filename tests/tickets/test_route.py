"""Routing: which queues an order's papers go to by themselves, and which lines each shows."""

from functools import partial
from typing import Any

from msgspec.structs import replace

from tests.counter import BASE, Counter, open_counter
from tests.tickets.test_claim import claim, second_printer, send, told
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.tenant import create_shop
from tocsin.orders.draft import Line, Totals
from tocsin.tickets.hold import hold_order, release_hold
from tocsin.tickets.job import jobs_of_order, read_content
from tocsin.tickets.print_queue import PrintQueue, get_queue, list_queues
from tocsin.tickets.queue_move import move_job
from tocsin.tickets.queue_setup import add_queue, change_queue

COFFEE, TEA, CAKE = ("拿铁", "KF-1"), ("奶茶", "CH-1"), ("蛋糕", "DG-1")


def make_queue(counter: Counter, name: str = "吧台", **changes: Any) -> PrintQueue:
    """Set up a queue of kitchen copies, on the first printer unless another is named."""
    values: dict[str, Any] = {
        "id": 0, "name": name, "role": "kitchen", "shop_id": 0, "printer_id": counter.printer().id, "backup_id": 0,
        "backup_minutes": 5, "copies": "kitchen", "takes": "", "own_lines": 0, "paused": 0,
    }  # fmt: skip
    made = counter.do(add_queue, queue=PrintQueue(**{**values, **changes}))
    return counter.ask(get_queue, queue_id=made)


def take_goods(counter: Counter, *goods: tuple[str, str], **changes: Any) -> int:
    """Take in an order of one piece of each at 20 yuan; return its id."""
    lines = tuple(
        Line(title=title, sku=sku, unit="杯", quantity_micro=MICRO, unit_price_micro=20 * MICRO)
        for title, sku in goods
    )
    totals = Totals(goods_minor=2000 * len(goods), payable_minor=2000 * len(goods))
    return int(counter.take(lines=lines, totals=totals, **changes).order_id)


def papers(counter: Counter, order_id: int) -> list[tuple[str, str]]:
    """Return (queue, copy) of an order's jobs, as they were asked."""
    names = {queue.id: queue.name for queue in counter.ask(list_queues)}
    jobs = counter.ask(jobs_of_order, order_id=order_id)
    return [(names[job.queue_id], job.copy) for job in reversed(jobs)]


def test_each_order_goes_where_its_rules_say_and_what_none_takes_to_the_first(db: Database) -> None:
    with open_counter(db) as counter:
        make_queue(counter, "吧台", takes="商品:拿铁,奶茶", copies="kitchen")
        make_queue(counter, "拼团", takes="channel:pdd OR campaign:春季", copies="merchant,delivery")
        make_queue(counter, "南京", takes="*", shop_id=counter.do(_other_shop))
        cases: list[tuple[int, dict[str, Any], list[tuple[str, str]]]] = [
            (take_goods(counter, CAKE), {}, [("前台", "merchant")]),
            (take_goods(counter, COFFEE, CAKE), {}, [("吧台", "kitchen")]),
            (take_goods(counter, TEA, channel="pdd"), {}, [("吧台", "kitchen"), ("拼团", "merchant"), ("拼团", "delivery")]),
            (take_goods(counter, CAKE, TEA), {"copies": ("customer",)}, [("吧台", "customer")]),
            (take_goods(counter, TEA, TEA, channel="pdd"), {"copies": ("delivery",)}, [("拼团", "delivery")]),
            (take_goods(counter, COFFEE), {"queue_id": counter.printer().id}, [("前台", "merchant")]),
        ]  # fmt: skip
        for order_id, given, expected in cases:
            assert counter.print(order_id, **given).result == "queued"
            assert papers(counter, order_id) == expected


def test_a_kitchens_paper_shows_its_own_lines_wherever_it_is_moved_and_two_are_no_reprint(
    db: Database,
) -> None:
    with open_counter(db) as counter:
        other = second_printer(counter)
        bar = make_queue(counter, "吧台", takes="商品:拿铁,奶茶", own_lines=1)
        oven = make_queue(counter, "烘焙", takes="sku:DG-1", own_lines=1, printer_id=other.id)
        order_id = take_goods(counter, COFFEE, CAKE, TEA)
        first, second = counter.print(order_id).job_ids
        shown = {}
        counter.do(move_job, job_id=first, queue_id=oven.id)
        for job_id in (first, second):
            sending = send(counter, other)
            assert sending.job.id == job_id or sending.job.part_id == bar.id
            shown[sending.content.part] = sending.content
        assert [line.title for line in shown["吧台"].lines] == ["拿铁", "奶茶"]
        assert [line.title for line in shown["烘焙"].lines] == ["蛋糕"]
        assert {(one.lines_of, one.reprint_no, one.payable) for one in shown.values()} == {(3, 0, "")}
        assert counter.order(order_id).desk_state == "printed"
        again = counter.print(order_id, queue_id=bar.id).job_ids[0]
        assert counter.ask(read_content, job_id=again).reprint_no == 1
        whole = counter.print(order_id, queue_id=counter.printer().id, copies=("kitchen",)).job_ids[0]
        assert counter.ask(read_content, job_id=whole).reprint_no == 3, "every paper that is out counts"


def test_one_part_that_is_out_does_not_stand_for_another(db: Database) -> None:
    with open_counter(db) as counter:
        other = second_printer(counter)
        make_queue(counter, "吧台", takes="商品:拿铁", own_lines=1)
        oven = make_queue(counter, "烘焙", takes="商品:蛋糕", own_lines=1, printer_id=other.id)
        order_id = take_goods(counter, COFFEE, CAKE)
        counter.print(order_id)
        send(counter)
        send(counter, other, result="failed")
        assert counter.order(order_id).desk_state == "produced"
        (hold,) = counter.holds(order_id)
        counter.do(release_hold, hold_id=hold.id, reason="换纸", base_url=BASE)
        sending = send(counter, other)
        assert (sending.job.queue_id, sending.content.part) == (oven.id, "烘焙")
        assert counter.order(order_id).desk_state == "printed" and claim(counter) is None


def test_what_was_asked_in_vain_comes_back_to_the_queues_of_the_rules(db: Database) -> None:
    with open_counter(db) as counter:
        make_queue(counter, "吧台", takes="商品:拿铁")
        make_queue(counter, "全部", takes="*", copies="merchant")
        order_id, quiet = take_goods(counter, COFFEE), take_goods(counter, COFFEE, CAKE)
        holds = [
            counter.do(hold_order, order_id=one, reason="等", kind="later", until_us=1)
            for one in (order_id, quiet)
        ]
        assert counter.print(order_id).result == "held" and papers(counter, order_id) == []
        release = partial(counter.do, release_hold, reason="好了", base_url=BASE)
        for hold_id, one in zip(
            holds, (order_id, quiet), strict=True
        ):  # the second one nobody asked for: it is routed
            release(hold_id=hold_id)
            assert papers(counter, one) == [("吧台", "kitchen"), ("全部", "merchant")]


def test_a_rule_that_changes_while_a_paper_waits_is_the_one_that_holds(db: Database) -> None:
    with open_counter(db) as counter:
        bar = make_queue(counter, "吧台", takes="商品:拿铁", own_lines=1)
        order_id = take_goods(counter, COFFEE, TEA, CAKE)
        counter.print(order_id)
        counter.do(change_queue, queue=replace(bar, takes="商品:拿铁,奶茶"))
        assert [line.title for line in send(counter).content.lines] == ["拿铁", "奶茶"]
        assert [state for _, _, state in told(counter, order_id)] == ["cancelled", "printed"]


def _other_shop(tx: Any, actor: Any) -> int:
    del actor
    return create_shop(tx, code="NJ", name="南京店", zone="Asia/Shanghai").id
