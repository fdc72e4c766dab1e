"""The desk's own verbs, as its doors call them: each look-up is recorded, each write is durable."""

import os
from collections.abc import Callable
from functools import partial
from itertools import islice

from tests.bench.clock import Work
from tests.bench.data import make_orders, sample
from tests.house import House, make_house
from tocsin.core.clock import now_us
from tocsin.core.db import Database, Tx
from tocsin.orders.download_file import content_of
from tocsin.orders.download_rows import COLUMNS
from tocsin.orders.draft import Order
from tocsin.orders.format import find_format, write_file
from tocsin.orders.intake import take_in
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.screen import Filter, count_rows, page_rows, screen_orders
from tocsin.orders.search import order_tokens
from tocsin.orders.store import find_order_id, load_order
from tocsin.tickets.content import PaperRequest, TicketContent, build_content
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

    def works(self, *, repeats: int) -> dict[str, Work]:
        """Return every work, in a fixed order."""
        clerk, db = self.house.actor("owner"), self.db
        numbers, samples = sample(self.numbers, repeats=repeats)
        find = partial(search_orders, db, clerk, door="bench")
        page = partial(screen_orders, db, clerk, wanted=WANTED, door="bench")
        last = partial(page, after=self._place_of_page(100))
        return {
            "create, 5 lines": ([partial(self._create, draft) for draft in make_orders(repeats, seed=8)], 1),
            "get": ([partial(look_up_order, db, clerk, number=n, door="bench") for n in numbers], 1),
            "search phone tail": ([partial(find, text=d.receiver.phone[-4:]) for d in samples], 1),
            "search name": ([partial(find, text=d.receiver.name[:2]) for d in samples], 1),
            "search SKU": ([partial(find, text=d.lines[0].sku) for d in samples], 1),
            "search number tail": ([partial(find, text=n[-4:]) for n in numbers], 1),
            "screen page 1": ([page] * repeats, 1),
            "screen page 100": ([last] * repeats, 1),
            "count, bounded": ([self.count_paid] * repeats, 1),
            "CSV of all, rows": ([partial(self.write_csv, os.devnull)], self.count * 5),
            "ticket drawn": (self._tickets(repeats), 1),
        }

    def count_paid(self) -> int:
        """Return how many are paid and shipped, at most 10,001."""
        return self.db.read(self.house.merchant_id, partial(count_rows, wanted=WANTED))

    def write_csv(self, path: str) -> None:
        """Write every line with its order, masked."""
        with open(path, "wb") as out, self.db.snapshot(self.house.merchant_id) as tx:
            content = content_of(tx, wanted=Filter(), real=False, columns=COLUMNS)
            write_file(find_format("csv"), content, out)

    def _tickets(self, repeats: int) -> list[Callable[[], object]]:
        """Return drawings: content and 203 dpi picture of one ticket on 80 mm paper."""
        draw = [partial(self._draw, self._first_order(), n) for n in range(min(repeats, 100))]
        draw[0]()
        return draw

    def paper(self, order: Order | None = None, n: int = 0) -> TicketContent:
        """Return what a ticket says, of the first order unless of another."""
        request = PaperRequest(
            copy="merchant", serial=f"B-{n}", scan_url=f"http://localhost:8717/t/{n:032d}", code128=str(10**18 + n),
            printed_at_us=now_us(), zone="Asia/Shanghai",
        )  # fmt: skip
        return build_content(order or self._first_order(), request)

    def _draw(self, order: Order, n: int) -> object:
        return draw_raster(self.paper(order, n))

    def _first_order(self) -> Order:
        def load(tx: Tx) -> Order:
            return load_order(tx, order_id=find_order_id(tx, number=self.numbers[0]), real=True)

        return self.db.read(self.house.merchant_id, load)

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
