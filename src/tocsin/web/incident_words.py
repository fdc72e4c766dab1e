"""What an incident is called, and what to do about it, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from tocsin.alarm.record import Incident
from tocsin.alarm.rule import REASONS
from tocsin.alarm.timeline import ENTRY_TEXTS, Entry
from tocsin.core.errors import fill_in
from tocsin.core.words import Words
from tocsin.web.subject import parts_of

HEADLINES = {
    "attack": "Somebody is trying to sign in as {account}",
    "attack_own": "Somebody is trying to sign in as you",
    "attack_many": "Somebody is trying to sign in to {accounts} accounts",
    "attack_unknown": "Somebody is trying to sign in under names that do not exist",
    "device": "Wrong tries on a device that {account} has used before",
    "device_own": "Wrong tries on a device that you have used before",
    "desk": "Wrong tries at {subject}, as {account}",
    "desk_own": "Wrong tries at {subject}, as you",
    "decoy_tried": "Somebody tried an account that nobody uses",
    "out_of_hours": "{account} came at an hour or a place that is not theirs",
    "revoked_used": "Something that was revoked has been used: {subject}",
    "station_vanished": "A station has vanished: {subject}",
    "station_foreign": "A station came with another's key: {subject}",
    "station_unknown": "Somebody came as a station that does not exist",
    "station_code_wrong": "Wrong station codes were tried",
    "reader_vanished": "A fingerprint reader has vanished: {subject}",
    "siren_vanished": "A siren does not answer: {subject}",
    "lookups_many": "{account} looks up far more orders than usual",
    "reveals_many": "{account} reveals far more customers than usual",
    "download_large": "{account} downloads far more than usual",
    "void_scanned": "A void ticket was scanned: {subject}",
    "watched_tried": "Somebody goes on without a second person: {subject}",
    "seal_broken": "A seal of the journal is broken",
    "webhook_dead": "A webhook is switched off: it fails",
    "held_long": "Orders are held for too long",
    "backup_late": "No backup was made for long",
    "restored": "The desk was restored from a backup",
    "drill": "Drill: nothing has happened",
    "other": "Something is wrong: {subject}",
}
"""Headlines by kind: msgids. `_own`: the reader's own account; `_many`, `_unknown`: several accounts, none."""

TO_DO = {
    "attack": "Silence it and look where it comes from. Call the owner of the account; give no password and no code to anybody. A right password still opens.",
    "attack_own": "If it is you, say so. If not: lock your account here and change your password; nobody of the desk will ever ask you for it.",
    "device": "Look who sits at that device. A colleague who has forgotten a password gets a reset from an owner or manager.",
    "desk": "Go to that desk and look who stands there.",
    "revoked_used": "Somebody still has what was taken from him: find out who, and look at the journal what he could do before.",
    "station_vanished": "Go and look: power, network, or somebody has carried it off. Printing and sirens there wait meanwhile.",
    "station_code_wrong": "Ask whether a colleague enrols a station and mistypes the code. If nobody does: look where it comes from.",
    "reader_vanished": "Go and look: unplugged, broken or taken away. Everybody can still sign in with a password.",
    "siren_vanished": "Go and look: its power and its network. Other sirens and the pages take over meanwhile.",
    "unusual": "Ask the person. If it was not they: lock the account, and think of Lock everything.",
    "void_scanned": "Keep the goods and ask who gave the ticket.",
    "watched_tried": "Ask the person what for. Whoever needs the order asks a second person to confirm.",
    "seal_broken": "Touch nothing: keep the data folder and its backups as they are, and find out who could reach the database.",
    "webhook_dead": "Ask who runs the receiver. Once it answers again, switch the webhook on: all of the last 30 days that waits is sent.",
    "held_long": "Open the problem view and mend, acknowledge or release each of them. Nothing is released by itself.",
    "backup_late": "Ask who runs the desk: `tocsin doctor` says what is wrong, most often that the place of the backups is full or away. It ends by itself with the next backup.",
    "restored": "Look at what waits, key by key and station by station, and at who may sign in: what was taken from somebody since has come back. Then clear it.",
    "drill": "Nothing: it shows that the chain works.",
    "other": "Look at what came in below, and ask the people who were there.",
}
SUBJECTS = {
    "siren": "a siren", "station": "a station", "reader": "a reader", "desk": "an enrolled desk", "ticket": "a ticket", "api_key": "an API key", "watch": "the watch list",
    "preference": "what two persons acknowledge", "others": "several",
}  # fmt: skip
"""What something is called whose name is not known: msgids."""

METHODS = {
    "password": "Password",
    "passkey": "Passkey",
    "reader": "Finger at a reader",
    "pin": "Desk PIN",
    "api_key": "API key",
    "link": "One-time link",
    "code": "Code",
    "printer": "Printer's address",
    "wall": "Link of a wall",
}
OUTCOMES = {
    "wrong": "Wrong",
    "locked": "Refused untested",
    "right": "Right",
    "inferred": "Failed at the device",
}
KINDS = {
    "decoy_tried": "Decoy account",
    "out_of_hours": "Out of hours",
    "revoked_used": "Revoked",
    "station_vanished": "Station vanished",
    "station_foreign": "Foreign station",
    "station_unknown": "Unknown station",
    "station_code_wrong": "Wrong station code",
    "reader_vanished": "Reader vanished",
    "siren_vanished": "Siren vanished",
    "device_back": "Back again",
    "lookups_many": "Many look-ups",
    "reveals_many": "Many reveals",
    "download_large": "Large download",
    "void_scanned": "Void ticket",
    "watched_tried": "Watched order",
    "seal_broken": "Seal broken",
}
"""Words of signals: by what was tried, what came of it, and where nothing was tried, of what kind it is."""

ENTRY_LOOKS = {
    "raised": ("warn", "warn"),
    "rule": ("warn", "warn"),
    "sound": ("bad", "sound"),
    "restarted": ("bad", "sound"),
    "siren_on": ("bad", "alarm"),
    "siren_light": ("warn", "alarm"),
    "siren_off": ("", "mute"),
    "siren_told": ("bad", "alarm"),
    "siren_off_told": ("", "mute"),
    "siren_failed": ("bad", "stop"),
    "takeover": ("warn", "alarm"),
    "signed_in": ("bad", "person"),
    "posture": ("info", "shield"),
    "silenced": ("warn", "mute"),
    "silence_over": ("bad", "sound"),
    "again": ("bad", "sound"),
    "acknowledged": ("info", "tick"),
    "escalated": ("bad", "clock"),
    "cleared": ("ok", "check"),
    "quiet": ("ok", "check"),
    "mistyped": ("ok", "check"),
    "back": ("ok", "check"),
    "notified": ("info", "person"),
    "notify_failed": ("bad", "person"),
    "was_me": ("ok", "person"),
    "screen": ("info", "check"),
    "drilled": ("ok", "check"),
}
"""Tone and icon of each kind of entry."""

_SAME = {
    "decoy_tried": "attack", "device_own": "attack_own", "desk_own": "attack_own", "attack_many": "attack", "attack_unknown": "attack",
    "out_of_hours": "unusual", "lookups_many": "unusual", "reveals_many": "unusual", "download_large": "unusual",
    "station_foreign": "station_vanished",
}  # fmt: skip


def headline_of(one: Incident, words: Words, *, account: str, own: bool, subject: str) -> str:
    """Return an incident's headline: who or what, and what is happening.

    Args:
        subject: the name of what it is about, empty where there is none.
    """
    template = HEADLINES[code_of(one, account=account, own=own)]
    called = subject or words.translate(SUBJECTS.get(parts_of(one)[0], "something"))
    told = {"account": account or words.translate("somebody"), "accounts": one.accounts, "subject": called}
    return fill_in(words.translate(template), told)


def to_do_of(one: Incident, words: Words, *, account: str, own: bool) -> str:
    """Return what the reader of an incident should do."""
    code = code_of(one, account=account, own=own)
    return words.translate(TO_DO.get(_SAME.get(code, code), TO_DO["other"]))


def state_of(one: Incident, now_us: int) -> str:
    """Return the word's code of how an incident stands: an outcome, or what it does now."""
    if one.outcome:
        return one.outcome
    if one.sounds(now_us):
        return "sounding"
    if one.acknowledged_at_us is not None:
        return "acknowledged"
    return "light" if one.silenced_at_us is None else "silenced"


def hands_of(one: Incident, words: Words) -> str:
    """Return who silenced, has and cleared it."""
    told = (
        (one.silenced_name if one.silenced_at_us else "", "silenced by {name}"),
        (one.acknowledged_name if one.acknowledged_at_us else "", "{name} has it"),
        (one.cleared_name if one.outcome == "cleared" else "", "cleared by {name}"),
    )  # fmt: skip
    return " · ".join(fill_in(words.translate(text), {"name": name}) for name, text in told if name)


def why_of(code: str, data: Mapping[str, Any], words: Words) -> str:
    """Return why a rule fired, in words."""
    return fill_in(words.translate(REASONS.get(code, code)), data)


def entry_of(entry: Entry, words: Words, *, postures: Mapping[str, str]) -> str:
    """Return what a line of the timeline says."""
    told = entry.fields()
    if "code" in told and entry.kind in ("raised", "rule"):
        return why_of(str(told["code"]), told, words)
    if "code" in told:
        told["why"] = why_of(str(told["code"]), told, words)
    if entry.actor_kind == "desk":
        told["name"] = words.translate("the desk")
    if "state" in told:
        told["state"] = postures.get(str(told["state"]), told["state"])
    if "problem" in told:
        told["problem"] = words.translate(str(told["problem"]))
    text = fill_in(words.translate(ENTRY_TEXTS.get(entry.kind, entry.kind)), told)
    # A siren that came on says how long after it was asked for; any other line what the device took.
    took_ms = told.get("since_ms" if entry.kind in ("siren_on", "siren_told") else "ms", told.get("ms"))
    return text if took_ms is None else f"{text} ({took_ms} ms)"


def code_of(one: Incident, *, account: str, own: bool) -> str:
    """Return the code of an incident's headline."""
    if own and f"{one.kind}_own" in HEADLINES:
        return f"{one.kind}_own"
    if one.kind == "attack" and one.accounts > 1:
        return "attack_many"
    if one.kind == "attack" and not account:
        return "attack_unknown"
    return one.kind if one.kind in HEADLINES else "other"
