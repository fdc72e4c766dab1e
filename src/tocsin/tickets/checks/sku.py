"""sku: unknown where the shop keeps a list, ambiguous within the order, or a service sold as goods."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield what is wrong with each line's code; a line without one is unknown only where a list is kept."""
    meant: dict[str, tuple[str, str]] = {}
    for index, line in enumerate(order.lines):
        if line.sku in context.service_skus and not line.gift:
            yield _finding(index, "service")
        elif context.known_skus and line.sku not in context.known_skus:
            yield _finding(index, "unknown")
        elif line.sku and meant.setdefault(line.sku, (line.title, line.spec)) != (line.title, line.spec):
            yield _finding(index, "ambiguous")


def _finding(index: int, case: str) -> Finding:
    return Finding(code="sku", level="W", field=f"lines.{index}.sku", case=case, data={"line": index + 1})


PLUGIN = Check(
    code="sku",
    level="W",
    message="The code of line {line} is not clear",
    cases={
        "unknown": "The shop has no goods with the code of line {line}",
        "ambiguous": "The code of line {line} stands for something else in an earlier line",
        "service": "Line {line} is a service, not goods: nothing is to be packed for it",
    },
    find=find,
)
