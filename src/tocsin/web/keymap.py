"""The keys of the desk, one table: the `?` dialog, docs/keys.md, the pages' `data-key` and the tests read it.

A key is told by its place (`event.code`), so that it works under any layout and any input method.
"""

from msgspec import Struct

from tocsin.core.actor import Right
from tocsin.web.places import PLACES


class Key(Struct, frozen=True):
    """One key: its code, how it is shown, and what it does.

    Args:
        code: as in `data-key` (`KeyA`, `Shift+Slash`); after `g` both, `KeyG KeyO`.
        by: who obeys it: `page` (an element's `data-key`), `script`, or `browser`.
        rights: whoever has one of them may; empty: everybody.
    """

    code: str
    shown: str
    word: str
    by: str = "page"
    rights: tuple[Right, ...] = ()


_REVEAL: tuple[Right, ...] = ("reveal", "reveal_finding")
ANYWHERE = (
    Key("Slash", "/", "Look up"),
    Key("Ctrl+KeyK", "Ctrl K", "Go anywhere, do anything: the command palette"),
    Key("KeyG", "g", "Go to a place: then its letter", "script"),
    Key("Shift+Slash", "?", "This list"),
    Key("KeyU", "u", "Undo what was just done, while its message shows"),
    Key("Escape", "Esc", "Close what is open, leave a field, or go back to the list", "script"),
    Key("KeyL", "l", "Lock an enrolled desk"),
)
IN_A_LIST = (
    Key("KeyJ", "j", "Next row; next held order while revising", "script"),
    Key("KeyK", "k", "Previous row; previous held order while revising", "script"),
    Key("Enter", "↵", "Open the row", "browser"),
    Key("KeyX", "x", "Choose the row, or not", "script"),
    Key("KeyN", "n", "New order; on an order: reveal the name"),
)
ON_AN_ORDER = (
    Key("KeyA", "a", "Amend", rights=("amend",)),
    Key("KeyP", "p", "Print", rights=("print",)),
    Key("KeyH", "h", "Hold", rights=("hold",)),
    Key("KeyR", "r", "Revise or release", rights=("amend", "release", "hold")),
    Key("BracketLeft", "[", "Previous order of the list that you came from"),
    Key("BracketRight", "]", "Next order of the list that you came from"),
    Key("KeyT", "t", "Reveal the phone; while an alarm runs: acknowledge it", rights=(*_REVEAL, "incident")),
    Key("KeyD", "d", "Reveal the address", rights=_REVEAL),
    Key("KeyM", "m", "Reveal the note", rights=_REVEAL),
)
IN_A_FORM = (
    Key("Alt+Digit1", "Alt 1 … 9", "Take that reason, while revising", "script"),
    Key("Ctrl+Enter", "Ctrl ↵", "Send the form of an order", "script"),
)
IN_AN_ALARM = (
    Key("KeyS", "s", "Silence the alarm"),
    Key("KeyI", "i", "Open the incident"),
)
GOING = tuple(Key(f"KeyG {place.key}", f"g {place.key[-1].lower()}", place.word) for place in PLACES)
KEYMAP: dict[str, tuple[Key, ...]] = {
    "Anywhere": ANYWHERE,
    "In a list": IN_A_LIST,
    "On an order, or on the chosen row of a list": ON_AN_ORDER,
    "In a form": IN_A_FORM,
    "While an alarm runs": IN_AN_ALARM,
    "Go to": GOING,
}
