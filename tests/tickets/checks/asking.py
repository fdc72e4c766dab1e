"""Asks one check about one order, as the tests of the catalogue do; the rows of their tables."""

from typing import Any, NamedTuple

from tests.desk import NOW_US, make_line, order_with
from tocsin.orders.draft import Order
from tocsin.tickets.rule import CheckContext, Finding, loaded_checks, run_checks


def make_context(**changes: Any) -> CheckContext:
    """Return a context with a font that has every character of the basic plane."""
    values: dict[str, Any] = {
        "now_us": NOW_US,
        "zone": "Asia/Shanghai",
        "missing_glyphs": lambda text: {character for character in text if ord(character) > 0xFFFF},
    }
    return CheckContext(**{**values, **changes})


def ask(code: str, order: Order, **context: Any) -> tuple[Finding, ...]:
    """Return what one check of the catalogue finds."""
    return run_checks(order, make_context(**context), checks=[loaded_checks()[code]])


def brief(found: tuple[Finding, ...]) -> list[str]:
    """Return findings as `E receiver.phone`."""
    return [f"{finding.level} {finding.field}".strip() for finding in found]


class Case(NamedTuple):
    """An order in its context, and the findings as `E field`."""

    order: Order
    found: tuple[str, ...] = ()
    context: dict[str, Any] = {}


def phones(numbers: str, *found: str, country: str = "CN") -> list[Case]:
    """Return a case per number of a list with a number per line."""
    return [
        Case(order_with(phone=number.strip(), country=country), found)
        for number in numbers.strip().splitlines()
    ]


def one_line(**changes: Any) -> Order:
    """Return an order of one line."""
    return order_with(lines=(make_line(**changes),))
