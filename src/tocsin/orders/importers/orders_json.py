"""Our own JSON: one order, a list of orders, or an order per line (JSON Lines)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tocsin.core.errors import Refusal
from tocsin.orders.importer import (
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
from tocsin.orders.wire import OrderIn, draft_from_in

_order = msgspec.json.Decoder(OrderIn)
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(msgspec.Raw)
_VALUE = re.compile(r"(?<=value) ['\"].*['\"]", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]{1,40}")
_UNKNOWN = "Object contains unknown field "


class JsonUnreadable(Refusal):
    """{filename} is not well-formed JSON (line {line}): {problem}"""

    kind, code = "invalid", "json_unreadable"


class OrderNotReadable(Refusal):
    """The order is not as described in the guide: {problem}"""

    kind, code = "invalid", "order_not_readable"


class KeyTwice(Refusal):
    """The key “{key}” appears twice in one object: send it once"""

    kind, code = "invalid", "key_twice"


class OrdersJsonImporter:
    """Reads the wire shape `OrderIn`."""

    name, title = "orders_json", "JSON, JSON Lines"

    def accepts(self, source: Source) -> int:
        """Return 90 for what begins as JSON does, or is called JSON."""
        begin = source.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        return 90 if begin in (b"{", b"[") else 50 if "json" in source.content_type else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each order.

        Raises:
            JsonUnreadable: the list or single object as a whole is not well-formed.
            TooManyRows: more than 200,000 orders.
        """
        check_source(source)
        orders: list[ParsedOrder] = []
        bad: list[BadRow] = []
        for count, (line, raw) in enumerate(_split(source)):
            if count == ROW_LIMIT:
                raise TooManyRows(filename=show_name(source), limit=ROW_LIMIT)
            try:
                orders.append(ParsedOrder(line, draft_from_in(read_order(raw), options)))
            except Refusal as refusal:
                field = str(refusal.data.get("field", ""))
                bad.append(bad_row(refusal, line, field=field, raw=raw.decode("utf-8", "replace")))
        return Parsed(orders=tuple(orders), bad=tuple(bad))


def read_order(raw: bytes) -> OrderIn:
    """Return one JSON object as a wire order.

    Raises:
        OrderNotReadable: it is not JSON (NaN is not), or not of this shape; the problem names the place.
        KeyTwice: a key appears twice in one object.
    """
    try:
        order = _order.decode(raw)
        json.loads(raw, object_pairs_hook=_refuse_twice)
    except (msgspec.MsgspecError, ValueError, RecursionError) as failed:
        raise OrderNotReadable(problem=_say(failed)) from None
    return order


def _say(failed: Exception) -> str:
    """Return what is wrong and where, without the value: it may be personal. A name of a field stays."""
    text, at, place = str(failed).rpartition(" - at `$")
    text, place = (text, at + place) if at else (place, "")
    name = text.removeprefix(_UNKNOWN).strip("`")
    if text.startswith(_UNKNOWN) and not _NAME.fullmatch(name):
        text = _UNKNOWN.strip()
    return (_VALUE.sub(" '…'", text) + place)[:200]


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise KeyTwice(key=key[:40], field=key[:40])
        seen.add(key)


def _split(source: Source) -> Iterator[tuple[int, bytes]]:
    """Yield each order's text with the line where it begins."""
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    begin = data.lstrip()[:1]
    if begin == b"[":
        yield from _elements_of(data, show_name(source))
    elif begin == b"{" and _is_one(data, show_name(source)):
        yield data[: len(data) - len(data.lstrip())].count(b"\n") + 1, data
    else:
        yield from ((n, line) for n, line in enumerate(data.split(b"\n"), 1) if line.strip())


def _elements_of(data: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    try:
        elements = _elements.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as failed:
        raise JsonUnreadable(filename=name, line=1, problem=str(failed)[:120]) from None
    position, line = 0, 1
    for element in elements:
        raw = bytes(element)
        found = data.index(raw, position)
        line += data.count(b"\n", position, found)
        yield line, raw
        line += raw.count(b"\n")
        position = found + len(raw)


def _is_one(data: bytes, name: str) -> bool:
    """Tell whether the whole is one object; a broken one over many lines is not taken for JSON Lines."""
    try:
        _object.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as failed:
        if data.strip().split(b"\n", 1)[0].strip() in (b"{", b'{"'):
            raise JsonUnreadable(filename=name, line=1, problem=str(failed)[:120]) from None
        return False
    return True


PLUGIN = OrdersJsonImporter()
