"""The desk's own verbs, as its doors call them: each look-up is recorded, each write is durable."""

import os
from collections.abc import Callable
from functools import partial
from itertools import islice

from tests.bench.clock import Figure, measure
from tests.bench.data import make_orders
from tests.house import House, make_house
from tocsin.core.clock import now_us
from tocsin.core.db import Database, Tx
from tocsin.orders.download_rows import COLUMNS, file_rows
from tocsin.orders.format import find_format
from tocsin.orders.intake import take_in
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.screen import Filter, count_rows, page_rows, screen_orders
from tocsin.orders.search import order_tokens
from tocsin.orders.store import find_order_id, load_order
from tocsin.tickets.content import PaperRequest, build_content
from tocsin.tickets.layout import draw_raster

_AT_ONCE = 100
WANTED = Filter(query="payment:paid fulfilment:shipped")


class Product:
    """A merchant with many orders in an open database."""

    def __init__(self, db: Database, *, orders: int, times: int = 1) -> None:
        self.house: House = make_house(db, code="B")
        self.db, self.count = db, orders * times
        self.numbers: list[str] = []
        self._fill(orders)

    def run(self, *, repeats: int) -> list[Figure]:
        """Measure every work; return the figures in a fixed order."""
        clerk, db = self.house.actor("owner"), self.db
        step = max(1, len(self.numbers) // repeats)
        numbers = self.numbers[::step][:repeats]
        samples = list(islice(make_orders(self.count), 0, None, step))[:repeats]
        names = [draft.receiver.name[:2] for draft in samples]
        tails = [draft.receiver.phone[-4:] for draft in samples]
        after = self._place_of_page(100)
        return [
            measure(
                "create, 5 lines", [partial(self._create, draft) for draft in make_orders(repeats, seed=8)]
            ),
            measure("get", [partial(look_up_order, db, clerk, number=n, door="bench") for n in numbers]),
            measure(
                "search phone tail", [partial(search_orders, db, clerk, text=t, door="bench") for t in tails]
            ),
            measure("search name", [partial(search_orders, db, clerk, text=n, door="bench") for n in names]),
            measure(
                "search SKU",
                [partial(search_orders, db, clerk, text=d.lines[0].sku, door="bench") for d in samples],
            ),
            measure(
                "search number tail",
                [partial(search_orders, db, clerk, text=n[-4:], door="bench") for n in numbers],
            ),
            measure(
                "screen page 1", [partial(screen_orders, db, clerk, wanted=WANTED, door="bench")] * repeats
            ),
            measure(
                "screen page 100",
                [partial(screen_orders, db, clerk, wanted=WANTED, door="bench", after=after)] * repeats,
            ),
            measure("count, bounded", [self._count] * repeats),
            measure("CSV of all, rows", [self._csv], units=self.count * 5),
            self.ticket(repeats),
        ]

    def ticket(self, repeats: int) -> Figure:
        """Measure drawing: content and 203 dpi picture of one ticket on 80 mm paper."""
        number = self.numbers[0]
        order = self.db.read(
            self.house.merchant_id, lambda tx: load_order(tx, order_id=find_order_id(tx, number=number), real=True)
        )  # fmt: skip
        draw: list[Callable[[], object]] = []
        for n in range(min(repeats, 100)):
            request = PaperRequest(
                copy="merchant", serial=f"B-{n}", scan_url=f"http://localhost:8717/t/{n:032d}", code128=str(10**18 + n),
                printed_at_us=now_us(), zone="Asia/Shanghai",
            )  # fmt: skip
            draw.append(lambda request=request: draw_raster(build_content(order, request)))  # type: ignore[misc]
        draw[0]()
        return measure("ticket drawn", draw)

    def _fill(self, orders: int) -> None:
        drafts, clerk = make_orders(orders), self.house.actor("owner")

        def take(tx: Tx, chunk: list[object]) -> list[str]:
            return [take_in(tx, clerk, draft).number for draft in chunk]  # type: ignore[arg-type]

        while chunk := list(islice(drafts, _AT_ONCE)):
            self.numbers += self.db.write(self.house.merchant_id, partial(take, chunk=chunk))

    def tokens(self, orders: int) -> dict[int, str]:
        """Return each order's search tokens as they were stored."""

        def digest(tx: Tx) -> dict[int, str]:
            keys, found = tx.vault.keys(tx), dict[int, str]()
            for number, draft in zip(self.numbers, make_orders(orders), strict=True):
                tokens = sorted({keys.digest("search", token) for token in order_tokens(number, draft)})
                found[find_order_id(tx, number=number)] = " ".join(tokens)
            return found

        return self.db.read(self.house.merchant_id, digest)

    def _create(self, draft: object) -> None:
        self.db.write(self.house.merchant_id, partial(take_in, actor=self.house.actor("owner"), draft=draft))  # type: ignore[arg-type]

    def _place_of_page(self, page: int) -> str:
        after = ""
        for _ in range(page - 1):
            _, after = self.db.read(
                self.house.merchant_id, partial(page_rows, wanted=WANTED, after=after, limit=50)
            )
        return after

    def _count(self) -> None:
        self.db.read(self.house.merchant_id, partial(count_rows, wanted=WANTED))

    def _csv(self) -> None:
        with open(os.devnull, "wb") as out, self.db.snapshot(self.house.merchant_id) as tx:
            find_format("csv").write(COLUMNS, file_rows(tx, wanted=Filter(), real=False), out)
