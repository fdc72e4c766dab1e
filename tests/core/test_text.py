"""Text from outside is spelt one way, without invisible characters."""

import time
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.text import strip_control


@given(st.text())
def test_what_is_left_is_visible_and_composed(text: str) -> None:
    left = strip_control(text)
    assert not {unicodedata.category(c) for c in left} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert unicodedata.is_normalized("NFC", left) and strip_control(left) == left


def test_breaks_separate_and_bidi_goes() -> None:
    assert strip_control("5号\n3楼") == "5号 3楼"
    assert strip_control("a\u202eb\x00c") == "abc"
    assert strip_control("e\u0301") == "é"


def test_a_long_run_of_accents_is_cut_and_takes_no_time() -> None:
    began = time.process_time()
    left = strip_control("a" + "\u0327\u0301" * 200_000)  # uncut: some minutes
    assert time.process_time() - began < 2
    assert 1 < len(left) <= 32 and strip_control(left) == left
    plain = "é" * 400 + "梨" * 400
    assert strip_control(plain) == plain
    vietnamese = "tie\u0302\u0301ng Vie\u0323\u0302t " * 100
    assert strip_control(vietnamese) == "tiếng Việt " * 100
