"""Relays of chat groups (接龙): a heading with prices and a place to fetch, and below it a numbered line per buyer."""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.money import parse_micro
from tocsin.core.text import strip_control
from tocsin.orders.chat_words import split_goods
from tocsin.orders.draft import Line

_numbered = re.compile(r"^\s*(\d{1,3})\s*(?:[.．](?!\d)|[.．](?=1\d{10}(?!\d))|[、)）:：])\s*(?=\S)")
_priced = re.compile(
    r"^(?P<title>.*?\S)[\s:：]*(?:[¥￥](?P<marked>\d{1,7}(?:\.\d{1,2})?)元?|(?<![\d.])(?P<plain>\d{1,7}(?:\.\d{1,2})?)\s*元)"
    r"(?:\s*[/每一]\s*\S{1,4})?$"
)
_place = re.compile(
    r"^(?:自提点|自提地址|自提地点|取货点|取货地址|提货点|提货地址)\s*[:：]\s*(?P<place>\S.*)$"
)
_bullet = re.compile(r"^(?:[-*·•●▪①-⑳]|[A-Za-z][.、)])\s*")


class RelayGoodsUnlisted(Refusal):
    """Goods {line} are not in the price list above: write their name as it stands there"""

    kind, code = "invalid", "relay_goods_unlisted"


class Relay(Struct, frozen=True):
    """A relay: price in millionths by goods, where it is fetched, and the entries with their line in the text."""

    prices: dict[str, int]
    place: str
    entries: tuple[tuple[int, list[str]], ...]


def read_relay(lines: Sequence[str]) -> Relay | None:
    """Return the relay that a text is, None for any other text.

    It is one when its numbers run from 1 on, and there are two of them or the word 接龙 stands above.
    """
    found = [(place, int(match[1])) for place, line in enumerate(lines) if (match := _numbered.match(line))]
    named = any("接龙" in line for line in lines[: found[0][0]]) if found else False
    if [number for _, number in found] != list(range(1, len(found) + 1)) or len(found) < 2 - named:
        return None
    prices, place = _read_heading(lines[: found[0][0]])
    ends = [at for at, _ in found[1:]] + [len(lines)]
    entries = tuple(
        (at + 1, _entry(lines[at:end])) for (at, _), end in zip(found, ends, strict=True)
    )  # fmt: skip
    return Relay(prices, place, entries)


def price_lines(lines: Sequence[Line], relay: Relay) -> tuple[Line, ...]:
    """Return an entry's lines with the prices of the list; a price of its own stays.

    Raises:
        RelayGoodsUnlisted: there is a list, and the goods are not in it.
    """
    priced: list[Line] = []
    for place, line in enumerate(lines, 1):
        price = relay.prices.get(
            " ".join(filter(None, (line.title, line.spec))), relay.prices.get(line.title)
        )
        if relay.prices and price is None and not line.unit_price_micro:
            raise RelayGoodsUnlisted(line=place)
        priced.append(
            line if line.unit_price_micro or price is None else replace(line, unit_price_micro=price)
        )
    return tuple(priced)


def _read_heading(lines: Sequence[str]) -> tuple[dict[str, int], str]:
    prices: dict[str, int] = {}
    place = ""
    for line in lines:
        text = _bullet.sub("", strip_control(line).strip())
        if found := _place.match(text):
            place = found["place"]
        elif (found := _priced.match(text)) and len(text) < 200:
            title, spec, _ = split_goods(" ".join(found["title"].rstrip(":： ").split()))
            price = parse_micro(found["marked"] or found["plain"])
            for name in {" ".join(filter(None, (title, spec))), title}:
                # the same goods in two sizes: only the whole name tells them apart
                prices[name] = -1 if name in prices and prices[name] != price else price
    return {name: price for name, price in prices.items() if price >= 0}, place


def _entry(lines: Sequence[str]) -> list[str]:
    """Return an entry's lines without its number, up to the first empty one."""
    kept: list[str] = []
    for line in (_numbered.sub("", lines[0], count=1), *lines[1:]):
        if not line.strip():
            break
        kept.append(line)
    return kept
