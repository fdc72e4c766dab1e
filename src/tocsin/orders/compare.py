"""The differences of two revisions: field by field, lines by their id, the receiver masked."""

from typing import Any

from msgspec import Struct

from tocsin.core.mask import mask_party, mask_text
from tocsin.core.party import Party
from tocsin.orders.draft import Line, Order, Totals

TEXTS = (
    "delivery", "campaign", "payment_method", "carrier", "waybill", "pickup_point", "community", "group_no", "group_state",
)  # fmt: skip


class Change(Struct, frozen=True):
    """One difference; text of the receiver is masked."""

    field: str
    before: str
    after: str


def compare_orders(before: Order, after: Order) -> list[Change]:
    """Return the differences of two revisions, lines by their id; personal text is masked."""
    changes = [
        Change(
            f"receiver.{name}",
            getattr(mask_party(before.receiver), name),
            getattr(mask_party(after.receiver), name),
        )
        for name in Party.__struct_fields__
        if getattr(before.receiver, name) != getattr(after.receiver, name)
    ]
    if before.merchant_note != after.merchant_note:
        notes = (mask_text(one.merchant_note, before.receiver, after.receiver) for one in (before, after))
        changes.append(Change("merchant_note", *notes))
    for name in TEXTS:
        changes += _changed(name, getattr(before, name), getattr(after, name))
    for name in Totals.__struct_fields__:
        if name != "paid_minor":
            changes += _changed(f"totals.{name}", getattr(before.totals, name), getattr(after.totals, name))
    return changes + _changed_lines(before.lines, after.lines)


def _changed(field: str, before: Any, after: Any) -> list[Change]:
    return [] if before == after else [Change(field, _shown(before), _shown(after))]


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _changed_lines(before: tuple[Line, ...], after: tuple[Line, ...]) -> list[Change]:
    earlier, later = {line.line_id: line for line in before}, {line.line_id: line for line in after}
    changes = []
    for line_id in [*earlier, *(i for i in later if i not in earlier)]:
        one, other = earlier.get(line_id), later.get(line_id)
        if one is None or other is None:
            changes.append(Change(f"lines.{line_id}", one.title if one else "", other.title if other else ""))
            continue
        for name in Line.__struct_fields__:
            changes += _changed(f"lines.{line_id}.{name}", getattr(one, name), getattr(other, name))
    return changes
