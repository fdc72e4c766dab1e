"""Chat text: name, phone, address and goods × count in any order, an order per line or per block.

Nothing is guessed: a part that can't be understood keeps its order out, and says which part it is.
"""

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.money import parse_micro
from tocsin.core.text import removed_characters
from tocsin.orders.chat_address import is_address, split_address
from tocsin.orders.chat_words import (
    NAME_LABEL,
    PHONE,
    find_goods,
    is_name,
    labelled,
    normalise_line,
    read_payment,
)
from tocsin.orders.draft import Draft, Line, Party
from tocsin.orders.importer import (
    ROW_LIMIT,
    BadRow,
    ImportOptions,
    Parsed,
    ParsedOrder,
    Source,
    TooManyRows,
    bad_row,
    show_name,
)
from tocsin.orders.sheet_grouping import check_options
from tocsin.orders.sheet_reading import decode_source, peek_text

BLOCK_LIMIT_CHARACTERS = 2_000
_mobile = re.compile(r"^(?:\+?86[ -]?)?(1\d\d)[ -]?(\d{4})[ -]?(\d{4})(?:(?:转|-)(\d{3,4}))?$")


class PhoneMissing(Refusal):
    """There is no phone number: add one, such as 13800138000"""

    kind, code = "invalid", "phone_missing"


class NameMissing(Refusal):
    """There is no name: add the receiver's name, or write 收货人： before it"""

    kind, code = "invalid", "name_missing"


class AddressMissing(Refusal):
    """There is no address: add it, or write 地址： before it"""

    kind, code = "invalid", "address_missing"


class GoodsMissing(Refusal):
    """There are no goods: add them with their count, such as 苹果×2"""

    kind, code = "invalid", "goods_missing"


class PartUnclear(Refusal):
    """{count} parts of the text can't be told apart: write 收货人：, 地址： and 商品： before them"""

    kind, code = "invalid", "part_unclear"


class PhoneTwice(Refusal):
    """There are several phone numbers: write one order per line, or an empty line between orders"""

    kind, code = "invalid", "phone_twice"


class BlockTooLong(Refusal):
    """The text of one order is longer than {limit} characters: put an empty line between orders"""

    kind, code = "invalid", "block_too_long"


class PastedImporter:
    """Reads orders out of chat text."""

    name, title = "pasted", "Chat text"

    def accepts(self, source: Source) -> int:
        """Return 30 for a text with a phone number, 20 for other plain text that is not a file."""
        text = peek_text(source)
        if PHONE.search(text):
            return 30
        return 20 if text.strip() and not source.filename and "json" not in source.content_type else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each order.

        Raises:
            EncodingUnreadable: the text is in no known encoding.
            TooManyRows: more than 200,000 lines.
        """
        check_options(options)
        text, encoding = decode_source(source, options.encoding)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if len(lines) > ROW_LIMIT:
            raise TooManyRows(filename=show_name(source), limit=ROW_LIMIT)
        orders: list[ParsedOrder] = []
        bad: list[BadRow] = []
        for row, block in _blocks(lines):
            try:
                draft = _read_block(block, options)
                # where in the text they stood is not known any more
                stripped = (
                    ("text",) if removed_characters("".join(lines[row - 1 : row - 1 + len(block)])) else ()
                )
                orders.append(ParsedOrder(row, replace(draft, stripped=stripped)))
            except Refusal as refusal:
                raw = "\n".join(block)
                bad.append(bad_row(refusal, row, field=_FIELDS.get(type(refusal), "text"), raw=raw))
        return Parsed(orders=tuple(orders), bad=tuple(bad), encoding=encoding)


_FIELDS: dict[type[Refusal], str] = {
    PhoneMissing: "phone", PhoneTwice: "phone", NameMissing: "receiver", AddressMissing: "address",
    GoodsMissing: "lines",
}  # fmt: skip


class _Parts(Struct):
    """What one order's text has given so far."""

    phone: str = ""
    names: list[str] = []
    address: list[str] = []
    lines: list[Line] = []
    note: str = ""
    payment: str = ""
    unclear: int = 0


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each order's lines with the number of its first line."""
    begin, block = 0, list[str]()
    has: set[str] = set()
    for number, raw in enumerate(lines, 1):
        if len(raw.strip()) > BLOCK_LIMIT_CHARACTERS:  # nothing is looked for in it: it stands alone
            if block:
                yield begin, block
            block, has = [], set()
            yield number, [raw]
            continue
        line = normalise_line(raw)
        new = _has(line)
        if block and (not line or _begins_order(has, new)):
            yield begin, block
            block, has = [], set()
        if line:
            begin = begin if block else number
            block.append(line)
            has |= new
    if block:
        yield begin, block


def _begins_order(has: set[str], new: set[str]) -> bool:
    """Tell whether a line begins the next order: the block is whole, or the line repeats what it has."""
    if has >= {"phone", "goods"} and new & {"phone", "name", "address"}:
        return True
    return "phone" in has and bool(new & {"phone", "name"} & has)


def _has(text: str) -> set[str]:
    found = {"phone"} if PHONE.search(text) else set()
    if find_goods(text)[1]:
        found.add("goods")
    if NAME_LABEL.search(text) or is_name(text):
        found.add("name")
    if any(is_address(word) for word in find_goods(text)[0].split()):
        found.add("address")
    return found


def _read_block(block: list[str], options: ImportOptions) -> Draft:
    text = "\n".join(block)
    if len(text) > BLOCK_LIMIT_CHARACTERS:
        raise BlockTooLong(limit=BLOCK_LIMIT_CHARACTERS)
    parts = _read_parts(text)
    _require_all(parts)
    province, city, district, address = split_address(" ".join(parts.address))
    method, payment = read_payment(parts.payment)
    return Draft(
        channel=options.channel or "pasted",
        shop=options.shop,
        currency=options.currency,
        payment=payment,
        payment_method=method,
        receiver=Party(
            name=" ".join(parts.names), phone=parts.phone, province=province, city=city, district=district,
            address=address, buyer_note=parts.note,
        ),
        lines=tuple(parts.lines),
    )  # fmt: skip


def _require_all(parts: _Parts) -> None:
    if not parts.phone:
        raise PhoneMissing
    if not parts.lines:
        raise GoodsMissing
    if not parts.address:
        raise AddressMissing
    if not parts.names:
        raise NameMissing
    if parts.unclear:
        raise PartUnclear(count=parts.unclear)


def _read_parts(text: str) -> _Parts:
    parts = _Parts()
    phones = list(PHONE.finditer(text))
    if len({_plain_phone(found.group()) for found in phones}) > 1:
        raise PhoneTwice
    if phones:
        parts.phone = _plain_phone(phones[0].group())
    free: list[str] = []
    for label, value in labelled(PHONE.sub(" \n ", text)):
        _take_labelled(parts, label, value, free)
    _take_free(parts, free)
    return parts


def _take_labelled(parts: _Parts, label: str, value: str, free: list[str]) -> None:
    """Give a labelled value to its part; what follows it without a label is sorted with the rest."""
    rest, goods, payment = find_goods(value)
    parts.lines += [_line(*each) for each in goods]
    parts.payment = parts.payment or payment
    first, _, later = rest.strip().partition("\n")
    if label == "name":
        parts.names = [first.strip()] if first.strip() else []
        free.append(later)
    elif label == "address":
        parts.address.append(" ".join(first.split()))
        free.append(later)
    elif label == "note":
        parts.note = " ".join(value.split())
    elif label == "goods":
        parts.unclear += len(rest.split())
    else:
        free.append(rest)


def _take_free(parts: _Parts, free: list[str]) -> None:
    """Sort unlabelled words: address words and those right after them, the name, and what is neither."""
    words = [word for text in free for word in text.split(" ") if word.strip()]
    follows = False
    for word in (each.strip() for text in words for each in re.split(r"(\n)", text)):
        if not word:
            follows = False
        elif is_address(word) or (follows and not is_name(word)):
            parts.address.append(word)
            follows = True
        elif is_name(word) and (not parts.names or (parts.names[-1].isascii() and word.isascii())):
            parts.names.append(word)
            follows = False
        elif follows:
            parts.address.append(word)
        else:
            parts.unclear += 1


def _plain_phone(text: str) -> str:
    """Return a mobile number without blanks and country code, its extension after a hyphen; others as they are."""
    found = _mobile.match(text)
    if not found:
        return text
    return "".join(found.group(1, 2, 3)) + (f"-{found[4]}" if found[4] else "")


def _line(title: str, count: str, unit: str, price: str) -> Line:
    return Line(
        title=title,
        quantity_micro=parse_micro(count),
        unit=unit,
        unit_price_micro=parse_micro(price) if price else 0,
    )


PLUGIN = PastedImporter()
