"""The forms of sirens: fields made of what a driver declares, and of the shop's hours."""

from typing import Any

from tocsin.alarm.hours import CLOSED, SirenHours
from tocsin.alarm.siren import Option, SirenDriver
from tocsin.alarm.siren_row import SirenRow
from tocsin.core.words import Words
from tocsin.web.form import Form

_UNREADABLE = -1
_SAME = frozenset({"Tasmota", "Digest", "Basic", "GET", "POST", "PUT", "TLS"})


def form_of(driver: SirenDriver, row: SirenRow | None = None) -> dict[str, str]:
    """Return the fields of a new siren, or of one that is set up; secrets stay empty."""
    given = row.plain_options() if row else {}
    fields = {
        f"options.{option.name}": _text(given.get(option.name, option.default)) for option in driver.options if option.kind != "secret"
    }  # fmt: skip
    if row is None:
        return {"rank": "1", "station_id": "0", "backup": "", "name": "", "place": "", **fields}
    return {
        "name": row.name, "place": row.place, "rank": str(row.rank), "station_id": str(row.station_id),
        "backup": "1" if row.backup else "", **fields,
    }  # fmt: skip


def read_siren_form(driver: SirenDriver, form: Form) -> dict[str, Any]:
    """Return what a form sets a siren up with; what can't be is refused by the verb."""
    options = {
        option.name: form[f"options.{option.name}"] for option in driver.options if f"options.{option.name}" in form
    }  # fmt: skip
    return {
        "name": form.get("name", ""), "place": form.get("place", ""), "options": options, "backup": bool(form.get("backup")),
        "rank": _number(form.get("rank", "1")), "station_id": max(0, _number(form.get("station_id", "0"))),
    }  # fmt: skip


def show_option(option: Option, form: Form, words: Words, *, kept: bool) -> dict[str, Any]:
    """Return a setting as its field takes it.

    Args:
        kept: the siren is set up: a secret one may stay as it was.
    """
    types = {"number": "number", "secret": "password", "choice": "select"}
    more: dict[str, Any] = {"data-only": " ".join(option.only)} if option.only else {}
    if option.kind == "number":
        more |= {"min": option.least, "max": option.most}
    if option.kind == "secret":
        more |= {"autocomplete": "new-password"}
    hint = words.translate(option.hint) if option.hint else ""
    return {
        "name": f"options.{option.name}", "label": words.translate(option.label), "type": types.get(option.kind, "text"),
        "value": form.get(f"options.{option.name}", ""), "more": more, "required": option.required and not option.only,
        "hint": words.translate("Left empty, it stays as it was") if kept and option.kind == "secret" else hint,
        "options": {value: _word(label, words) for value, label in option.choices.items()},
    }  # fmt: skip


def hours_form(hours: SirenHours, revision: int) -> dict[str, str]:
    """Return the fields of the shop's hours; a day that it is closed says so."""
    days = {f"open_{day}": text for day, text in enumerate(hours.open)}
    return {
        **days, "closed_delay_seconds": str(hours.closed_delay_seconds), "closed_budget_seconds": str(hours.closed_budget_seconds),
        "revision": str(revision),
    }  # fmt: skip


def read_hours_form(form: Form) -> SirenHours:
    """Return the hours that a form gives; full-width signs and the word for closed are understood."""
    days = [form.get(f"open_{day}", "").strip() for day in range(7)]
    return SirenHours(
        open=tuple(_span(text) for text in days), closed_delay_seconds=_number(form.get("closed_delay_seconds", "")),
        closed_budget_seconds=_number(form.get("closed_budget_seconds", "")),
    )  # fmt: skip


def _span(text: str) -> str:
    plain = text.replace("：", ":").replace("–", "-").replace("—", "-").replace("－", "-").replace(" ", "")
    return CLOSED if plain.casefold() in (CLOSED, "休息", "关") else plain


def _number(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else _UNREADABLE


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _word(label: str, words: Words) -> str:
    return label if label in _SAME else words.translate(label)
