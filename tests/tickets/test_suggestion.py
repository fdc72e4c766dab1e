"""Suggestions: numbers and places that are real, out of what was typed; nothing where nothing fits, nothing of a mask."""

import pytest

from tocsin.tickets.division import broken_link
from tocsin.tickets.suggestion import suggest


@pytest.mark.parametrize(
    ("phone", "numbers"),
    [
        ("18033441849x", ["18033441849"]), ("+86 138-1234-5678 转", ["13812345678"]), ("138123456789", ["13812345678"]),
        ("１３８１２３４５６７８９", ["13812345678"]), ("12345", []), ("138****5678x", []), ("", []),
    ],
)  # fmt: skip
def test_a_number_is_found_in_what_was_typed(phone: str, numbers: list[str]) -> None:
    found = suggest({"receiver.phone": phone}, {"phone_shape"})
    assert [one["receiver.phone"] for one in found.get("receiver.phone", ())] == numbers
    assert suggest({"receiver.phone": phone}, {"address_short"}) == {}


@pytest.mark.parametrize(
    ("chain", "first"),
    [
        (("江苏省", "合肥市", "蜀山区"), ("安徽省", "合肥市", "蜀山区")),
        (("安徽", "南京", ""), ("江苏省", "南京市", "")),
        (("安徽省", "芜湖市", "蜀山区"), ("安徽省", "芜湖市", "")),
        (("安微省", "", ""), ("安徽省", "", "")),
    ],
)
def test_a_chain_that_is_real_is_offered(chain: tuple[str, ...], first: tuple[str, ...]) -> None:
    names = ("receiver.province", "receiver.city", "receiver.district")
    offered = suggest(dict(zip(names, chain, strict=True)), {"address_division"})["receiver.province"]
    assert tuple(offered[0].get(name, "") for name in names) == first
    assert all(broken_link(*(one.get(name, "") for name in names)) == "" for one in offered)


def test_nothing_is_offered_for_what_is_nowhere() -> None:
    assert suggest({"receiver.province": "Atlantis", "receiver.city": "阿特兰"}, {"address_division"}) == {}
