"""width: a line that is wider than the paper and is wrapped."""

import unicodedata
from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each title or spec that takes more than one row of the paper; numbers are never cut."""
    for index, line in enumerate(order.lines):
        for name in ("title", "spec"):
            columns = _columns(getattr(line, name))
            if columns > context.paper_columns:
                data: dict[str, str | int] = {"line": index + 1, "rows": -(-columns // context.paper_columns)}
                yield Finding(code="width", level="I", field=f"lines.{index}.{name}", data=data)


def _columns(text: str) -> int:
    """Return the width in half-width columns, as East Asian paper counts them."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


PLUGIN = Check(
    code="width",
    level="I",
    message="A text of line {line} takes {rows} rows of the paper",
    find=find,
)
