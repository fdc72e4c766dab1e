"""Chat text: name, phone, address and goods × count in any order, an order per line or per block.

Nothing is guessed: a part that can't be understood keeps its order out, and says which part it is.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.text import removed_characters
from tocsin.orders.chat_address import ends_like_place, has_house, is_address, split_address
from tocsin.orders.chat_parts import (
    AddressMissing,
    GoodsMissing,
    GoodsUnclear,
    GoodsUnnamed,
    NameMissing,
    PhoneMissing,
    PhoneTwice,
    PriceUnclear,
    read_parts,
)
from tocsin.orders.chat_relay import Relay, price_lines, read_relay
from tocsin.orders.chat_words import NAME_LABEL, PHONE, find_runs, is_name, normalise_line, read_payment
from tocsin.orders.draft import Draft, Party
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
        relay = read_relay(lines)
        for row, block in _entries(relay) if relay else _blocks(lines):
            try:
                draft = _read_block(block, options, relay=relay)
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
    GoodsMissing: "lines", GoodsUnclear: "lines", GoodsUnnamed: "lines", PriceUnclear: "lines",
}  # fmt: skip


def _entries(relay: Relay) -> Iterator[tuple[int, list[str]]]:
    """Yield the entries of a relay as blocks are; one that names no address is fetched at the relay's place."""
    for row, lines in relay.entries:
        yield row, [normalise_line(line) for line in lines]


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
    """Tell whether a line begins the next order: the block or the line is whole, or the line repeats."""
    whole = {"phone", "address", "goods"}
    if new >= whole and has & whole:
        return True
    if has >= {"phone", "goods"} and new & {"phone", "name", "address"}:
        return True
    return "phone" in has and bool(new & {"phone", "name"} & has)


def _has(text: str) -> set[str]:
    found = {"phone"} if PHONE.search(text) else set()
    runs = find_runs(text)
    if any(run.count for run in runs):
        found.add("goods")
    if NAME_LABEL.search(text) or is_name(text):
        found.add("name")
    for run in runs:
        # 云南普洱 357g×1 are goods: with a count, only a house or the like tells an address
        surely = (has_house, ends_like_place) if run.count else (is_address,)
        if any(tell(word) for word in (run.words[:-1] if run.count else run.words) for tell in surely):
            found.add("address")
    return found


def _read_block(block: list[str], options: ImportOptions, *, relay: Relay | None) -> Draft:
    text = "\n".join(block)
    if len(text) > BLOCK_LIMIT_CHARACTERS:
        raise BlockTooLong(limit=BLOCK_LIMIT_CHARACTERS)
    place = relay.place if relay else ""
    try:
        parts = read_parts(text)
    except AddressMissing:
        if not place:
            raise
        parts = read_parts(f"{text}\n地址: {place}")
        parts.address = []
    province, city, district, address = split_address(" ".join(parts.address))
    method, payment = read_payment(parts.payment)
    return Draft(
        channel=options.channel or "pasted",
        shop=options.shop,
        currency=options.currency,
        payment=payment,
        payment_method=method,
        community=relay.place if relay else "",
        delivery="pickup" if relay and relay.place else "express",
        receiver=Party(
            name=" ".join(parts.names), phone=parts.phone, province=province, city=city, district=district,
            address=f"{place} {address}".strip(), buyer_note=parts.note,
        ),
        lines=price_lines(parts.lines, relay) if relay else tuple(parts.lines),
    )  # fmt: skip


PLUGIN = PastedImporter()
