"""Places: networks, enrolled desks, and the desks of one's own shops."""

import pytest

from tocsin.access.place import (
    NetworkWrong,
    Place,
    read_places,
    show_places,
    within_places,
    within_shops,
)


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("192.0.2.0", True), ("192.0.2.255", True), ("192.0.3.0", False), ("198.51.100.9", True), ("198.51.100.10", False),
        ("::ffff:192.0.2.7", True), ("2001:db8::1", True), ("2001:db9::1", False), ("", False), ("localhost", False),
    ],
)  # fmt: skip
def test_an_address_is_in_one_of_the_networks_or_not(address: str, within: bool) -> None:
    stored = read_places("192.0.2.0/24, 198.51.100.9 2001:db8::/32", desks_only=False)
    assert within_places(stored, Place(address)) is within


def test_a_range_may_be_written_by_any_of_its_addresses() -> None:
    assert show_places(read_places("192.0.2.77/24", desks_only=False)).networks == ("192.0.2.0/24",)


def test_nothing_stored_is_anywhere_and_desks_alone_is_a_desk_alone() -> None:
    assert read_places(" ", desks_only=False) == "" and within_places("", Place("anything"))
    desks = read_places("", desks_only=True)
    assert within_places(desks, Place("203.0.113.1", desk_id=5)) and not within_places(
        desks, Place("203.0.113.1")
    )
    both = read_places("192.0.2.0/24", desks_only=True)
    assert [within_places(both, Place(a, d)) for a, d in (("192.0.2.1", 5), ("192.0.2.1", 0), ("203.0.113.1", 5))] == [
        True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "networks", ["192.0.2.0/33", "desk.local", "192.0.2.1-9", " ".join(["192.0.2.1"] * 33)]
)
def test_what_is_no_network_is_refused(networks: str) -> None:
    with pytest.raises(NetworkWrong):
        read_places(networks, desks_only=False)


def test_a_desk_of_another_shop_is_not_ones_own() -> None:
    assert within_shops("", Place("", 5, 7)) and within_shops("[7,8]", Place("", 5, 7))
    assert not within_shops("[8]", Place("", 5, 7))
    assert within_shops("[8]", Place("", 5, 0)) and within_shops("[8]", Place("203.0.113.1"))
