"""Bars and squares: Code 128 and QR as scalable pictures, each module a whole number of printer dots."""

from collections.abc import Iterable, Iterator
from itertools import groupby

# Widths of bar, space, bar … of each Code 128 value; 105 starts in set C, 104 in set B, 106 stops.
# Source: ISO/IEC 15417, table 1.
_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 2331112"
).split()
_TO_SET_B, _START_C, _STOP = 100, 105, 106
QUIET_MODULES = 10


def code128_bars(digits: str) -> list[tuple[int, int]]:
    """Return the bars of a number in Code 128, as (left, width) in modules; an odd last digit goes in set B.

    Raises:
        ValueError: it holds something else than 1 to 24 of the digits 0–9.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 24):
        raise ValueError(f"Code 128 here takes 1 to 24 digits, not {digits[:40]!r}")
    values = [_START_C, *(int(digits[i : i + 2]) for i in range(0, len(digits) - 1, 2))]
    if len(digits) % 2:
        values += [_TO_SET_B, ord(digits[-1]) - 32]
    checksum = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    bars, left = [], 0
    for value in [*values, checksum, _STOP]:
        for place, width in enumerate(map(int, _WIDTHS[value])):
            if place % 2 == 0:
                bars.append((left, width))
            left += width
    return bars


def code128_svg(digits: str) -> tuple[str, int]:
    """Return a number's bars as SVG with its quiet zones, one unit a module, and its width in modules."""
    bars = code128_bars(digits)
    width = bars[-1][0] + bars[-1][1] + 2 * QUIET_MODULES
    path = "".join(f"M{left + QUIET_MODULES} 0h{bar}v10h-{bar}z" for left, bar in bars)
    return _svg(width, 10, path), width


def qr_svg(text: str) -> tuple[str, int]:
    """Return a text as QR code (error level M, quiet zone 4) in SVG, and its width in modules.

    Raises:
        ValueError: the text is longer than a ticket's QR should be (300 bytes).
    """
    if len(text.encode()) > 300:
        raise ValueError("a ticket's QR code takes at most 300 bytes")
    import segno

    rows = list(segno.make_qr(text, error="m", boost_error=False).matrix_iter(border=4))
    path = "".join(f"M{x} {y}h{run}v1h-{run}z" for y, row in enumerate(rows) for x, run in _runs(row))
    return _svg(len(rows), len(rows), path), len(rows)


def _runs(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield (beginning, length) of each dark run of a row: a shape a run draws faster than one a module."""
    place = 0
    for dark, group in groupby(row):
        run = len(list(group))
        if dark:
            yield place, run
        place += run


def _svg(width: int, height: int, path: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )
