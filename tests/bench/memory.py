"""What one work takes in memory, measured in a process of its own: a file of all orders, a sheet of 100,000 rows."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.data import make_orders
from tests.house import House
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.tenant import get_shop
from tocsin.core.vault import open_vault
from tocsin.orders.commit import commit_import
from tocsin.orders.download_file import content_of
from tocsin.orders.download_rows import COLUMNS
from tocsin.orders.format import Content, find_format, write_file
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import upload_sheet
from tocsin.orders.screen import Filter

SHEET_COLUMNS = (
    "订单号", "下单时间", "订单状态", "支付方式", "应付金额", "收货人", "联系电话", "省", "市", "区", "详细地址", "商品名称", "商品编码",
    "单价", "数量",
)  # fmt: skip
ALONE = ("CSV of all", "import csv", "import xlsx")
_HERE = Path(__file__).parents[2]


def measure_alone(
    works: Sequence[str], *, folder: Path, where: str, merchant_id: int, rows: int
) -> list[dict[str, Any]]:
    """Return units, seconds and highest memory of each work, each in a process of its own.

    Args:
        where: the database: a file, or the address of a PostgreSQL.
        rows: how many rows a sheet has.
    """
    found = []
    for work in works:
        if work.startswith("import"):  # made elsewhere: what a process takes is the import's own
            path = str(_sheet_of(folder, work))
            subprocess.run(
                [sys.executable, "-m", "tests.bench.memory", path, str(rows)], check=True, cwd=_HERE
            )
        command = [sys.executable, "-m", "tests.bench.memory", work, str(folder), where, str(merchant_id)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_HERE)
        found.append(json.loads(told.stdout))
    return found


def main() -> None:
    """Make a sheet, or do one work and print what it took."""
    if len(sys.argv) == 3:
        _make_sheet(Path(sys.argv[1]), rows=int(sys.argv[2]))
        return
    work, folder, where, merchant_id = sys.argv[1:]
    house, began = _open(Path(folder), where, int(merchant_id)), time.perf_counter()
    count = _import(house, _sheet_of(Path(folder), work)) if work.startswith("import") else _export(house)
    seconds = time.perf_counter() - began
    print(json.dumps({
        "work": work, "rows": count, "seconds": round(seconds, 1), "rows_per_second": round(count / seconds),
        "peak_mb": _peak_mb(), "child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }))  # fmt: skip


def _sheet_of(folder: Path, work: str) -> Path:
    return folder / f"sheet.{work.rpartition(' ')[2]}"


def _make_sheet(path: Path, *, rows: int) -> None:
    """Write a sheet of orders of five rows, which nobody has taken in yet."""
    with path.open("wb") as out:
        write_file(find_format(path.suffix[1:]), _content(rows, seed=90 + len(path.suffix)), out)


def _content(rows: int, *, seed: int) -> Content:
    return Content(SHEET_COLUMNS, lambda: _rows(rows // 5, seed), lambda: ())


def _rows(orders: int, seed: int) -> Iterator[tuple[str, ...]]:
    for draft in make_orders(orders, seed=seed):
        to = draft.receiver
        payable = f"{(draft.totals.payable_minor or 0) / 100:.2f}"
        head = (
            draft.external_id, "2026-11-01 12:00:00", "已支付", "微信", payable, to.name, to.phone, to.province, to.city,
            to.district, to.address,
        )  # fmt: skip
        for line in draft.lines:
            price, quantity = line.unit_price_micro / MICRO, line.quantity_micro // MICRO
            yield (*head, line.title, line.sku, f"{price:.2f}", str(quantity))


def _open(folder: Path, where: str, merchant_id: int) -> House:
    vault = open_vault(folder / "key")
    db: Database = PostgresDatabase(where, vault) if "://" in where else SqliteDatabase(Path(where), vault)
    return House(db, merchant_id, db.read(merchant_id, get_shop))


def _export(house: House) -> int:
    with open(os.devnull, "wb") as out, house.db.snapshot(house.merchant_id) as tx:
        return write_file(
            find_format("csv"), content_of(tx, wanted=Filter(), real=False, columns=COLUMNS), out
        )


def _import(house: House, path: Path) -> int:
    source = Source(path.name, "", path.read_bytes())
    found = upload_sheet(house.db, house.actor("owner"), source=source, options=ImportOptions())
    rows, import_id = sum(one.lines for one in found.foreseen), found.import_id
    del source, found
    done = commit_import(house.db, house.actor("owner"), import_id=import_id)
    assert (done.created, done.bad_rows) == (rows // 5, 0), done
    return rows


def _peak_mb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


if __name__ == "__main__":
    main()
