"""What a refusal or a bad row says, in the reader's language: its sentence, and the words inside the sentence.

Only data of these names is put into words. A name that people type stays as it is, even where
it reads like a word of the desk.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.core.errors import fill_in
from tocsin.core.money import plain_micro
from tocsin.orders.draft import Line
from tocsin.web.figures import Figures
from tocsin.web.page import environment_of
from tocsin.web.rights import RIGHTS
from tocsin.web.words import Words

TEXTS = ("problem", "cure")
"""Data that is itself a sentence: chapters give it in English, as a msgid."""
_CODES = {
    "kind": "HOLD", "kinds": "HOLD", "state": "JOB", "purposes": "PURPOSE", "roles": "ROLE", "copies": "COPY"
}  # fmt: skip


def say(template: str, data: Mapping[str, Any], words: Words) -> str:
    """Return a sentence over its data, both in the reader's language; it never fails."""
    return fill_in(
        words.translate(template), {name: _word(name, value, words) for name, value in data.items()}
    )


def _word(name: str, value: Any, words: Words) -> Any:
    if not isinstance(value, str):
        return value
    if name in TEXTS:
        return words.translate(value)
    if name in ("right", "scopes"):
        known = {right: words.translate(text) for right, text in RIGHTS.items()}
    elif name in _CODES:
        known = _words_of_states(_CODES[name], words)
    else:
        return value
    return words.translate(", ").join(known.get(code, code) for code in value.split(", "))


def say_goods(lines: Sequence[Line], words: Words) -> str:
    """Return the first articles of an order in a row, each with its pieces."""
    return Figures(words).listed(f"{line.title} ×{plain_micro(line.quantity_micro)}" for line in lines[:3])


def channel_word(code: str, words: Words) -> str:
    """Return a channel as pages name it; an unknown one is its own name."""
    return _words_of_states("CHANNEL", words).get(code, code)


def check_word(code: str, words: Words) -> str:
    """Return a check as pages name it; one of the shop's own is its own name."""
    return _words_of_states("CHECK", words).get(code, code)


def posture_words(words: Words) -> dict[str, str]:
    """Return what each posture is called."""
    return _words_of_states("POSTURE", words)


def _words_of_states(table: str, words: Words) -> dict[str, str]:
    """Return the words that pages have for the codes of one axis."""
    states = getattr(environment_of(words.locale).get_template("states.html").module, table)
    return {code: str(state if isinstance(state, str) else state[0]) for code, state in states.items()}
