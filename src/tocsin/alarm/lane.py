"""Lanes: which signals are one incident. One attack is one, however many guesses, names and addresses."""

from typing import Literal

from tocsin.alarm.evidence import SignalRow
from tocsin.alarm.record import OPEN_MOST, find_open, open_incidents
from tocsin.core.db import Tx

ATTACK = "attack"
OTHERS_MOST = OPEN_MOST - 20
Lane = Literal["attack", "device", "desk", "other"]
_CREDENTIALS = frozenset({"credential_wrong", "credential_right", "decoy_tried"})
_VANISHING = frozenset({"station_vanished", "reader_vanished", "siren_vanished", "device_back"})
_PLACES = ("desk:", "station:", "reader:")
_LONGEST_ID = 19


def key_of(told: SignalRow) -> str:
    """Return the key of the incident that a signal belongs to."""
    if told.kind in _CREDENTIALS:
        place = place_of(told)
        if place:
            return f"desk:{place}:{told.operator_id}"
        return f"device:{told.operator_id}:{told.device}" if told.device else ATTACK
    if told.kind in _VANISHING:
        return f"vanished:{told.subject}"
    return f"{told.kind}:{told.subject or told.account}"


def place_of(told: SignalRow) -> str:
    """Return the enrolled desk, station or reader where a credential was tried, empty for anywhere else."""
    for kind in _PLACES:
        if told.subject.startswith(kind):
            return told.subject.removeprefix(kind)
    # A known device is a hash, an enrolled desk an id.
    return told.device if told.device.isdecimal() and len(told.device) <= _LONGEST_ID else ""


def lane_of(key: str) -> Lane:
    """Return what kind of key it is."""
    if key == ATTACK:
        return "attack"
    if key.startswith("device:"):
        return "device"
    return "desk" if key.startswith("desk:") else "other"


def bounded_key(tx: Tx, key: str) -> str:
    """Return the key, or the one that its kind shares where eighty incidents are open already.

    Whoever can choose what a signal is about can't fill the desk with incidents; what is tried at accounts is always
    an incident under its own key, and finds room among those that are looked at together.
    """
    if lane_of(key) != "other" or find_open(tx, key=key) is not None or len(open_incidents(tx)) < OTHERS_MOST:
        return key
    return f"{key.partition(':')[0]}:others"
