"""Text from outside: control, bidi and other invisible characters removed, spelt one way (NFC)."""

import unicodedata
from collections.abc import Iterable

_SHORT, _MARKS_MOST = 512, 30
_REMOVED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# A line break or tab separates words: removing it would join them ("5号\n3楼").
_BREAKS = {ord(c): " " for c in "\t\n\v\f\r\x85\u2028\u2029"}
# Marks, embeddings, overrides and isolates. Source: Unicode UAX #9, explicit formatting characters.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def strip_control(text: str) -> str:
    """Return text in NFC without characters of the categories Cc, Cf, Cs, Co and Cn; breaks become spaces.

    Source: Unicode Standard Annex 44 (general categories), Annex 9 (bidi controls are Cf), Annex 15 (NFC).
    """
    if not text.isprintable():
        text = "".join(c for c in text.translate(_BREAKS) if unicodedata.category(c) not in _REMOVED)
    return text if text.isascii() else unicodedata.normalize("NFC", _bound_marks(text))


def is_plain(text: str) -> bool:
    """Tell whether a text is already as `strip_control` and `strip` would leave it, as nearly all are."""
    return (
        text.isprintable()
        and (text.isascii() or (len(text) < _SHORT and unicodedata.is_normalized("NFC", text)))
        and text == text.strip()
    )


def all_plain(values: Iterable[object]) -> bool:
    """Tell whether the texts among some values are plain, and short together; a False may only mean that one must look."""
    whole = "|".join([value for value in values if type(value) is str and value])
    return len(whole) < _SHORT and is_plain(whole) and "| " not in whole and " |" not in whole


def read_name(text: str, *, most: int) -> str:
    """Return the name of something as it is kept, clean and on one line; empty where nothing is left, or too much."""
    plain = strip_control(text).strip()
    return plain if len(plain) <= most else ""


def removed_characters(text: str) -> str:
    """Return the control and bidi characters that `strip_control` takes out, each once.

    Breaks only become spaces, and joiners that nobody sees can make no text say something else.
    """
    if text.isprintable():
        return ""
    found = {
        c for c in text if c in _BIDI or (unicodedata.category(c) in {"Cc", "Cs"} and ord(c) not in _BREAKS)
    }
    return "".join(sorted(found))


def _bound_marks(text: str) -> str:
    """Return text with at most 30 marks in a row: putting them in order takes time by the square of their number.

    Source: Unicode Standard Annex 15, 13 (stream-safe text format).
    """
    if len(text) < _SHORT:
        return text
    kept, run = [], 0
    for c in text:
        run = run + 1 if unicodedata.combining(c) else 0
        if run <= _MARKS_MOST:
            kept.append(c)
    return "".join(kept)
