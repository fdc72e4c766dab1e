"""Calls of platforms, shuffled, doubled and late, against a model of what each order must come to."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from litestar.testing import TestClient
from msgspec import Struct

from tests.house import House, make_house
from tests.orders.senders import GIVEN, Call, call_of, order_of
from tests.peers.wechat_api import WechatApi
from tests.proofs.running import RunningDesk, wait_until
from tocsin.app import build_app
from tocsin.desk import Desk, open_desk
from tocsin.orders import intake
from tocsin.orders.connection import add_connection, read_token
from tocsin.orders.fetching import tend_news
from tocsin.settings import Settings

SHOPS = ("shopify", "woocommerce", "youzan", "wechat")
DOCUMENTS, COPIES, HANDS = 5, 2, 4
_BEGIN = 1_790_000_000


class Outcome(Struct, frozen=True):
    """What an order must come to, or has come to."""

    payable_minor: int
    payment: str
    fulfilment: str
    desk_state: str


class Plan(Struct, frozen=True):
    """All calls, each with the kind of its connection, and the outcome of each order by channel and number."""

    calls: list[tuple[str, Call]]
    outcomes: dict[tuple[str, str], Outcome]
    documents: dict[str, dict[str, Any]]


def make_plan(orders: int, dice: random.Random) -> Plan:
    """Make the calls of so many orders, each doubled, in no order at all."""
    calls, outcomes, newest = list[tuple[str, Call]](), dict[tuple[str, str], Outcome](), dict[str, Any]()
    for n in range(orders):
        kind = SHOPS[n % len(SHOPS)]
        number = f"{3_700_000_000_000_000_000 + n}" if kind == "wechat" else f"{100_000 + n}"
        made, outcome, last = _life(kind, number, dice)
        calls += made
        outcomes[(kind, number)] = outcome
        if kind == "wechat":
            newest[number] = last
    dice.shuffle(calls)
    return Plan(calls, outcomes, newest)


def _life(
    kind: str, number: str, dice: random.Random
) -> tuple[list[tuple[str, Call]], Outcome, dict[str, Any]]:
    """Return the calls of one order, what they come to, and its newest document."""
    calls, paid = list[tuple[str, Call]](), False
    document: dict[str, Any] = {}
    price, fulfilment, cancelled, at = 0, "unfulfilled", False, _BEGIN
    by_pay = kind == "wechat"
    for step in range(DOCUMENTS - by_pay):
        at, price = at + dice.randint(1, 90), dice.randint(100, 99_999)
        paid = not by_pay and (paid or dice.random() < 0.5)
        document = order_of(kind, number, at=at, price=price, paid=paid)
        shipped = paid and step == DOCUMENTS - 1 and dice.random() < 0.5
        cancelled = not shipped and not by_pay and dice.random() < 0.25
        fulfilment = _mark(kind, document, shipped=shipped, cancelled=cancelled)
        # A shop of WeChat sends what is newest, whenever it is asked: its calls bear the time alone.
        delivery = str(at) if by_pay else f"{number}{step}"
        calls += [(kind, call_of(kind, document, delivery=delivery))] * COPIES
    if by_pay:
        news = order_of("wechat_pay", number, at=_BEGIN + 1, price=price)
        calls += [("wechat_pay", call_of("wechat_pay", news, delivery=f"EV{number}"))] * COPIES
    payment = "paid" if paid or by_pay else "unpaid"
    if cancelled and not paid and kind == "woocommerce":
        payment = "closed"
    if cancelled and not paid and kind == "youzan":
        payment = "closed"
    return calls, Outcome(2 * price, payment, fulfilment, "cancelled" if cancelled else "produced"), document


def _mark(kind: str, document: dict[str, Any], *, shipped: bool, cancelled: bool) -> str:
    """Write into a document that its order was shipped or cancelled, as its platform does; return the fulfilment."""
    if kind == "shopify":
        document["fulfillment_status"] = "fulfilled" if shipped else None
        document["cancelled_at"] = document["updated_at"] if cancelled else None
    elif kind == "woocommerce" and (shipped or cancelled):
        document["status"] = "completed" if shipped else "cancelled"
    elif kind == "youzan" and (shipped or cancelled):
        status = "WAIT_BUYER_CONFIRM_GOODS" if shipped else "TRADE_CLOSED"
        document["full_order_info"]["order_info"]["status"] = status
    return "shipped" if shipped else "unfulfilled"


class Yard:
    """A desk with a connection of each kind, and platforms that call it over HTTP's application interface."""

    def __init__(self, desk: Desk, api: WechatApi) -> None:
        self.desk, self.api, self.db = desk, api, desk.db
        self.house: House = make_house(desk.db)
        self.client = TestClient(build_app(desk), base_url="http://localhost:8717")
        self.paths = {kind: self._connect(kind) for kind in GIVEN}
        self.answers = dict[int, int]()
        self._lock = threading.Lock()

    def _connect(self, kind: str) -> str:
        added = partial(
            add_connection, actor=self.house.actor(), kind=kind, name=kind, shop="HF", given=GIVEN[kind]
        )
        made = self.db.write(self.house.merchant_id, added)
        return self.db.read(self.house.merchant_id, partial(read_token, connection_id=made))

    def send(self, one: tuple[str, Call]) -> None:
        """Send a call, again where the desk did not take it, as platforms do."""
        kind, call = one
        for _ in range(5):
            answer = self.client.request(
                call.method, call.path(self.paths[kind]), content=call.body, headers=call.headers
            )
            with self._lock:
                self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
            if answer.status_code < 300:
                return
            time.sleep(0.05)

    def send_all(self, calls: list[tuple[str, Call]]) -> None:
        """Send calls from several hands at once, and wait until what they asked for is done."""
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(self.send, calls))
        wait_until(self._is_quiet, seconds=120)

    def outcomes(self) -> dict[tuple[str, str], list[Outcome]]:
        """Return what the orders have come to, with all that are of the same number."""
        found: dict[tuple[str, str], list[Outcome]] = {}
        for channel, number, *state in self._rows():
            found.setdefault((channel, number), []).append(Outcome(*state))
        return found

    def _rows(self) -> list[tuple[Any, ...]]:
        def read(tx: Any) -> list[tuple[Any, ...]]:
            sql = (
                "SELECT channel, external_id, payable_minor, payment, fulfilment, desk_state FROM order_head"
            )
            tx._cursor.execute(sql)
            return [tuple(row) for row in tx._cursor.fetchall()]

        return self.db.read(self.house.merchant_id, read)

    def _is_quiet(self) -> bool:
        tend_news(self.db, self.house.merchant_id)

        def waiting(tx: Any) -> int:
            sqlite = "SELECT count(*) FROM job WHERE state != 'failed'"
            other = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            tx._cursor.execute(sqlite if tx.dialect == "sqlite" else other)
            return int(tx._cursor.fetchone()[0])

        return self.db.read(self.house.merchant_id, waiting) == 0


@contextmanager
def open_yard(place: RunningDesk) -> Iterator[Yard]:
    """Lend a yard over an empty database."""
    api = WechatApi()
    given = {"data_dir": str(place.folder / "data"), "database_url": place.database_url}
    desk = open_desk(Settings(**given, wechat_api_url=api.origin))
    try:
        yard = Yard(desk, api)
        with yard.client:
            desk.queue.open(desk.db)
            yield yard
    finally:
        desk.close()
        api.close()


def prove_deliveries(place: RunningDesk, *, deliveries: int, dice: random.Random) -> dict[str, Any]:
    """Send so many calls, reckon, and play a tenth of them again."""
    plan = make_plan(max(4, deliveries // (DOCUMENTS * COPIES)), dice)
    with open_yard(place) as yard:
        yard.api.orders.update(plan.documents)
        began = time.monotonic()
        yard.send_all(plan.calls)
        seconds = time.monotonic() - began
        found = yard.outcomes()
        again = dice.sample(plan.calls, max(1, len(plan.calls) // 10))
        yard.send_all(again)
        after, answers = yard.outcomes(), dict(yard.answers)
    wrong = [
        (key, want, found[key])
        for key, want in plan.outcomes.items()
        if key in found and want not in found[key]
    ]
    return {
        "deliveries": len(plan.calls), "orders": len(plan.outcomes), "per_second": round(len(plan.calls) / seconds),
        "lost": sum(key not in found for key in plan.outcomes), "doubled": sum(len(each) > 1 for each in found.values()),
        "foreign": sum(key not in plan.outcomes for key in found), "state_wrong": len(wrong),
        "replayed": len(again), "replays_effective": sum(found[key] != after.get(key) for key in found),
        "refused": sum(times for status, times in answers.items() if status >= 300), "said": [repr(one) for one in wrong[:3]],
    }  # fmt: skip


def find_planted(place: RunningDesk, *, deliveries: int, dice: random.Random) -> bool:
    """Tell whether a desk that lets the last call win, and not the newest, is given away."""
    with patch.object(intake, "_is_older", lambda *_: False):
        found = prove_deliveries(place, deliveries=deliveries, dice=dice)
    return bool(found["state_wrong"])
