"""Documents of shop platforms: JSON whose numbers stay text, so that no id loses digits and no amount becomes a float.

An importer gives the function that makes a draft of one order's document; what can't be read stands beside.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import structs

from tocsin.core.clock import SECOND_US
from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO, AmountUnreadable, minor_digits
from tocsin.core.text import removed_characters
from tocsin.orders.documents import Doc as Doc  # what each importer reads fields of
from tocsin.orders.documents import split_documents
from tocsin.orders.draft import Draft
from tocsin.orders.importer import (
    CELL_LIMIT_CHARACTERS,
    ROW_LIMIT,
    BadRow,
    ImportOptions,
    Parsed,
    ParsedOrder,
    Source,
    TooManyRows,
    bad_row,
    check_source,
    show_name,
)
from tocsin.orders.sheet_cells import (
    EARLIEST_US,
    LATEST_US,
    InstantOutside,
    InstantUnreadable,
    clean_text,
    read_amount,
    read_instant,
    read_micro,
)

T = TypeVar("T")
Build = Callable[[Doc, ImportOptions], Draft]
_WHOLE = re.compile(r"-?\d{1,17}", re.ASCII)
_PEEKED_BYTES = 1 << 20
_DEEPEST_WRAP = 4
_FIRST_WIDE = "\u2e80"


class DocumentForeign(Refusal):
    """This is not an order of {platform}: choose the importer that fits, or export the order again"""

    kind, code = "invalid", "document_foreign"


class ValueTooLong(Refusal):
    """The field {field} is longer than {limit} characters: shorten it"""

    kind, code = "invalid", "value_too_long"


def holds(source: Source, *keys: str) -> bool:
    """Tell whether a source is JSON that names each of some keys."""
    begin = source.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    peeked = source.data[:_PEEKED_BYTES]
    return begin in (b"{", b"[") and all(f'"{key}"'.encode() in peeked for key in keys)


def parse_documents(
    source: Source, options: ImportOptions, *, build: Build, marker: str, wraps: tuple[str, ...], platform: str
) -> Parsed:  # fmt: skip
    """Read each order's document.

    Args:
        marker: a key that an order has, and what wraps it lacks.
        wraps: keys under which one order or a list of them may stand.

    Raises:
        DocumentUnreadable: the whole is not JSON.
        TooManyRows: more than 200,000 orders.
    """
    check_source(source)
    orders, bad = list[ParsedOrder](), list[BadRow]()
    for count, (row, raw, found) in enumerate(_unwrapped(source, marker, wraps)):
        if count == ROW_LIMIT:
            raise TooManyRows(filename=show_name(source), limit=ROW_LIMIT)
        try:
            if found is None:
                raise DocumentForeign(platform=platform)
            orders.append(ParsedOrder(row, _clean(build(found, options))))
        except Refusal as refusal:
            bad.append(bad_row(refusal, row, field=str(refusal.data.get("field", "")), raw=raw))
    return Parsed(orders=tuple(orders), bad=tuple(bad))


def text_of(doc: Doc, *names: str) -> str:
    """Return the first of some fields that holds text or a number, as text; empty where none does.

    Raises:
        ValueTooLong: it is longer than any field of an order.
    """
    for name in names:
        value = doc.get(name)
        if isinstance(value, str) and value:
            if len(value) > CELL_LIMIT_CHARACTERS:
                raise ValueTooLong(field=name, limit=CELL_LIMIT_CHARACTERS)
            return value
    return ""


def name_of(part: Doc) -> str:
    """Return a person's name as its language writes it: family name first and no space where its letters are all Chinese.

    What a platform has put together itself the other way round is put right.
    """
    first, last, whole = (text_of(part, name) for name in ("first_name", "last_name", "name"))
    put = " ".join(filter(None, (first, last)))
    letters = [one for one in unicodedata.normalize("NFKC", put) if one.isalpha()]
    wide = bool(letters) and min(letters) >= _FIRST_WIDE
    return whole if whole and whole != put else f"{last}{first}" if wide else put


def within(doc: Doc, *path: str) -> Doc:
    """Return the object at a path, an empty one where there is none."""
    found: Any = doc
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def each_of(doc: Doc, name: str) -> list[Doc]:
    """Return the objects of a list."""
    found = doc.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def currency_of(text: str) -> str:
    """Return a currency code.

    Raises:
        CurrencyUnknown: it is none.
    """
    _at("currency", lambda: minor_digits(text))
    return text


def minor_of(doc: Doc, name: str, currency: str) -> int | None:
    """Return a decimal amount in minor units, None for a blank.

    Raises:
        AmountUnreadable, AmountTooFine: `data["field"]` names it.
    """
    return _at(name, lambda: read_amount(text_of(doc, name).strip(), currency))


def cents_of(doc: Doc, name: str) -> int | None:
    """Return an amount that is counted in minor units (分) already, None for a blank.

    Raises:
        AmountUnreadable: it is no whole number.
    """
    text = text_of(doc, name)
    if text and not _WHOLE.fullmatch(text):
        raise AmountUnreadable(field=name)
    return int(text) if text else None


def micro_of(doc: Doc, name: str) -> int | None:
    """Return a quantity or unit price in millionths, None for a blank.

    Raises:
        AmountUnreadable: it is not a number.
    """
    return _at(name, lambda: read_micro(text_of(doc, name).strip()))


def instant_of(doc: Doc, name: str, zone: str) -> int | None:
    """Return a written time in UTC microseconds; one without an offset is in the zone.

    Raises:
        InstantUnreadable, InstantOutside
    """
    return _at(name, lambda: read_instant(text_of(doc, name), zone))


def second_of(doc: Doc, name: str) -> int | None:
    """Return a time in seconds since 1970 as UTC microseconds; nought is none.

    Raises:
        InstantUnreadable, InstantOutside
    """
    text = text_of(doc, name)
    if text in ("", "0"):
        return None
    if not _WHOLE.fullmatch(text):
        raise InstantUnreadable(field=name)
    if not EARLIEST_US <= int(text) * SECOND_US < LATEST_US:
        raise InstantOutside(field=name)
    return int(text) * SECOND_US


def share_micro(total_minor: int, quantity_micro: int, currency: str) -> int:
    """Return the unit price in millionths of a line that comes to so much, to the nearest millionth."""
    scale = 10 ** (12 - minor_digits(currency))
    product = total_minor * int(scale)
    half = abs(quantity_micro) // 2
    return (product + half) // quantity_micro if quantity_micro else product // MICRO


def _clean(draft: Draft) -> Draft:
    """Return a draft with all its text in one clean line; the fields that held control or bidi characters are named."""
    stripped = list[str]()

    def cleaned(part: Any, path: str) -> Any:
        texts = {name: text for name, text in structs.asdict(part).items() if isinstance(text, str)}
        stripped.extend(f"{path}{name}" for name, text in texts.items() if removed_characters(text))
        return structs.replace(part, **{name: clean_text(text) for name, text in texts.items()})

    made: Draft = cleaned(draft, "")
    return structs.replace(
        made, receiver=cleaned(draft.receiver, "receiver."), stripped=tuple(stripped),
        lines=tuple(cleaned(line, f"lines.{n}.") for n, line in enumerate(draft.lines)),
    )  # fmt: skip


def _unwrapped(source: Source, marker: str, wraps: tuple[str, ...]) -> Iterator[tuple[int, str, Doc | None]]:
    for row, raw, document in split_documents(source):
        found = _orders_in(document, marker, wraps)
        if found is None or len(found) == 1:
            yield row, raw, found[0] if found else None
            continue
        for place, one in enumerate(found, row):
            yield place, json.dumps(one, ensure_ascii=False), one


def _orders_in(document: Any, marker: str, wraps: tuple[str, ...], depth: int = 0) -> list[Doc] | None:
    """Return the orders that a document is or wraps, None where it holds none."""
    if isinstance(document, list):
        return [one for one in document if isinstance(one, Mapping)]
    if not isinstance(document, Mapping) or depth == _DEEPEST_WRAP:
        return None
    if marker in document:
        return [document]
    inner = next((document[name] for name in wraps if name in document), None)
    return None if inner is None else _orders_in(inner, marker, wraps, depth + 1)


def _at(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except Refusal as refusal:
        refusal.data.setdefault("field", name)
        raise
