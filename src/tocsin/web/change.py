"""Differences between revisions as pages show them: lines by their place, amounts as amounts."""

from collections.abc import Iterable

from msgspec import Struct

from tocsin.core.money import plain_micro, show_money
from tocsin.orders.amend import Change
from tocsin.orders.draft import Line, Order
from tocsin.web.page import show_price


class ShownChange(Struct, frozen=True):
    """One difference as pages take it: `field` is a form's path, lines count from 0."""

    field: str
    before: str
    after: str


def show_changes(
    changes: Iterable[Change], *, before: Order, after: Order | None = None, locale: str
) -> list[ShownChange]:
    """Return differences of two revisions as a reader sees them."""
    places = _places(before) if after is None else {**_places(before), **_places(after)}
    return [_show(change, places, before.currency, locale) for change in changes if not _hidden(change)]


def _places(order: Order) -> dict[str, int]:
    return {line.line_id: place for place, line in enumerate(order.lines)}


def _hidden(change: Change) -> bool:
    return change.field.startswith("lines.") and change.field.endswith(".line_id")


def _show(change: Change, places: dict[str, int], currency: str, locale: str) -> ShownChange:
    path, name = change.field, ""
    if path.startswith("lines."):
        line_id = path.removeprefix("lines.")
        head, _, tail = line_id.rpartition(".")
        if head and tail in Line.__struct_fields__:
            line_id, name = head, tail
        path = f"lines.{places.get(line_id, 0)}" + (f".{_plain(name)}" if name else "")
    elif path.startswith("totals."):
        name = path.removeprefix("totals.")
        path = f"totals.{_plain(name)}"
    return ShownChange(
        path, _value(name, change.before, currency, locale), _value(name, change.after, currency, locale)
    )


def _plain(name: str) -> str:
    return name.removesuffix("_minor").removesuffix("_micro")


def _value(name: str, text: str, currency: str, locale: str) -> str:
    if not text:
        return text
    if name.endswith("_minor"):
        return show_money(int(text), currency, locale)
    if name == "unit_price_micro":
        return show_price(int(text), currency)
    return plain_micro(int(text)) if name.endswith("_micro") else text
