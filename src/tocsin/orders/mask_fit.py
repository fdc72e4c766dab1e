"""Masks from outside: whether a text with stars is what a real text was masked to."""

import re

STARS = re.compile(r"[*＊]+")
# No shop hides a field in more places; a text with more is no mask.
_STAR_RUNS = 16


def fits_mask(masked: str, real: str) -> bool:
    """Tell whether a text is what a mask was made of: what the mask shows, with something for each run of stars.

    The leftmost place is taken for each part: the text is from outside, so that no pattern is made of it.
    """
    first, *middle, last = STARS.split(masked)
    if len(middle) >= _STAR_RUNS or STARS.search(real) or not real.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = real.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return real.endswith(last) and len(real) - len(last) > at
