"""Glyphs: what the font lacks is named before it is an empty box."""

import pytest
from fontTools.ttLib import TTFont

from tocsin.tickets.engine import FONT_FILES, FONTS
from tocsin.tickets.glyph import missing_glyphs


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("𠮷野家 王小明 ¥12.50 × 3", {"𠮷"}),
        ("砀山酥梨，龘靐！Yirgacheffe 中国", set()),
        ("好吃😀👍", {"😀", "👍"}),
        ("a\u00a0b\u3000c\n\t\u200b", set()),
        ("☎\ufe0f", set()),
        ("", set()),
        ("สวัสดี", set("สวัสดี")),
    ],
)
def test_missing_glyphs_are_named(text: str, missing: set[str]):
    assert missing_glyphs(text) == missing


def test_all_that_gb2312_writes_is_there():
    level_one = bytes(range(0xB0, 0xF8))
    common = "".join(
        bytes([row, cell]).decode("gb2312", "ignore") for row in level_one for cell in range(0xA1, 0xFF)
    )
    assert len(common) == 6763
    assert missing_glyphs(common) == set()


def test_regular_and_bold_cover_the_same():
    covers = [set(TTFont(FONTS / name, lazy=True).getBestCmap()) for name in FONT_FILES]
    assert covers[0] == covers[1]
