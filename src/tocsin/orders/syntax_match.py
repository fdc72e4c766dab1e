"""A query asked of one order in memory: for rules of a merchant's own, and to prove what the databases answer."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from tocsin.orders.draft import Order
from tocsin.orders.search import order_tokens
from tocsin.orders.syntax_meaning import All, Any, Equal, Found, Held, Meaning, Not, Prefix, Span

_COLUMNS = (
    "id", "shop_id", "number", "revision", "channel", "external_id", "desk_state", "payment", "payment_method",
    "fulfilment", "delivery", "campaign", "pickup_point", "community", "group_state", "currency", "payable_minor", "placed_at_us", "paid_at_us", "produced_at_us",
)  # fmt: skip


class Subject(Struct, frozen=True):
    """What a query can ask of an order: columns of its head, its search tokens, its open holds and its findings."""

    columns: Mapping[str, str | int | None]
    tokens: frozenset[str]
    holds: frozenset[str]
    findings: frozenset[str]


def subject_of(order: Order, *, holds: Iterable[str] = (), findings: Iterable[str] = ()) -> Subject:
    """Return an order, with its real receiver, as a query sees it."""
    columns = {name: getattr(order, name) for name in _COLUMNS}
    return Subject(
        columns, frozenset(order_tokens(order.number, order)), frozenset(holds), frozenset(findings)
    )


def matches(meaning: Meaning, subject: Subject) -> bool:
    """Tell whether a query shows an order."""
    if isinstance(meaning, All):
        return all(matches(part, subject) for part in meaning.parts)
    if isinstance(meaning, Any):
        return any(matches(part, subject) for part in meaning.parts)
    if isinstance(meaning, Not):
        return not matches(meaning.part, subject)
    if isinstance(meaning, Held):
        return bool(subject.holds.intersection(meaning.kinds) if meaning.kinds else subject.holds)
    if isinstance(meaning, Found):
        return not subject.findings.isdisjoint(meaning.codes)
    if isinstance(meaning, Equal | Span | Prefix):
        return _column(meaning, subject.columns[meaning.column])
    return any(subject.tokens.issuperset(group) for group in meaning.groups)


def _column(meaning: Equal | Span | Prefix, value: str | int | None) -> bool:
    if isinstance(meaning, Equal):
        return value in meaning.values
    if isinstance(meaning, Span):
        return isinstance(value, int) and meaning.low <= value < meaning.high
    return isinstance(value, str) and value.startswith(meaning.text)
