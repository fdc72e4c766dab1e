"""Glyphs: which characters the ticket's font lacks. The engine would draw an empty box, and say nothing."""

import unicodedata
from functools import cache

from tocsin.tickets.engine import FONT_FILES, FONTS

_VARIATION = frozenset(chr(code) for code in range(0xFE00, 0xFE10))  # they choose a shape, and have none


def missing_glyphs(text: str) -> set[str]:
    """Return the visible characters of a text that the ticket's font lacks, such as 𠮷."""
    known = _covered()
    if known.issuperset(text):
        return set()
    return {c for c in set(text) - known - _VARIATION if unicodedata.category(c)[0] not in "CZ"}


@cache
def _covered() -> frozenset[str]:
    from fontTools.ttLib import TTFont

    covered: set[int] | None = None
    for name in FONT_FILES:
        with TTFont(FONTS / name, lazy=True) as font:
            # By their places: naming sixty thousand glyphs takes a second, and no name is asked for.
            font.setGlyphOrder([str(place) for place in range(font["maxp"].numGlyphs)])
            codes = set(font.getBestCmap())
        covered = codes if covered is None else covered & codes
    return frozenset(map(chr, covered or ()))
