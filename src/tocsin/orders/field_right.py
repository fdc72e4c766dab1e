"""Field rights: which fields of an order each role may amend, as the merchant chooses.

An owner may amend all, so that nobody is locked out of his own orders. Who has no role (an API key)
goes by what its rights are like: as a manager where it may cancel, else as a clerk.
"""

from typing import Literal, get_args

from msgspec import UNSET, Struct
from msgspec.structs import asdict

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.party import Party
from tocsin.core.preference import change_preference, preference_revision, read_preference
from tocsin.orders.amendment import Amendment
from tocsin.orders.compare import TEXTS
from tocsin.orders.draft import Line, Order, Totals

BOX = "amend_fields"
Group = Literal[
    "receiver",
    "notes",
    "goods",
    "quantity",
    "price",
    "sums",
    "campaign",
    "delivery",
    "parcel",
    "payment_method",
]
GROUPS: tuple[Group, ...] = get_args(Group)
ROLES = ("manager", "clerk")
_OF_FIELD: dict[str, Group] = {
    **{f"receiver.{name}": "receiver" for name in Party.__struct_fields__},
    **{f"totals.{name.removesuffix('_minor')}": "sums" for name in Totals.__struct_fields__},
    "receiver.buyer_note": "notes", "merchant_note": "notes", "campaign": "campaign", "delivery": "delivery",
    "payment_method": "payment_method", "carrier": "parcel", "waybill": "parcel", "pickup_point": "delivery", "community": "delivery",
    "group_no": "campaign", "group_state": "campaign", "quantity": "quantity",
    "unit_price": "price", "discount": "price", "total": "price", "gift": "price",
}  # fmt: skip


class FieldLocked(Refusal):
    """Your role may not change {fields} of an order: ask a manager, or an owner to open it under Settings, Amending"""

    kind, code = "refused", "field_locked"


class FieldRights(Struct, frozen=True, kw_only=True):
    """What each role may not amend; nothing is locked unless the merchant locks it."""

    manager: tuple[Group, ...] = ()
    clerk: tuple[Group, ...] = ()


def group_of(field: str) -> Group:
    """Return the group of a field by its path, such as `lines.2.quantity` or `receiver.phone`."""
    if field in _OF_FIELD:
        return _OF_FIELD[field]
    name = field.rpartition(".")[2]
    return _OF_FIELD.get(name, "goods") if field.startswith("lines.") else "goods"


def locked_groups(tx: Tx, actor: Actor) -> frozenset[Group]:
    """Return what an actor may not amend."""
    if actor.role in ("owner", "desk"):
        return frozenset()
    role = actor.role if actor.role in ROLES else ROLES[not actor.may("cancel")]
    return frozenset(getattr(read_preference(tx, FieldRights, box=BOX), role))


def require_fields(
    tx: Tx, actor: Actor, before: Order, *, after: Order, typed: Amendment | None = None
) -> None:
    """Refuse a change of fields that the actor's role may not amend.

    Sums that only follow from lines that he may change are no change of his.

    Args:
        typed: what he typed; without it all that differs is his.

    Raises:
        FieldLocked
    """
    locked = locked_groups(tx, actor)
    if not locked:
        return
    found = touched_groups(before, after, typed=typed) & locked
    if found:
        raise FieldLocked(fields=", ".join(group for group in GROUPS if group in found))


def touched_groups(before: Order, after: Order, *, typed: Amendment | None = None) -> frozenset[Group]:
    """Return the groups of fields that a change touches."""
    found: set[Group] = {
        group_of(f"receiver.{name}") for name in Party.__struct_fields__
        if getattr(before.receiver, name) != getattr(after.receiver, name)
    }  # fmt: skip
    for name in ("merchant_note", *TEXTS):
        if getattr(before, name) != getattr(after, name):
            found.add(_OF_FIELD[name])
    lines = after.lines if typed is None or typed.lines is UNSET else typed.lines
    if typed is None or typed.lines is not UNSET:
        found |= _line_groups(before.lines, lines)
    if _sums_touched(before, after, typed):
        found.add("sums")
    return frozenset(found)


def change_field_rights(tx: Tx, actor: Actor, chosen: FieldRights, *, revision: int) -> int:
    """Choose what each role may not amend, against the revision that was seen.

    Raises:
        NotAllowed, PreferenceMoved
    """
    return change_preference(tx, actor, chosen, box=BOX, revision=revision)


def read_field_rights(tx: Tx) -> tuple[FieldRights, int]:
    """Return what each role may not amend, and the revision to change it against."""
    return read_preference(tx, FieldRights, box=BOX), preference_revision(tx, box=BOX)


def _sums_touched(before: Order, after: Order, typed: Amendment | None) -> bool:
    changed = {
        name for name, minor in asdict(after.totals).items()
        if name != "paid_minor" and minor != getattr(before.totals, name)
    }  # fmt: skip
    if typed is None or typed.lines is UNSET:
        return bool(changed)
    return any(getattr(typed.totals, name) is not UNSET for name in changed)


def _line_groups(before: tuple[Line, ...], after: tuple[Line, ...]) -> set[Group]:
    earlier, later = {line.line_id: line for line in before}, {line.line_id: line for line in after}
    found: set[Group] = set()
    for line_id in earlier.keys() | later.keys():
        one, other = earlier.get(line_id), later.get(line_id)
        if one is None or other is None:
            found.add("goods")
            if other and _is_priced(other):
                found.add("price")
            continue
        found |= {
            group_of(f"lines.0.{name.removesuffix('_micro').removesuffix('_minor')}") for name in Line.__struct_fields__
            if getattr(one, name) != getattr(other, name) and name != "line_id"
        }  # fmt: skip
    return found


def _is_priced(line: Line) -> bool:
    return bool(line.unit_price_micro or line.discount_minor or line.total_minor)
