"""The arithmetic of the mall sheet, made by the proof itself from the cells: no product code reads it here."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path

SHEET = Path(__file__).parents[1] / "data" / "mall_cn_orders" / "orders_joined.csv"


def read_sheet() -> dict[str, list[dict[str, str]]]:
    """Return the sheet's rows by order."""
    with SHEET.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {number: list(group) for number, group in groupby(rows, key=lambda row: row["订单号"])}


def declared_sum(row: dict[str, str]) -> Decimal:
    """Return goods + freight − promotion − coupon − points − adjustment as the sheet declares them."""
    taken_off = ("促销优惠", "优惠券抵扣", "积分抵扣", "后台调整")
    return Decimal(row["商品总额"]) + Decimal(row["运费"]) - sum(Decimal(row[name]) for name in taken_off)


def wrong_sums() -> set[str]:
    """Return orders whose declared amounts do not add up to what is payable."""
    return {n for n, rows in read_sheet().items() if declared_sum(rows[0]) != Decimal(rows[0]["应付金额"])}


def without_lines() -> set[str]:
    """Return orders in which nothing is sold."""
    return {n for n, rows in read_sheet().items() if not any(row["商品名称"] for row in rows)}


def expected_errors(rows: list[dict[str, str]]) -> set[str]:
    """Return the codes of level E that an order's cells call for."""
    return set(_errors(rows))


def _errors(rows: list[dict[str, str]]) -> Iterator[str]:
    first = rows[0]
    if declared_sum(first) != Decimal(first["应付金额"]):
        yield "sum_order"
    if not any(row["商品名称"] for row in rows):
        yield "required"
    if first["订单状态"] in ("已关闭", "待付款"):
        yield "state"
