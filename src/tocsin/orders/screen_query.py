"""Filters of fields, as addresses, the API and what was kept before may hold them: each is one text of the query language."""

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.money import plain_minor
from tocsin.core.tenant import get_shop
from tocsin.orders.screen import Filter

FORM_FIELDS = (
    "state", "payment", "fulfilment", "hold", "finding", "date_from", "date_to", "amount_from", "amount_to", "campaign",
    "channel", "query",
)  # fmt: skip
_SAME = ("state", "payment", "fulfilment", "held", "finding", "campaign", "channel", "shop", "currency")
_HOLDS = {"any": "yes", "none": "no"}
_SIGNS = frozenset(" ,()（），、：:|\"“”'")
_SORTED = re.compile(r"(sort|排序)[:：]", re.IGNORECASE)


class Fields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter by its fields, which must all hold; amounts are of `currency`, the shop's where none is named."""

    query: str = ""
    state: str = ""
    payment: str = ""
    fulfilment: str = ""
    held: str = ""
    finding: str = ""
    date_from: str = ""
    date_to: str = ""
    amount_min_minor: int | None = None
    amount_max_minor: int | None = None
    currency: str = ""
    campaign: str = ""
    channel: str = ""
    shop: str = ""


_decode = msgspec.json.Decoder(Fields).decode


def filter_of(tx: Tx, fields: Fields) -> Filter:
    """Return fields as a filter of one text.

    Raises:
        ShopMissing: there is no such shop to tell an amount's currency.
    """
    texts = {name: str(getattr(fields, name)) for name in ("query", "date_from", "date_to", *_SAME)}
    amounts = {"amount_from": fields.amount_min_minor, "amount_to": fields.amount_max_minor}
    if set(amounts.values()) != {None}:
        money = fields.currency or get_shop(tx, code=fields.shop).currency
        texts |= {name: plain_minor(minor, money) for name, minor in amounts.items() if minor is not None}
    return Filter(query=query_of(texts))


def kept_filter(tx: Tx, kept: str) -> Filter:
    """Return a filter that was kept as JSON, today's or one of fields.

    Raises:
        ShopMissing: as in `filter_of`.
    """
    return filter_of(tx, _decode(kept))


def query_of(fields: Mapping[str, str]) -> str:
    """Return one text that asks what fields ask for: by day where days are given, unless it sorts itself."""
    asked = fields.get("query", "")
    parts = list(_parts(fields))
    if asked and parts:
        parts.append(asked if _SORTED.search(asked) else f"({asked})")
    if (fields.get("date_from") or fields.get("date_to")) and not _SORTED.search(asked):
        parts.append("sort:placed-")
    return " ".join(parts) if parts else asked


def quote_value(text: str) -> str:
    """Return a value as a query takes it: in quotes where a sign of the language is in it."""
    plain = text.replace('"', " ")
    return f'"{plain}"' if not plain or plain[0] in "-<>＜＞" or not _SIGNS.isdisjoint(plain) else plain


def _parts(fields: Mapping[str, str]) -> Iterator[str]:
    hold = fields.get("hold", "")
    named = {"held": _HOLDS.get(hold, hold), **fields}
    for name in _SAME:
        if value := named.get(name, ""):
            yield f"{name}:{quote_value(value)}"
    for name, low, high in (
        ("placed", fields.get("date_from", ""), fields.get("date_to", "")),
        ("amount", fields.get("amount_from", ""), fields.get("amount_to", "")),
    ):
        if low or high:
            yield f"{name}:{quote_value(low if low == high else f'{low}..{high}')}"
