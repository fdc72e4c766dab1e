"""Queues as an owner sets them up: what can't be is refused, who may, and what is taken away."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.house import make_house
from tests.tickets.test_claim import second_printer
from tests.tickets.test_route import make_queue
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.tenant import ShopMissing
from tocsin.orders.syntax_fields import StarUseless
from tocsin.tickets.device import PrinterMissing, remove_printer
from tocsin.tickets.print_queue import QueueMissing, get_queue, list_queues
from tocsin.tickets.queue_move import move_queue
from tocsin.tickets.queue_setup import QueueWrong, add_queue, change_queue, pause_queue, remove_queue

WRONG: tuple[tuple[dict[str, Any], type[Refusal]], ...] = (
    ({"name": " "}, QueueWrong), ({"name": "n" * 61}, QueueWrong), ({"role": "roof"}, QueueWrong),
    ({"copies": ""}, QueueWrong), ({"copies": "secret"}, QueueWrong), ({"printer_id": 0}, PrinterMissing),
    ({"printer_id": 5}, PrinterMissing), ({"backup_id": 5}, PrinterMissing), ({"backup_minutes": -1}, QueueWrong),
    ({"backup_minutes": 1441}, QueueWrong), ({"shop_id": 5}, ShopMissing), ({"own_lines": 1}, QueueWrong),
    ({"takes": "*", "own_lines": 1}, QueueWrong), ({"takes": "held:yes"}, QueueWrong), ({"takes": "x sort:amount"}, QueueWrong),
    ({"takes": "finding:date"}, QueueWrong), ({"takes": "nofield:x"}, Refusal), ({"takes": "(a"}, Refusal), ({"takes": "sku:CHA*"}, StarUseless), ({"takes": "campaign:*"}, StarUseless), ({"takes": "external:*20*"}, StarUseless), ({"takes": "a" * 501}, QueueWrong),
)  # fmt: skip


def test_what_can_not_be_is_refused_and_nothing_is_kept(db: Database) -> None:
    with open_counter(db) as counter:
        own = counter.ask(get_queue)
        with pytest.raises(QueueWrong):
            counter.do(change_queue, queue=replace(own, backup_id=own.printer_id))
        for changes, refusal in WRONG:
            with pytest.raises(refusal):
                make_queue(counter, **{"name": "吧台", **changes})
            with pytest.raises(refusal):
                counter.do(change_queue, queue=replace(own, **changes))
        assert counter.ask(list_queues) == [own]


def test_a_queue_is_changed_paused_and_taken_away(db: Database) -> None:
    with open_counter(db) as counter:
        other = second_printer(counter)
        bar = make_queue(
            counter, " 吧台 ", copies="kitchen,merchant", takes=" 商品:咖啡 ", backup_id=other.id
        )
        assert (bar.name, bar.copies, bar.takes) == ("吧台", "merchant,kitchen", "商品:咖啡")
        counter.do(pause_queue, queue_id=bar.id, paused=True)
        counter.do(change_queue, queue=replace(bar, name="水吧", paused=0))
        assert (
            counter.ask(get_queue, queue_id=bar.id).name,
            counter.ask(get_queue, queue_id=bar.id).paused,
        ) == ("水吧", 1)
        counter.do(remove_printer, printer_id=other.id)
        assert counter.ask(get_queue, queue_id=bar.id).backup_id == 0
        counter.print(counter.take().order_id, queue_id=bar.id)
        with pytest.raises(QueueWrong):
            counter.do(remove_queue, queue_id=bar.id)
        own = counter.printer().id
        counter.do(move_queue, queue_id=bar.id, to_id=own)
        counter.do(remove_queue, queue_id=bar.id)
        with pytest.raises(QueueMissing):
            counter.ask(get_queue, queue_id=bar.id)
        with pytest.raises(QueueWrong):
            counter.do(remove_queue, queue_id=own)


def test_who_may_and_nobody_elses(db: Database) -> None:
    with open_counter(db) as counter:
        own, other = counter.ask(get_queue), make_house(db, code="NJ")
        for role, may in {"clerk": True, "auditor": False}.items():
            acts = Counter(counter.house, counter.peer, counter.house.actor(role))
            for verb, given in (
                (add_queue, {"queue": own}),
                (change_queue, {"queue": own}),
                (remove_queue, {"queue_id": own.id}),
            ):
                with pytest.raises(NotAllowed):
                    acts.do(verb, **given)
            if may:
                acts.do(pause_queue, queue_id=own.id, paused=False)
            else:
                with pytest.raises(NotAllowed):
                    acts.do(pause_queue, queue_id=own.id, paused=False)
        stranger = Counter(other, counter.peer, other.actor())
        assert stranger.ask(list_queues) == []
        for verb, given in (
            (change_queue, {"queue": own}),
            (pause_queue, {"queue_id": own.id, "paused": True}),
        ):
            with pytest.raises(QueueMissing):
                stranger.do(verb, **given)
