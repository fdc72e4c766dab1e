"""What a query means: its tree with fields, values, days and words put in the desk's own terms.

The outcome knows no text any more. `syntax_sql` asks a database with it, `syntax_match` one order; both give the same.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.money import parse_minor
from tocsin.core.tenant import Shop
from tocsin.orders.search import name_tokens, phone_tokens, readings, split_terms, title_tokens
from tocsin.orders.syntax import Both, Either, Field, Item, Negated, Node, Words
from tocsin.orders.syntax_dates import DateUnreadable, read_span
from tocsin.orders.syntax_fields import QueryField, find_field, refuse_star

_RANGE = re.compile(r"(?P<op>>=|<=|>|<|＞|＜)?(?P<value>.+)", re.DOTALL)
_NONE, _ALL = -(2**63), 2**63 - 1


class SortMisplaced(Refusal):
    """A sort stands once, beside the other terms and not in a bracket (character {place}): take it out"""

    kind, code = "invalid", "sort_misplaced"


class ValueUnreadable(Refusal):
    """“{value}” can't be read (character {place}): write {cure}"""

    kind, code = "invalid", "value_unreadable"


class Place(Struct, frozen=True):
    """Where and when a query is asked. Its shop is found by its code, the first one by none, and only where it matters."""

    now_us: int
    find_shop: Callable[[str], Shop]
    shop: str = ""
    currency: str = ""

    def zone(self) -> str:
        """Return whose days are meant."""
        return self.find_shop(self.shop).zone

    def money(self) -> str:
        """Return the currency of amounts: the one that is named, else the shop's."""
        return self.currency or self.find_shop(self.shop).currency


class All(Struct, frozen=True, tag=True):
    """All parts hold; none is everything."""

    parts: tuple["Meaning", ...]


class Any(Struct, frozen=True, tag=True):
    """One part holds; none is nothing."""

    parts: tuple["Meaning", ...]


class Not(Struct, frozen=True, tag=True):
    """The part does not hold."""

    part: "Meaning"


class Equal(Struct, frozen=True, tag=True):
    """A column of the head is one of some values."""

    column: str
    values: tuple[str | int, ...]


class Span(Struct, frozen=True, tag=True):
    """A column lies in low ≤ x < high; what has no value lies nowhere."""

    column: str
    low: int
    high: int


class Prefix(Struct, frozen=True, tag=True):
    """A column begins with a text."""

    column: str
    text: str


class Held(Struct, frozen=True, tag=True):
    """The order has an open hold, of one of some kinds where any are named."""

    kinds: tuple[str, ...] = ()


class Found(Struct, frozen=True, tag=True):
    """The last check found one of some codes."""

    codes: tuple[str, ...]


class Tokens(Struct, frozen=True, tag=True):
    """All search tokens of one group are the order's."""

    groups: tuple[tuple[str, ...], ...]
    text: str


Meaning = All | Any | Not | Equal | Span | Prefix | Held | Found | Tokens


class Sort(Struct, frozen=True):
    """By which column of the head a list goes, and whether the least comes first."""

    column: str = "id"
    rising: bool = False


class Asked(Struct, frozen=True):
    """What a query asks for, and the code of the shop where it is read; of none it is the first."""

    meaning: Meaning
    sort: Sort | None
    shop: str


def read_meaning(node: Node, place: Place) -> Asked:
    """Return what a tree means at a place.

    Raises:
        FieldUnknown, ValueUnknown, ValueUnreadable, DateUnreadable, SortMisplaced, ShopMissing
        AmountUnreadable: an amount is no number of the currency.
    """
    parts = node.parts if isinstance(node, Both) else (node,)
    kept, sorts = list[Node](), list[Field]()
    for part in parts:
        sorts.append(part) if _is_sort(part) else kept.append(part)  # type: ignore[arg-type]
    if len(sorts) > 1:
        raise SortMisplaced(place=sorts[1].place)
    place = _place_of(kept, place)
    meaning = All(tuple(_mean(part, place) for part in kept))
    return Asked(meaning, _sort(sorts[0].items[0]) if sorts else None, place.shop)


def _is_sort(part: Node) -> bool:
    return isinstance(part, Field) and find_field(part.name, place=part.place).kind == "sort"


def _place_of(parts: list[Node], place: Place) -> Place:
    """A query that names one shop is read there; amounts are of the currency that it names, else of the shop's."""
    named = {
        find_field(part.name, place=part.place).name: part.items for part in parts if isinstance(part, Field)
    }
    if len(items := named.get("shop", ())) == 1:
        place = replace(place, shop=items[0].text)
    return replace(place, currency=named["currency"][0].text.upper()) if "currency" in named else place


def _mean(node: Node, place: Place) -> Meaning:
    if isinstance(node, Words):
        return All(tuple(_word(term) for term in split_terms(node.text)))
    if isinstance(node, Negated):
        return Not(_mean(node.part, place))
    if isinstance(node, Both):
        return All(tuple(_mean(part, place) for part in node.parts))
    if isinstance(node, Either):
        return Any(tuple(_mean(part, place) for part in node.parts))
    field = find_field(node.name, place=node.place)
    if field.kind == "sort":
        raise SortMisplaced(place=node.place)
    if field.kind in ("choice", "text", "finding", "hold"):
        return _MANY[field.kind](field, node.items)
    parts = tuple(_one(field, item, place) for item in node.items)
    return parts[0] if len(parts) == 1 else Any(parts)


def _word(term: str) -> Tokens:
    return Tokens(tuple(tuple(sorted(group)) for group in readings(term)), term)


def _choice(field: QueryField, items: tuple[Item, ...]) -> Meaning:
    values = [field.read(item.text, place=item.place) for item in items]
    plain: Meaning = Equal(field.column, tuple(value for value in values if value != "held"))
    if "held" not in values:
        return plain
    return Held() if len(set(values)) == 1 else Any((Held(), plain))


def _text(field: QueryField, items: tuple[Item, ...]) -> Meaning:
    for item in items:
        refuse_star(item.text, place=item.place)
    change = str.upper if field.name == "currency" else str
    return Equal(field.column, tuple(change(item.text) for item in items))


def _hold(field: QueryField, items: tuple[Item, ...]) -> Meaning:
    values = {field.read(item.text, place=item.place) for item in items}
    kinds = tuple(sorted(values - {"yes", "no"}))
    parts: list[Meaning] = [Held()] if "yes" in values else [Held(kinds)] if kinds else []
    parts += [Not(Held())] if "no" in values else []
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _finding(_field: QueryField, items: tuple[Item, ...]) -> Meaning:
    return Found(tuple(item.text for item in items))


_MANY: dict[str, Callable[[QueryField, tuple[Item, ...]], Meaning]] = {
    "choice": _choice, "text": _text, "hold": _hold, "finding": _finding,
}  # fmt: skip


def _one(field: QueryField, item: Item, place: Place) -> Meaning:
    if field.kind == "shop":
        return Equal("shop_id", (place.find_shop(item.text).id,))
    if field.kind == "prefix":
        refuse_star(item.text.removesuffix("*"), place=item.place)
        text = item.text.upper() if field.name == "number" else item.text
        return Prefix(field.column, text[:-1]) if text.endswith("*") else Equal(field.column, (text,))
    if field.kind == "search":
        return _search(field, item)
    if field.kind == "date":
        read = partial(read_span, zone=place.zone(), now_us=place.now_us)
        return Span(field.column, *_span(item, read))
    if field.kind == "number":
        return Span(field.column, *_span(item, partial(_whole, item)))
    money = place.money()
    low, high = _span(item, lambda text: _minor(text, money, item))
    return All((Equal("currency", (money,)), Span(field.column, low, high)))


_TOKENS: dict[str, Callable[[str], set[str]]] = {
    "name": name_tokens, "phone": phone_tokens, "title": title_tokens, "sku": lambda text: {f"s{text.lower()}"},
}  # fmt: skip


def _search(field: QueryField, item: Item) -> Meaning:
    refuse_star(item.text, place=item.place)
    tokens = _TOKENS[field.name](item.text)
    if not tokens:
        cure = (
            "the last four, the last eight or all digits" if field.name == "phone" else "a letter or a digit"
        )
        raise ValueUnreadable(value=item.text[:40], place=item.place, cure=cure)
    return Tokens((tuple(sorted(tokens)),), item.text.lower())


def _span(item: Item, read: Callable[[str], tuple[int, int]]) -> tuple[int, int]:
    """Return low ≤ x < high of `5`, `>5`, `<=5`, `5..9`, `5..` or `..9`, both ends included."""
    first, dots, last = item.text.partition("..")
    try:
        if dots and (first or last):
            return read(first)[0] if first else _NONE, read(last)[1] if last else _ALL
        parts = _RANGE.fullmatch(item.text)
        assert parts is not None, "an item is never empty"
        low, high = read(parts["value"])
    except DateUnreadable as refusal:
        refusal.data["place"] = item.place
        raise
    above, below = (high, _ALL), (_NONE, low)
    ends = {">": above, "＞": above, ">=": (low, _ALL), "<": below, "＜": below, "<=": (_NONE, high)}
    return ends.get(parts["op"] or "", (low, high))


def _whole(item: Item, text: str) -> tuple[int, int]:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueUnreadable(value=text[:40], place=item.place, cure="a whole number")
    return int(text), int(text) + 1


def _minor(text: str, currency: str, item: Item) -> tuple[int, int]:
    try:
        minor = parse_minor(text, currency)
    except Refusal:
        raise ValueUnreadable(value=text[:40], place=item.place, cure="an amount such as 12.50") from None
    return minor, minor + 1


def _sort(item: Item) -> Sort:
    text = item.text.lower()
    name = text.rstrip("+-")
    field = find_field("sort", place=item.place)
    column = {"newest": "id", "placed": "placed_at_us", "amount": "payable_minor"}[
        field.read(name, place=item.place)
    ]
    return Sort(column, rising=not text.endswith("-") and column != "id")


def token_parts(meaning: Meaning) -> Iterator[Tokens]:
    """Yield the words that must all be found, whatever else is asked: an index can lead by them."""
    if isinstance(meaning, Tokens):
        yield meaning
    elif isinstance(meaning, All):
        for part in meaning.parts:
            yield from token_parts(part)
