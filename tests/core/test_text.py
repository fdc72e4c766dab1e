"""Text from outside is spelt one way, without invisible characters."""

import time
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.text import all_plain, removed_characters, strip_control


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


@given(
    st.lists(
        st.text(alphabet=st.characters() | st.sampled_from(" |\u0301\u0338\u200b"), max_size=8), max_size=4
    )
)
def test_texts_that_are_plain_together_are_what_cleaning_leaves(texts: list[str]) -> None:
    if all_plain([*texts, 7, None]):
        assert [strip_control(text).strip() for text in texts] == texts
        assert not any(removed_characters(text) for text in texts)


def test_texts_of_every_day_are_plain() -> None:
    assert all_plain(["王小明", "13812345678", "", "黄山路 12 号", "SKU-001", "a|b"])
    assert not any(all_plain([text]) for text in (" a", "a ", "a\u200b", "e\u0301", "a\nb"))
