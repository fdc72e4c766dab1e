"""The axes of an order that its shop moves, each by its own news: payment, fulfilment, and whether it is cancelled.

A document says all axes at one instant, and the newest document counts. News of one axis alone (a payment
notification) counts beside it whatever came first: what a document has not heard of yet is no denial. So the outcome
depends on what was said and when, never on the order in which it arrived.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.clock import MINUTE_US
from tocsin.orders.draft import Draft, Fulfilment, Payment

# What money has done counts more than what was asked: a payment is not undone by a document that had not heard of it.
_MONEY: dict[str, int] = {"paid": 1, "part_refunded": 2, "refunded": 3}
_WAY: tuple[Fulfilment, ...] = ("unfulfilled", "partial", "shipped", "delivered", "returned")
_PAYMENTS: tuple[Payment, ...] = ("unpaid", "authorised", "closed", "paid", "part_refunded", "refunded")
AXES = ("payment", "fulfilment", "cancelled", "paid_minor", "paid_at_us", "external_status", "status_known")
_CLOCKS_APART_US = 10 * MINUTE_US
D = TypeVar("D", bound=Draft)
Values = dict[str, Any]
Said = dict[str, tuple[int, Values]]
"""The newest news of each axis: when it was so, and what."""


class AxisNews(Struct, frozen=True, kw_only=True):
    """News of one axis of an order that is found by its source; `at_us` is when it was so there."""

    channel: str
    external_id: str
    at_us: int
    shop: str = ""
    payment: Payment | None = None
    paid_minor: int | None = None
    fulfilment: Fulfilment | None = None
    cancelled: bool | None = None

    def said(self) -> Said:
        """Return what is told of each axis."""
        found: Said = {}
        if self.payment is not None:
            paid: Values = {"payment": self.payment}
            if self.payment == "paid":
                paid |= {"paid_minor": self.paid_minor, "paid_at_us": self.at_us}
            found["payment"] = (self.at_us, paid)
        if self.fulfilment is not None:
            found["fulfilment"] = (self.at_us, {"fulfilment": self.fulfilment})
        if self.cancelled is not None:
            found["cancelled"] = (self.at_us, {"cancelled": self.cancelled})
        return found


def heard_at(at_us: int, now_us: int) -> int:
    """Return when news was so: what a source puts far into the future was so now, or it would bar all that follows."""
    return at_us if at_us <= now_us + _CLOCKS_APART_US else now_us


def as_heard(draft: D, now_us: int) -> D:
    """Return a draft whose version lies in no future."""
    version_us = draft.source_version_us
    if version_us is None or heard_at(version_us, now_us) == version_us:
        return draft
    return replace(draft, source_version_us=now_us)


def axes_of(draft: Draft) -> Values:
    """Return what a draft says of each axis."""
    return {
        "payment": draft.payment, "fulfilment": draft.fulfilment, "cancelled": draft.cancelled,
        "paid_minor": draft.totals.paid_minor, "paid_at_us": draft.paid_at_us,
        "external_status": draft.external_status, "status_known": draft.status_known,
    }  # fmt: skip


def keep_axes(values: Mapping[str, Any]) -> str:
    """Return axes as they are stored."""
    return msgspec.json.encode([values[name] for name in AXES]).decode()


def kept_axes(text: str) -> Values:
    """Return axes as they were stored."""
    return dict(zip(AXES, msgspec.json.decode(text), strict=True))


def keep_said(said: Said) -> str:
    """Return news as they are stored."""
    return msgspec.json.encode(said, order="sorted").decode() if said else ""


def kept_said(text: str) -> Said:
    """Return news as they were stored."""
    return msgspec.json.decode(text, type=Said) if text else {}


def join_said(one: Said, other: Said) -> Said:
    """Return the newest of two pieces of news for each axis; at the same instant the one further on."""
    joined = dict(one)
    for axis, (at_us, values) in other.items():
        if axis not in joined or _place(axis, at_us, values) > _place(axis, *joined[axis]):
            joined[axis] = (at_us, values)
    return joined


def further(values: Mapping[str, Any]) -> tuple[bool, int, int]:
    """Return how far on a document's axes are: of two of the same instant the further one is the later."""
    return (bool(values["cancelled"]), _PAYMENTS.index(values["payment"]), _WAY.index(values["fulfilment"]))


def settle_axes(document: Values, version_us: int | None, said: Said) -> Values:
    """Return where each axis stands by the newest document and the newest news of each axis."""
    found = dict(document)
    if "payment" in said:
        _, values = said["payment"]
        if _MONEY.get(values["payment"], 0) > _MONEY.get(document["payment"], 0):
            found |= {name: value for name, value in values.items() if value is not None}
    if "fulfilment" in said:
        at_us, values = said["fulfilment"]
        if document["fulfilment"] == "unfulfilled" or at_us > (version_us or 0):
            found |= values
    if "cancelled" in said:
        at_us, values = said["cancelled"]
        if at_us >= (version_us or 0):
            found |= values
    return found


def is_paid_though_closed(document: Values, settled: Values) -> bool:
    """Tell whether money came for an order that its shop closed or cancelled unpaid."""
    closed = document["payment"] == "closed" or bool(settled["cancelled"])
    return closed and settled["payment"] == "paid" and document["payment"] not in _MONEY


def _place(axis: str, at_us: int, values: Values) -> tuple[int, int]:
    if axis == "payment":
        return (_MONEY.get(values["payment"], 0), at_us)
    return (at_us, _WAY.index(values["fulfilment"]) if axis == "fulfilment" else int(values["cancelled"]))
