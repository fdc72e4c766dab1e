"""Three versions of one order: what each of two changed of what both began with, and where a person must choose.

Fields are compared by their path, lines by their id. Sums that only follow from the lines on both
sides are no choice: they are computed from the merged lines.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.party import Party
from tocsin.orders.compare import TEXTS
from tocsin.orders.draft import Line, Order, Totals
from tocsin.orders.total import recalculate

Side = Literal["theirs", "mine", "follows", ""]
_TEXTS = ("merchant_note", *TEXTS)
_SUMS = {"totals.goods_minor", "totals.promotion_minor", "totals.payable_minor"}


class SideMissing(Refusal):
    """Both sides changed {field}: choose one of the two for each field that collides"""

    kind, code = "invalid", "side_missing"


class Way(Struct, frozen=True, kw_only=True):
    """One field in three versions, personal text masked; `side` is what holds without a choice, "" where one is needed."""

    field: str
    base: str
    theirs: str
    mine: str
    side: Side


def three_ways(base: Order, theirs: Order, mine: Order) -> list[Way]:
    """Return each field in which one of two versions differs from what both began with."""
    found = []
    follows = _agrees(theirs) and _agrees(mine)
    flat = [_flat(one, among=(base, theirs, mine)) for one in (base, theirs, mine)]
    shown = [_flat(_masked(one, base), among=(base, theirs, mine)) for one in (base, theirs, mine)]
    for field in dict.fromkeys(name for one in flat for name in one):
        was, their, my = (one.get(field) for one in flat)
        if was == their == my:
            continue
        side: Side = "theirs" if my in (was, their) else "mine" if their == was else ""
        if not side and follows and (field in _SUMS or field.endswith(".total_minor")):
            side = "follows"
        texts = [_text(one.get(field)) for one in shown]
        found.append(Way(field=field, base=texts[0], theirs=texts[1], mine=texts[2], side=side))
    return found


def merge_orders(base: Order, theirs: Order, mine: Order, *, picks: Mapping[str, str]) -> Order:
    """Return one order of three versions: what one side changed, and of what both changed what was picked.

    Args:
        picks: `theirs` or `mine` by field; a field that does not collide may be picked too.

    Raises:
        SideMissing: a field that collides was not picked.
    """
    ways = three_ways(base, theirs, mine)
    sides = {way.field: picks.get(way.field, way.side) for way in ways}
    if unchosen := [way.field for way in ways if sides[way.field] not in ("theirs", "mine", "follows")]:
        raise SideMissing(field=unchosen[0])
    wanted, other = (_flat(one, among=(base, theirs, mine)) for one in (theirs, mine))
    wanted |= {field: other.get(field) for field, side in sides.items() if side == "mine"}
    lines = _lines(wanted, [*theirs.lines, *mine.lines])
    sums: dict[str, Any] = {
        name: theirs.totals.paid_minor if name == "paid_minor" else wanted[f"totals.{name}"]
        for name in Totals.__struct_fields__
    }  # fmt: skip
    totals = Totals(**sums)
    if "follows" in sides.values():
        lines, totals = recalculate(lines, totals, theirs.currency, earlier=base.lines)
    party = Party(**{name: wanted[f"receiver.{name}"] for name in Party.__struct_fields__})
    return replace(
        theirs, receiver=party, lines=lines, totals=totals, **{name: wanted[name] for name in _TEXTS}
    )


def _flat(order: Order, *, among: tuple[Order, ...]) -> dict[str, Any]:
    """Return an order's content by path; a line that not all versions have is one whole."""
    common = set.intersection(*({line.line_id for line in one.lines} for one in among))
    found: dict[str, Any] = {
        f"receiver.{name}": getattr(order.receiver, name) for name in Party.__struct_fields__
    }
    found |= {name: getattr(order, name) for name in _TEXTS}
    for line in order.lines:
        path = f"lines.{line.line_id}"
        if line.line_id in common:
            found |= {
                f"{path}.{name}": getattr(line, name) for name in Line.__struct_fields__ if name != "line_id"
            }
        else:
            found[path] = line
    found |= {
        f"totals.{name}": getattr(order.totals, name) for name in Totals.__struct_fields__ if name != "paid_minor"
    }  # fmt: skip
    return found


def _lines(wanted: Mapping[str, Any], order: list[Line]) -> tuple[Line, ...]:
    made: dict[str, Line | None] = {}
    for line in order:
        if line.line_id in made:
            continue
        path = f"lines.{line.line_id}"
        if f"{path}.title" in wanted:
            fields = {name: wanted[f"{path}.{name}"] for name in Line.__struct_fields__ if name != "line_id"}
            made[line.line_id] = replace(line, **fields)
        else:
            made[line.line_id] = wanted.get(path)
    return tuple(line for line in made.values() if line is not None)


def _agrees(order: Order) -> bool:
    """Tell whether an order's sums are those that follow from its lines."""
    lines, totals = recalculate(order.lines, order.totals, order.currency)
    return totals.payable_minor == order.payable_minor and all(
        one.total_minor in (None, other.total_minor) for one, other in zip(order.lines, lines, strict=True)
    )


def _masked(order: Order, base: Order) -> Order:
    note = mask_text(order.merchant_note, order.receiver, base.receiver)
    return replace(order, receiver=mask_party(order.receiver), merchant_note=note)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.title if isinstance(value, Line) else str(value)
