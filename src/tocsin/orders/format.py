"""The format contract: rows of text, or whole orders, become a file that a program can read and a spreadsheet can't run."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import BinaryIO, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.core.plugins import load_plugins
from tocsin.orders.draft import Order

T = TypeVar("T")
NUMBER_COLUMNS = frozenset({"payable", "quantity", "unit_price", "line_discount", "line_total"})
_AMOUNT = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?", re.ASCII)
_EXACT_DIGITS = 15


class OutputUnknown(Refusal):
    """There is no file format “{format}”: choose one of {formats}"""

    kind, code = "invalid", "output_unknown"


class TooManyForFormat(Refusal):
    """A file of format {format} holds at most {limit}: choose CSV, or fewer orders"""

    kind, code = "invalid", "too_many_for_format"


class Content(Struct, frozen=True):
    """What a file is made of; which of the two is read depends on the format."""

    columns: Sequence[str]
    rows: Callable[[], Iterable[tuple[str, ...]]]
    orders: Callable[[], Iterable[Order]]


class Format(Protocol):
    """A plug-in of `orders/formats`: one kind of file that orders are written as.

    One that writes rows has `write`, one that writes whole orders is an `OrderFormat`; `most` bounds
    how many rows or orders such a file holds, 0 where nothing does.
    """

    name: str
    title: str
    media_type: str
    suffix: str
    most: int


@runtime_checkable
class RowFormat(Protocol):
    """A format of rows under a heading."""

    def write(self, columns: Sequence[str], rows: Iterable[tuple[str, ...]], out: BinaryIO) -> int:
        """Write a heading row and the rows; return how many rows, the heading not counted."""
        ...


@runtime_checkable
class OrderFormat(Protocol):
    """A format of whole orders."""

    def write_orders(self, orders: Iterable[Order], out: BinaryIO) -> int:
        """Write the orders; return how many."""
        ...


@cache
def every_format() -> dict[str, Format]:
    """Return each format by name."""
    return {plugin.name: plugin for plugin in load_plugins("orders.formats").values()}


def find_format(name: str) -> Format:
    """Return a format by name.

    Raises:
        OutputUnknown: there is none of that name.
    """
    found = every_format()
    if name not in found:
        raise OutputUnknown(format=name[:40], formats=", ".join(found))
    return found[name]


def write_file(chosen: Format, content: Content, out: BinaryIO) -> int:
    """Write a file of a format; return how many rows, or orders, it holds.

    Raises:
        TooManyForFormat: there are more than such a file holds.
    """
    if isinstance(chosen, OrderFormat):
        return chosen.write_orders(_bounded(chosen, content.orders()), out)
    if not isinstance(chosen, RowFormat):
        raise TypeError(chosen.name)
    return chosen.write(content.columns, _bounded(chosen, content.rows()), out)


def _bounded(chosen: Format, given: Iterable[T]) -> Iterable[T]:
    return _until(chosen, given) if chosen.most else given


def _until(chosen: Format, given: Iterable[T]) -> Iterator[T]:
    for count, each in enumerate(given):
        if count == chosen.most:
            raise TooManyForFormat(format=chosen.title, limit=chosen.most)
        yield each


def read_number(column: str, text: str) -> str | int | float:
    """Return an amount or quantity as a number where a spreadsheet keeps each digit of it; else the text.

    Only columns of amounts become numbers: an id, a phone, a postcode would lose its noughts.
    """
    if column not in NUMBER_COLUMNS or not _AMOUNT.fullmatch(text):
        return text
    if sum(character.isdigit() for character in text) > _EXACT_DIGITS:
        return text
    return float(text) if "." in text else int(text)
