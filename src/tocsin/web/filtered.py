"""What a filter asks for, in the reader's words: states by their names, amounts as money."""

from tocsin.core.money import show_money
from tocsin.orders.screen import Filter
from tocsin.web.page import environment_of
from tocsin.web.words import Words

_TABLES = {
    "state": "DESK_STATE",
    "payment": "PAYMENT",
    "fulfilment": "FULFILMENT",
    "held": "HOLD",
    "finding": "CHECK",
}
_HELD = {"yes": "Held", "no": "Not held"}
_SIGNS = {"date_from": "≥ ", "date_to": "≤ ", "amount_min_minor": "≥ ", "amount_max_minor": "≤ "}


def show_filter(wanted: Filter, *, currency: str, words: Words) -> str:
    """Return a filter as one line; a filter of nothing is all orders. Amounts without a currency are of `currency`."""
    parts = []
    for name in Filter.__struct_fields__:
        value = getattr(wanted, name)
        if value in ("", None) or name == "currency":
            continue
        if isinstance(value, int):
            value = show_money(value, wanted.currency or currency, words.locale)
        parts.append(_SIGNS.get(name, "") + _word(name, value, words))
    return " · ".join(parts) or words.translate("All orders")


def _word(name: str, value: str, words: Words) -> str:
    if name == "held" and value in _HELD:
        return words.translate(_HELD[value])
    states = environment_of(words.locale).get_template("states.html").module
    known = getattr(states, _TABLES[name]) if name in _TABLES else {}
    found = known.get(value, value)
    return str(found if isinstance(found, str) else found[0])
