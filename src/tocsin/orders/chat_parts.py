"""The parts of one order in chat text: phone, name, address, goods, note; what is unclear is refused, never guessed."""

import re

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.money import parse_micro
from tocsin.orders.chat_address import address_end, ends_like_place, has_house, is_address
from tocsin.orders.chat_words import (
    PHONE,
    Run,
    find_runs,
    is_name,
    is_size,
    labelled,
    read_price,
    split_goods,
)
from tocsin.orders.draft import Line

_mobile = re.compile(r"^(?:\+?86[ -]?)?(1\d\d)[ -]?(\d{4})[ -]?(\d{4})(?: ?(?:转|分机|-) ?:? ?(\d{1,6}))?$")
_extension = re.compile(r" ?(?:转|分机) ?:? ?")


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


class GoodsUnclear(Refusal):
    """It is unclear where the goods begin: put a comma or a line break before them, or write 商品： before them"""

    kind, code = "invalid", "goods_unclear"


class GoodsUnnamed(Refusal):
    """Goods {line} are only a size or a number: write their name before it, such as 霍山石斛 50g×1"""

    kind, code = "invalid", "goods_unnamed"


class PriceUnclear(Refusal):
    """It is unclear to which goods a price belongs: write it right behind their count, such as 苹果×2@12.5"""

    kind, code = "invalid", "price_unclear"


class Parts(Struct):
    """What one order's text has given so far. `doubtful`: a name may stand among the goods' words."""

    phone: str = ""
    names: list[str] = []
    address: list[str] = []
    lines: list[Line] = []
    note: str = ""
    payment: str = ""
    unclear: int = 0
    doubtful: bool = False


def read_parts(text: str) -> Parts:
    """Return the parts of an order's text, all that an order needs.

    Raises:
        PhoneMissing, NameMissing, AddressMissing, GoodsMissing: it is not there.
        PhoneTwice, PartUnclear, GoodsUnclear, GoodsUnnamed, PriceUnclear: it can be read in several ways.
    """
    parts = Parts()
    phones = list(PHONE.finditer(text))
    if len({_plain_phone(found.group()) for found in phones}) > 1:
        raise PhoneTwice
    if phones:
        parts.phone = _plain_phone(phones[0].group())
    runs: list[tuple[str, Run]] = []
    for label, value in labelled(PHONE.sub(" \n ", text)):
        runs += _label_runs(parts, label, value)
    houses = [any(has_house(word) for word in run.words) for _, run in runs]
    for place, (label, run) in enumerate(runs):
        elsewhere = any(houses[:place]) or any(houses[place + 1 :])
        _take_run(parts, label, run, house_elsewhere=elsewhere and not houses[place])
    _require_all(parts)
    return parts


def _require_all(parts: Parts) -> None:
    if not parts.phone:
        raise PhoneMissing
    if not parts.lines:
        raise GoodsMissing
    if not parts.address:
        raise AddressMissing
    if not parts.names:
        raise GoodsUnclear if parts.doubtful else NameMissing
    if parts.unclear:
        raise PartUnclear(count=parts.unclear)


def _label_runs(parts: Parts, label: str, value: str) -> list[tuple[str, Run]]:
    """Return the runs of a label's text with what they must be; what stands on later lines may be anything."""
    first, _, later = value.strip().partition("\n")
    if label == "note":
        parts.note, first = " ".join(first.split()), ""
    elif label == "name":
        first = _take_name(parts, first)
    runs = find_runs(first)
    made = [(label if label == "goods" else "", run) for run in runs]
    if label == "address" and made:
        made[0] = (label, runs[0])
    return made + [("", run) for line in later.split("\n") for run in find_runs(line)]


def _take_name(parts: Parts, text: str) -> str:
    """Take the name that a label stands before; return what follows it."""
    segment, _, later = text.partition(",")
    words, used = segment.split(), 1
    while used < len(words) and (words[used - 1] + words[used]).isascii() and is_name(words[used]):
        used += 1
    rest = " ".join(words[used:])
    if used > 1 and any(run.count for run in find_runs(rest)):
        raise GoodsUnclear
    parts.names = words[:used]
    return f"{rest}, {later}"


def _take_run(parts: Parts, label: str, run: Run, *, house_elsewhere: bool) -> None:
    parts.payment = parts.payment or run.paid
    if len(run.words) == 1 and not run.count and (price := read_price(run.words[0])):
        _take_price(parts, price)
        return
    tail = run.words[-1] if run.count else ""
    head = run.words[:-1] if run.count else run.words
    if label == "goods" and not run.count:
        parts.unclear += len(head)
        return
    begin = (
        0 if label == "address" and head else next((n for n, word in enumerate(head) if is_address(word)), -1)
    )
    if label == "goods" or (run.count and house_elsewhere and label != "address"):
        begin = -1
    if begin >= 0:
        _take_loose(parts, head[:begin])
        head = _take_address(parts, head[begin:], tail=tail, loose=not run.count, labelled=label == "address")
    if not run.count:
        _take_loose(parts, head)
        return
    parts.doubtful |= label != "goods" and bool(head) and is_name(head[0])
    _take_goods(parts, [*head, tail] if tail else head, run)


def _take_address(parts: Parts, words: list[str], *, tail: str, loose: bool, labelled: bool) -> list[str]:
    """Take the address at the words' beginning; return the words behind it.

    Raises:
        GoodsUnclear: goods follow, and where they begin can't be told.
    """
    end, ended = address_end(words, following=tail, loose=loose)
    if loose and labelled and not ended:
        end = len(words)
    behind = words[end:]
    if not loose:
        whole = ended or ends_like_place(words[end - 1])
        lone_number = behind[0].isdigit() and len(behind) + bool(tail) > 1 and ended if behind else False
        if not whole or (behind and not ended) or lone_number or any(map(ends_like_place, behind)):
            raise GoodsUnclear
    parts.address += words[:end]
    return behind


def _take_goods(parts: Parts, words: list[str], run: Run) -> None:
    title, spec, price = split_goods(" ".join(words))
    if is_size(title):
        raise GoodsUnnamed(line=len(parts.lines) + 1)
    if has_house(title):
        raise GoodsUnclear
    if price and run.price:
        raise PriceUnclear
    price = run.price or price
    parts.lines.append(
        Line(
            title=title, spec=spec, quantity_micro=parse_micro(run.count), unit=run.unit,
            unit_price_micro=parse_micro(price) if price else 0,
        )
    )  # fmt: skip


def _take_price(parts: Parts, price: str) -> None:
    """Give a price that stands alone to the only goods before it."""
    if len(parts.lines) != 1 or parts.lines[0].unit_price_micro:
        raise PriceUnclear
    parts.lines[0] = replace(parts.lines[0], unit_price_micro=parse_micro(price))


def _take_loose(parts: Parts, words: list[str]) -> None:
    """Sort words that are neither address nor goods: the name, and what nobody can tell."""
    for word in words:
        if is_name(word) and (not parts.names or (parts.names[-1].isascii() and word.isascii())):
            parts.names.append(word)
        else:
            parts.unclear += 1


def _plain_phone(text: str) -> str:
    """Return a mobile number without blanks and country code; an extension stands after a hyphen."""
    found = _mobile.match(text)
    if not found:
        return _extension.sub("-", text)
    return "".join(found.group(1, 2, 3)) + (f"-{found[4]}" if found[4] else "")
