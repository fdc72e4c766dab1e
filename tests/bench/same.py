"""What is measured beside each other answers the same: the same orders in the same order, the same count, the same file."""

import csv
from pathlib import Path

from tests.bench.data import sample
from tests.bench.product import WANTED, Product
from tests.bench.raw import Raw
from tocsin.orders.download_rows import COLUMNS
from tocsin.orders.query import search_orders
from tocsin.orders.screen import screen_orders

# What the raw engine writes as it is stored: instants and amounts as whole numbers.
_PLAIN = [n for n, name in enumerate(COLUMNS) if name not in {"placed", "payable", "quantity", "unit_price", "line_discount", "line_total"}]  # fmt: skip


def require_same(product: Product, raw: Raw, folder: Path | None = None) -> None:
    """Fail where desk and raw engine answer differently; files are compared where a folder for them is given."""
    clerk, db = product.house.actor("owner"), product.db
    numbers, drafts = sample(product.numbers, repeats=5)
    texts = [number[-4:] for number in numbers]
    texts += [text for d in drafts for text in (d.receiver.phone[-4:], d.receiver.name[:2], d.lines[0].sku)]
    for text in texts:
        found = search_orders(db, clerk, text=text, door="bench").rows
        assert [row.number for row in found] == [row[1] for row in raw.search(text)] != [], text
    page = screen_orders(db, clerk, wanted=WANTED, door="bench")
    assert [row.number for row in page.rows] == [row[1] for row in raw.page(2**62, 50)]
    assert product.count_paid() == raw.count_paid()
    if folder:
        product.write_csv(str(folder / "desk.csv"))
        raw.write_csv(str(folder / "raw.csv"))
        desk, other = (_cells(folder / name) for name in ("desk.csv", "raw.csv"))
        assert desk[0] == [COLUMNS[n] for n in _PLAIN] and desk[1:] == other


def _cells(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [[row[n] for n in _PLAIN] for row in csv.reader(file)]
