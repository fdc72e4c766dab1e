"""Common passwords: what guessing programs try first, alone, repeated, joined and in disguise."""

import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise

_DISGUISES = str.maketrans("013457@$!€", "oieastasie")
_ROWS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()", "qweasdzxc", "1a2b3c4d5e6f7g8h9i0j", "a1b2c3d4e5f6g7h8i9",
    "qawsedrftgyhujikolp", "zaqxswcdevfrbgtnhymjukilop", "!qaz@wsx#edc$rfv", "azertyuiopqsdfghjklmwxcvbn", "147258369", "741852963",
)  # fmt: skip
_WORD_COST = 2
_LONGEST_WORD = 24
_SHORTEST_RUN = 3


@cache
def common_passwords() -> frozenset[str]:
    """Return the list, casefolded, as shipped in `access/data`."""
    text = (files("tocsin.access") / "data" / "common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def guess_cost(password: str) -> int:
    """Return how many choices a password is made of, at the least.

    A common password counts two, a run of neighbours (keys, letters, digits, one character) or a
    piece that came before counts one, each other character one. The cheapest reading holds.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    if plain in common_passwords():
        return 1
    return min(_cheapest(plain), _cheapest(plain.translate(_DISGUISES)))


def _cheapest(text: str) -> int:
    costs = [0]
    for end in range(1, len(text) + 1):
        best = costs[end - 1] + 1
        for start in range(max(0, end - _LONGEST_WORD), end - 2):
            best = min(best, costs[start] + _piece_cost(text, start, end))
        for start in range(max(0, end - len(text) // 2 - 1), end - 2):
            if text[start:end] in text[:start]:
                best = min(best, costs[start] + 1)
        best = min(best, costs[_run_start(text, end)] + 1)
        costs.append(best)
    return costs[-1]


def _piece_cost(text: str, start: int, end: int) -> int:
    piece = text[start:end]
    return _WORD_COST if piece in common_passwords() else len(piece)


def _run_start(text: str, end: int) -> int:
    """Return where the run of neighbours that ends here begins."""
    start = end - 1
    while start and _is_run(text[start - 1 : end]):
        start -= 1
    return start if end - start >= _SHORTEST_RUN else end - 1


def _is_run(piece: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(piece)}
    if steps in ({0}, {1}, {-1}):
        return True
    return any(piece in row + row or piece in (row + row)[::-1] for row in _ROWS)
