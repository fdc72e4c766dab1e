"""Messages to people: what happens, what to do, and where, in the language of who reads them.

They carry no personal data but the name of the operator whose account it is about: robots and mail
servers read along. A drill says that it is one, everywhere.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tocsin.alarm.record import Incident
from tocsin.alarm.rule import REASONS
from tocsin.core.clock import to_datetime
from tocsin.core.db import Tx
from tocsin.core.errors import fill_in
from tocsin.core.tenant import get_shop
from tocsin.core.words import Words


class Account(Struct, frozen=True):
    """The operator of an account as messages name him."""

    name: str = ""
    active: bool = True


class Message(Struct, frozen=True):
    """A message; `url` is where it leads."""

    title: str
    body: str
    url: str


TITLES = {
    "raised": "ALARM, {shop}: {headline}",
    "light": "Warning, {shop}: {headline}",
    "update": "It goes on, {shop}: {headline}",
    "again": "It sounds again, {shop}: {headline}",
    "escalated": "Nobody has it yet, {shop}: {headline}",
    "cleared": "It is over, {shop}: {headline}",
    "posture": "{shop}: the order desk is now in {state}",
    "account": "{shop}: {change}",
    "drill": "DRILL, {shop}: the alarm is tried out, nothing has happened",
    "test": "{shop}: the code is {code}",
}
HEADLINES = {
    "attack": "somebody tries to get in",
    "device": "wrong credentials at a known device",
    "desk": "wrong credentials at a desk of the shop",
    "decoy_tried": "a decoy account was tried",
    "out_of_hours": "an account is used outside its hours",
    "revoked_used": "a revoked credential was used",
    "station_foreign": "a station came with a foreign key",
    "station_unknown": "somebody came as a station that does not exist",
    "station_code_wrong": "wrong station codes were tried",
    "station_vanished": "a station has vanished",
    "reader_vanished": "a fingerprint reader has vanished",
    "siren_vanished": "a siren does not answer",
    "lookups_many": "somebody looks up very many orders",
    "reveals_many": "somebody opens very many full texts",
    "download_large": "somebody downloads very many orders",
    "void_scanned": "a void ticket was scanned",
    "watched_tried": "somebody goes on without a second person",
    "seal_broken": "the journal has been changed",
    "held_long": "orders are held for too long",
    "backup_late": "no backup was made for long",
    "restored": "the desk was restored from a backup",
}
HEADLINE_OTHERWISE = "something is wrong"
HEADLINE_OWN = "somebody tries to sign in to your account"
CHANGES = {
    "password": "Your password was changed", "password_reset": "Your password was set anew with a code",
    "recovery_used": "A recovery code of yours was used", "recovery_codes": "New recovery codes were made for you",
    "passkey_added": "A passkey was added to your account", "passkey_removed": "A passkey of yours was removed",
    "finger_added": "A finger was added to your account", "finger_removed": "A finger of yours was removed",
    "pin": "A PIN of yours was set at a desk", "pin_removed": "A PIN of yours was removed",
    "phone_lost": "Your phone was reported lost: its passkeys, sessions and messages have ended",
    "code_made": "A code for a new password of yours was made, by a superior or at the server", "role": "Your role was changed",
    "hours": "Your working times, places or shops were changed", "restored": "Your account was switched on again",
    "recipient_removed": "An address where the alarm told you was taken away by somebody else",
    "recipient_less": "Somebody else changed your address for the alarm: it tells you less now",
    "locked": "Your account was locked from a message", "sessions": "All your other sessions were ended",
}  # fmt: skip
CHANGE_OTHERWISE = "Something about your account was changed"
"""What happens to an account, by the code that access gives it: told to its owner in a message and on his next page."""
STATES = {"calm": "the state “calm”", "alert": "the state “alert”", "lockdown": "lockdown"}
LINES = {
    "why": "Why: {why}",
    "count": "Wrong so far: {signals}, and {refused} refused untested; from {addresses} addresses",
    "account": "The account of: {name}",
    "at": "Since {at}",
    "do": "What to do: look at it, say that you have it, and clear it when it is over: {url}",
    "do_own": "Was it not you? Lock your account at once, and tell a manager. Was it you? Say so: {url}",
    "do_change": "Was it not you? Lock your account at once, and tell a manager: {url}",
    "do_lockdown": "Downloads and full texts are frozen, printing goes on: {url}",
    "over": "{by} cleared it. What happened, line by line: {url}",
    "over_alone": "It ended by itself. What happened, line by line: {url}",
    "drill": "Nothing needs to be done. Open {url} and say that it came: that is what is tried.",
    "test": "Type this code on the page where the address was set up, or open {url} and say that it came.",
}
_name_of: Callable[[Tx, int], Account] = lambda _, __: Account()  # noqa: E731 - replaced as a whole


def name_accounts_by(reader: Callable[[Tx, int], Account]) -> None:
    """Let the accounts be named by a reader of the chapter that knows them; this one is below it."""
    global _name_of
    _name_of = reader


def account_of(tx: Tx, operator_id: int) -> Account:
    """Return the account of an operator, as messages name it."""
    return _name_of(tx, operator_id) if operator_id else Account()


def tell_incident(tx: Tx, found: Incident, *, what: str, locale: str, base_url: str, own: bool) -> Message:
    """Return what is told of an incident as it stands now.

    Args:
        what: raised, again, update, escalated or cleared.
        own: it is about the reader's own account.
    """
    words, url = Words(locale), f"{base_url}/incidents/{found.id}" + ("/mine" if own else "")
    title = "light" if what == "raised" and found.level == "light" else what
    lines = ["why", "count", "account", "at"]
    lines = [line for line in lines if line != "account" or (found.operator_id and not own)]
    lines = [line for line in lines if line != "count" or found.signals > 1]
    over = "over" if found.outcome == "cleared" else "over_alone"
    lines += [over if what == "cleared" else "do_own" if own else "do"]
    headline = HEADLINE_OWN if own else HEADLINES.get(found.kind, HEADLINE_OTHERWISE)
    why = fill_in(words.translate(REASONS.get(found.why, HEADLINE_OTHERWISE)), found.why_fields())
    data = {
        "headline": words.translate(headline), "why": why, "signals": found.signals, "refused": found.refused,
        "addresses": found.addresses, "name": account_of(tx, found.operator_id).name, "by": found.cleared_name,
        "at": _show(tx, found.raised_at_us), "url": url,
    }  # fmt: skip
    return _say(tx, words, title, lines, data)


def tell_change(tx: Tx, what: str, *, locale: str, base_url: str, at_us: int) -> Message:
    """Return what the owner of an account is told of a change of it."""
    words = Words(locale)
    data = {
        "change": words.translate(CHANGES.get(what, CHANGE_OTHERWISE)),
        "at": _show(tx, at_us),
        "url": f"{base_url}/lock-account",
    }
    return _say(tx, words, "account", ["at", "do_change"], data)


def tell_posture(tx: Tx, state: str, *, locale: str, base_url: str, at_us: int) -> Message:
    """Return what is told of the desk's posture."""
    words = Words(locale)
    data = {
        "state": words.translate(STATES.get(state, state)),
        "at": _show(tx, at_us),
        "url": f"{base_url}/alarm",
    }
    return _say(tx, words, "posture", ["at", *(["do_lockdown"] if state == "lockdown" else [])], data)


def tell_drill(tx: Tx, *, locale: str, url: str) -> Message:
    """Return what is told in a drill; its link says that it came."""
    return _say(tx, Words(locale), "drill", ["drill"], {"url": url})


def tell_test(tx: Tx, *, locale: str, code: str, url: str) -> Message:
    """Return a message that tries an address out."""
    return _say(tx, Words(locale), "test", ["test"], {"code": code, "url": url})


def _say(tx: Tx, words: Words, title: str, lines: list[str], data: dict[str, Any]) -> Message:
    full = {**data, "shop": get_shop(tx).name}
    body = "\n".join(fill_in(words.translate(LINES[line]), full) for line in lines)
    return Message(fill_in(words.translate(TITLES[title]), full), body, str(data["url"]))


def _show(tx: Tx, at_us: int) -> str:
    return f"{to_datetime(at_us, get_shop(tx).zone):%Y-%m-%d %H:%M}"
