"""What one shop's sheet does otherwise than any sheet: its marks, headings, words and sums, as data."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.money import MICRO, line_total_minor
from tocsin.orders.chat_address import split_address
from tocsin.orders.draft import Line, Totals
from tocsin.orders.headings import field_of, plain_heading
from tocsin.orders.status_words import Status, read_status

_postcode = re.compile(r"\s*[(（](\d{6})[)）]\s*$", re.ASCII)
_joined = re.compile(r"[，,]")
_NO_REFUND = frozenset(
    "|没有申请退款|没有退款|无退款|无售后|无售后或售后取消|售后取消|退款关闭|退款取消|-|—".split("|")
)
_REFUNDED = frozenset({"退款成功", "已退款", "全额退款"})


class Shape(Struct, frozen=True, kw_only=True, dict=True):
    """A shop's sheet.

    Args:
        marks: headings that no other sheet has together, compared plainly.
        headings: field to headings, before those that any sheet may have; "" is a heading that must not be read.
        words: the shop's words for states that no other has.
        joined_titles: several goods stand in one cell, separated by commas.
        split_place: province, city and district begin the address, a postcode may end it.
        discount_from_total: a line's total is what was paid of it.
        payable_is_goods: the sheet tells only what is payable.
        goods_before: payable is told before and after discounts; whether the first holds the freight, the sums tell.
    """

    name: str
    title: str
    channel: str
    sureness: int = 80
    marks: tuple[str, ...] = ()
    headings: Mapping[str, tuple[str, ...]] = {}
    words: Mapping[str, Status] = {}
    joined_titles: bool = False
    split_place: bool = True
    discount_from_total: bool = False
    payable_is_goods: bool = False
    goods_before: bool = False

    @cached_property
    def field_of(self) -> Callable[[str], str]:
        """Return what gives the field and rank of a heading."""
        own = {
            plain_heading(heading): f"{field}:{rank}" if field else ""
            for field, headings in self.headings.items()
            for rank, heading in enumerate(headings)
        }
        taken = {field for field in self.headings if field}

        def find(heading: str) -> str:
            plain = plain_heading(heading)
            if plain in own:
                return own[plain]
            field, _, rank = field_of(heading).partition(":")
            return f"{field}:{int(rank) + 100 * (field in taken)}" if field else ""

        return find

    def is_marked(self, cells: Sequence[str]) -> bool:
        """Tell whether a heading row has all marks."""
        return {plain_heading(mark) for mark in self.marks} <= set(map(plain_heading, cells))

    def read_status(self, word: str) -> Status | None:
        """Return what a word says, None for one that is not known."""
        return self.words.get(word.replace(" ", "").replace("，", ",")) or read_status(word)

    def settle(self, totals: Totals, lines: tuple[Line, ...], *, currency: str) -> Totals:
        """Return the totals; where the shop tells what is payable before and after discounts, the sums tell the discount."""
        if not self.goods_before or totals.payable_minor is None or not lines:
            return totals
        goods = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, currency) for line in lines)
        whole = goods + totals.shipping_minor - totals.payable_minor
        if totals.promotion_minor in (whole, whole - totals.shipping_minor) and whole >= 0:
            return replace(totals, promotion_minor=whole)
        return totals


def split_place(address: str, postcode: str) -> tuple[tuple[str, str, str, str], str]:
    """Return province, city, district and the rest of an address, and the postcode that stands at its end."""
    found = _postcode.search(address)
    if found:
        address, postcode = address[: found.start()], postcode or found[1]
    return split_address(address), postcode


def split_titles(
    title: str, kinds: str, *, quantity_micro: int | None, goods_minor: int
) -> list[tuple[str, int]]:
    """Return several goods of one cell with their part of the sum, none where it is one, or where counts are not told.

    Only one of each can be told apart: as many pieces as goods. The sum is shared evenly, since the sheet has no price.
    """
    parts = [part for each in _joined.split(title) if (part := each.strip())]
    if len(parts) < 2 or quantity_micro != len(parts) * MICRO or (kinds and kinds != str(len(parts))):
        return []
    share, more = divmod(goods_minor, len(parts))
    return [(part, share + (place < more)) for place, part in enumerate(parts)]


def read_refund(refunds: Sequence[str], status: Status) -> Status | None:
    """Return the status with what the rows say of refunds, None where that is not known."""
    done = [refund in _REFUNDED for refund in refunds]
    if not all(known or refund in _NO_REFUND for known, refund in zip(done, refunds, strict=True)):
        return None
    if not any(done):
        return status
    return replace(status, payment="refunded" if all(done) else "part_refunded")
