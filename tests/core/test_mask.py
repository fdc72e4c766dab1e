"""Masked text never contains what is sealed."""

from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.core.mask import mask_address, mask_name, mask_note, mask_party, mask_phone, mask_text
from tocsin.core.party import Party

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="*", exclude_categories=("Cs", "Cc", "Zs")),
    min_size=1,
    max_size=30,
)
PHONES = st.text("0123456789", min_size=1, max_size=15)


@given(name=WORDS, phone=PHONES, address=WORDS, note=WORDS)
def test_no_masked_field_contains_a_sealed_one(name: str, phone: str, address: str, note: str) -> None:
    # One character of a name that is also the whole phone or address tells nothing of either.
    assume(not any(one in other for one, other in permutations((name, phone, address), 2)))
    real = Party(name=name, phone=phone, address=address, buyer_note=f"{note}{name}，电话{phone}，{address}")
    masked = mask_party(real)
    for text in (masked.name, masked.phone, masked.buyer_note, masked.address):
        assert name not in text and address not in text
        assert phone not in text
    assert masked.buyer_note != real.buyer_note


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", ""), ("张三", "张*"), ("王小明", "王**"), ("欧阳娜娜", "欧阳**"), ("欧阳", "欧*"), ("John Smith", "J*** S****"),
        ("王", "*"), ("J", "*"), ("J R", "* *"),
    ],
)  # fmt: skip
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("", ""),
        ("13812345678", "138****5678"),
        ("12345678", "******78"),
        ("12", "**"),
        ("1234", "****"),
        ("12345", "***45"),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("", ""),
        ("黄山路 12 号 3 栋 402 室", "黄山路***"),
        ("某小区5栋", "某小***"),
        ("路", "***"),
        ("12 Baker Street, flat 5", "12 Baker Street***"),
    ],
)
def test_addresses(address: str, masked: str) -> None:
    assert mask_address(address) == masked


def test_notes_hide_runs_of_six_digits_and_the_receiver_himself() -> None:
    assert mask_note("电话 138 1234 5678，2 箱") == "电话 " + mask_phone("138 1234 5678") + "，2 箱"
    assert "123456" not in mask_note("门锁 123456")
    assert mask_note("12345 件") == "12345 件"
    masked = mask_party(
        Party(name="王小明", phone="13812345678", buyer_note="王小明本人签收", postcode="230031")
    )
    assert masked.buyer_note == "***本人签收" and masked.postcode == "230***"
    assert mask_party(Party(postcode="23")).postcode == "***"


def test_places_stay_readable() -> None:
    masked = mask_party(Party(province="安徽省", city="合肥市", district="蜀山区", country="CN"))
    assert (masked.province, masked.city, masked.district, masked.country) == (
        "安徽省",
        "合肥市",
        "蜀山区",
        "CN",
    )


def test_a_piece_of_the_address_in_a_note_is_hidden_too() -> None:
    party = Party(
        address="紫薇大道 7 号 13 栋 2604 室", buyer_note="放 13 栋 2604 室门口，或紫薇大道的菜鸟站"
    )
    assert mask_party(party).buyer_note == "放***门口，或紫薇大道的菜鸟站"
    assert mask_text("改到 13 栋 2605 室", party) == "改到***5 室"
    assert mask_party(Party(address="短", buyer_note="短")).buyer_note == "***"
