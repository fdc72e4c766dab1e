"""What the catalogue finds in 65 public orders."""

import csv
from collections import defaultdict

from tests.tickets.checks.asking import make_context
from tests.tickets.checks.mall_sheet import SHEET, read_mall_orders
from tocsin.tickets.rule import run_checks, text


def findings() -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for order in read_mall_orders():
        for finding in run_checks(order, make_context(asked_revision=1)):
            found[finding.level, finding.code][order.number] = text(finding)
    return found


def test_three_orders_do_not_add_up() -> None:
    wrong = findings()["E", "sum_order"]
    assert sorted(wrong) == ["201809130102000006", "201809150101000001", "202002250100000004"]
    assert "5.00 CNY apart" in wrong["201809130102000006"]
    assert "10.00 CNY apart" in wrong["201809150101000001"]
    assert "is 250.00, but 240.00 is payable" in wrong["202002250100000004"]


def test_ten_orders_have_no_line() -> None:
    found = findings()["E", "required"]
    assert len(found) == 10
    assert all("no line" in said for said in found.values())


def test_each_finding_is_the_one_that_is_listed() -> None:
    with SHEET.with_name("findings.csv").open(encoding="utf-8", newline="") as file:
        listed = [tuple(row) for row in csv.reader(file)][1:]
    assert listed == sorted(
        (order.number, found.field, found.level, found.code, text(found))
        for order in read_mall_orders()
        for found in run_checks(order, make_context(asked_revision=1))
    )


def test_how_many_orders_have_each_finding() -> None:
    assert {key: len(orders) for key, orders in findings().items()} == {
        ("E", "sum_order"): 3,
        ("E", "required"): 10,
        ("E", "state"): 25,  # 23 closed, 2 unpaid
        ("W", "address_short"): 65,  # all of them name a quarter alone
        ("W", "note"): 2,
        ("W", "sku"): 6,  # one code for two phones in an order
        ("I", "width"): 39,
    }


def test_an_order_with_several_findings_shows_all() -> None:
    order = next(order for order in read_mall_orders() if order.number == "201809130102000006")
    assert {finding.code for finding in run_checks(order, make_context())} == {
        "required",
        "state",
        "sum_order",
        "address_short",
        "note",
    }
