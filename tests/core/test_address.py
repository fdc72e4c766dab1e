"""What is counted as one address and as one network."""

import pytest

from tocsin.core.address import address_group, network_group


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
        ("x" * 100, "x" * 64),
    ],
)
def test_an_address_is_counted_with_its_neighbours(address: str, group: str) -> None:
    assert address_group(address) == group


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("0.0.0.9", "0.0.0.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::1", "::/48"),
        ("unix:", "unix:"),
    ],
)
def test_a_network_is_a_24_or_a_48(address: str, group: str) -> None:
    assert network_group(address) == group
