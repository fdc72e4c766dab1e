"""A filter as one text of the query language: what the search box shows of a screen, whatever schema saved it."""

from collections.abc import Iterator

from tocsin.core.money import plain_minor
from tocsin.orders.screen import Filter

_SAME = ("state", "payment", "fulfilment", "held", "finding", "campaign", "channel", "shop")
_SIGNS = frozenset(" ,()（），、：:|\"“”'")


def query_of(wanted: Filter, *, currency: str) -> str:
    """Return a filter as a query; amounts of a filter that names no currency are of the one given."""
    own = (
        f"({wanted.query})"
        if wanted.query and "sort:" not in wanted.query and "排序" not in wanted.query
        else wanted.query
    )
    parts = list(_parts(wanted, wanted.currency or currency))
    return " ".join([*parts, own]).strip() if parts else wanted.query


def quote_value(text: str) -> str:
    """Return a value as a query takes it: in quotes where a sign of the language is in it."""
    plain = text.replace('"', " ")
    return f'"{plain}"' if not plain or plain[0] in "-<>＜＞" or not _SIGNS.isdisjoint(plain) else plain


def _parts(wanted: Filter, currency: str) -> Iterator[str]:
    for name in _SAME:
        if getattr(wanted, name):
            yield f"{name}:{quote_value(getattr(wanted, name))}"
    if wanted.date_from or wanted.date_to:
        same = wanted.date_from == wanted.date_to
        yield f"placed:{wanted.date_from}" if same else f"placed:{wanted.date_from}..{wanted.date_to}"
    low, high = (
        "" if minor is None else plain_minor(minor, currency)
        for minor in (wanted.amount_min_minor, wanted.amount_max_minor)
    )
    if low or high:
        yield f"amount:{low}" if low == high else f"amount:{low}..{high}"
    if wanted.currency:
        yield f"currency:{wanted.currency}"
