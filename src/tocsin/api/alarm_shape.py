"""Shapes of the alarm's answers."""

from typing import Any

import msgspec
from msgspec import Struct

from tocsin.alarm.evidence import SignalRow, Source
from tocsin.alarm.incident import AlarmNow, Entry, Incident, Wanted
from tocsin.alarm.posture import Posture
from tocsin.alarm.rule import REASONS
from tocsin.api.shape import iso
from tocsin.core.errors import fill_in


class IncidentOut(Struct, frozen=True, kw_only=True):
    """One incident; `why` is the rule's code, `reason` its sentence, `silenced_by` and the like are names."""

    id: str
    kind: str
    level: str
    why: str
    reason: str
    rules: tuple[str, ...]
    operator_id: str
    signals: int
    refused: int
    accounts: int
    addresses: int
    raised_at: str
    last_at: str
    sounds: bool
    sound_until: str
    silenced_at: str
    silenced_by: str
    acknowledged_at: str
    acknowledged_by: str
    escalated: int
    cleared_at: str
    cleared_by: str
    outcome: str
    note: str


class EntryOut(Struct, frozen=True, kw_only=True):
    """One line of a timeline."""

    id: str
    at: str
    kind: str
    actor_kind: str
    actor_name: str
    data: dict[str, Any]


class SignalOut(Struct, frozen=True, kw_only=True):
    """One signal; kept 90 days."""

    id: str
    at: str
    kind: str
    outcome: str
    method: str
    operator_id: str
    address: str
    known_device: bool
    subject: str


class SourceOut(Struct, frozen=True, kw_only=True):
    """An account or an address of an incident, with how many signals."""

    kind: str
    value: str
    signals: int


class IncidentDetailOut(Struct, frozen=True, kw_only=True):
    """An incident with the newest hundred lines of its timeline and of its signals."""

    incident: IncidentOut
    timeline: tuple[EntryOut, ...]
    signals: tuple[SignalOut, ...]
    sources: tuple[SourceOut, ...]


class ActedOut(Struct, frozen=True):
    """The incident that something was done about."""

    id: str


class PostureOut(Struct, frozen=True, kw_only=True):
    """How the desk stands; `why` is a rule's code where the desk itself (`by_desk`) raised it."""

    state: str
    why: str
    since: str
    by: str
    by_desk: bool
    incident_id: str


class PosturesOut(Struct, frozen=True):
    """The posture now, and the newest of its history."""

    now: PostureOut
    history: tuple[PostureOut, ...]


class AlarmOut(Struct, frozen=True, kw_only=True):
    """What every page shows, and what sirens are to do now."""

    posture: PostureOut
    open_incidents: int
    light: bool
    sound: bool
    sound_until: str
    incident_id: str
    newest: IncidentOut | None


def incident_out(one: Incident, now_us: int) -> IncidentOut:
    """Return an incident as JSON carries it, its reason in English."""
    return IncidentOut(
        id=str(one.id), kind=one.kind, level=one.level, why=one.why,
        reason=fill_in(REASONS.get(one.why, one.why), one.why_fields()), rules=tuple(sorted(one.fired())),
        operator_id=str(one.operator_id or ""), signals=one.signals, refused=one.refused, accounts=one.accounts,
        addresses=one.addresses, raised_at=iso(one.raised_at_us), last_at=iso(one.last_at_us), sounds=one.sounds(now_us),
        sound_until=iso(one.sound_until_us or None), silenced_at=iso(one.silenced_at_us), silenced_by=one.silenced_name,
        acknowledged_at=iso(one.acknowledged_at_us), acknowledged_by=one.acknowledged_name, escalated=one.escalated,
        cleared_at=iso(one.cleared_at_us), cleared_by=one.cleared_name, outcome=one.outcome, note=one.note,
    )  # fmt: skip


def entry_out(one: Entry) -> EntryOut:
    """Return a line of a timeline."""
    return EntryOut(
        id=str(one.id), at=iso(one.at_us), kind=one.kind, actor_kind=one.actor_kind, actor_name=one.actor_name,
        data=msgspec.json.decode(one.data, type=dict[str, Any]),
    )  # fmt: skip


def signal_out(one: SignalRow) -> SignalOut:
    """Return a signal without what only the desk can read."""
    # A device's hash and a name's digest tell nobody anything, and are not for export.
    return SignalOut(
        id=str(one.id), at=iso(one.at_us), kind=one.kind, outcome=one.outcome, method=one.method,
        operator_id=str(one.operator_id or ""), address=one.address, known_device=bool(one.device), subject=one.subject,
    )  # fmt: skip


def named_sources(found: list[Source]) -> list[Source]:
    """Return the sources that mean something outside the desk: operators' ids and addresses."""
    return [
        one for one in found if one.kind == "address" or (one.kind == "account" and one.value.isdecimal())
    ]


def source_out(one: Source) -> SourceOut:
    """Return an account or an address."""
    return SourceOut(kind=one.kind, value=one.value, signals=one.signals)


def posture_out(one: Posture) -> PostureOut:
    """Return a posture."""
    return PostureOut(
        state=one.state, why=one.why, since=iso(one.since_us or None), by=one.actor_name, by_desk=one.by_desk,
        incident_id=str(one.incident_id or ""),
    )  # fmt: skip


def alarm_out(now: AlarmNow, asked: Wanted, now_us: int) -> AlarmOut:
    """Return how the alarm stands."""
    return AlarmOut(
        posture=posture_out(now.posture), open_incidents=now.open_incidents, light=now.light, sound=now.sound,
        sound_until=iso(asked.sound_until_us or None), incident_id=str(asked.incident_id or ""),
        newest=incident_out(now.newest, now_us) if now.newest else None,
    )  # fmt: skip
