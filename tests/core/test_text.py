"""Text from outside: what is invisible goes, what is written stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.text import strip_control


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain text", "plain text"),
        ("黄山路 12 号", "黄山路 12 号"),
        ("5 号\n3 楼\t左\r\n右\u2028下", "5 号 3 楼 左  右 下"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("\u202e倒\u2069", "倒"),
        ("e\u0301", "é"),
        ("a\u0301\u200b", "á"),
        ("\ud800x\ue000y\ufdd0z", "xyz"),
        ("👨\u200d👩", "👨👩"),
        ("", ""),
    ],
)
def test_what_is_invisible_goes(text: str, clean: str):
    assert strip_control(text) == clean


@given(st.text())
def test_nothing_invisible_is_left_and_twice_is_once(text: str):
    clean = strip_control(text)
    assert not {unicodedata.category(c) for c in clean} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert strip_control(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
