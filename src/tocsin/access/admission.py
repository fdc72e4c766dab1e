"""Admission of a station's request: signed with its key, in time, and each one once.

A right signature is always looked at, so that nobody at the same address can shut a station out;
wrong ones spend the budget of their address. Source: RFC 8032; RFC 9421 for what a signature covers.
"""

from collections.abc import Callable

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, spend_budget
from tocsin.access.station import WAITS, Station, find_station, station
from tocsin.alarm.signal import Kind, Signal, send_signal
from tocsin.core.actor import ROLES, Actor
from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.signature import CLOCK_SECONDS, Seal, read_header, request_text, station_ids, verifies
from tocsin.core.statement import Statement, bind, own, upsert

UNKNOWN = "station:unknown"
"""What all stations that do not exist are called together: whoever makes names up makes one incident of them."""
_KINDS: dict[str, Kind] = {"revoked": "revoked_used", "unknown": "station_unknown"}
_NONCE_LIFE_US = 3 * CLOCK_SECONDS * SECOND_US

# Of signed requests that were taken: a nonce is remembered for longer than its request could be sent again.
station_nonce = merchant_table(
    "station_nonce", big("station_id"), text("nonce"), big("at_us"), key=("station_id", "nonce")
)  # fmt: skip
index(station_nonce, "merchant_id", "at_us")


class StationRefused(Struct, frozen=True):
    """Why a request was not taken: `unsigned`, `foreign` (unknown, another's key, revoked, sent before), `clock`, `locked`
    or `waiting` (it came back with a backup).
    """

    code: str
    retry_after_seconds: int = 0


class Admitted(Struct, frozen=True):
    """A station whose request was taken, and the actor that it is."""

    station: Station
    actor: Actor


_USE_NONCE = Statement[None](
    upsert(station_nonce).on_conflict_do_nothing(), sets=("merchant_id", "station_id", "nonce", "at_us")
)
_SWEEP = Statement[None](
    sa.delete(station_nonce).where(own(station_nonce), station_nonce.c.at_us < bind("before"))
)
_of_id = (own(station), station.c.id == bind("b_station_id"))
_SEEN = Statement[None](
    sa.update(station).where(*_of_id), sets=("last_seen_us", "left_at_us", "vanished_at_us", "address", "problem")
)  # fmt: skip
_SET_PROBLEM = Statement[None](sa.update(station).where(*_of_id), sets=("problem",))


def admit_station(
    db: Database, header: str, *, method: str, target: str, body: bytes, address: str
) -> Admitted | StationRefused:
    """Return the station that signed a request, seen now; what is refused leaves its trace.

    Args:
        header: the request's `Authorization`.
        target: path and query as they were sent.
    """
    seal = read_header(header)
    if seal is None:
        return StationRefused("unsigned")
    merchant_id, station_id = station_ids(seal.station)
    found = db.read(merchant_id, lambda tx: find_station(tx, station_id=station_id))
    guess = Guess("station", f"station:{seal.station}", address, "", merchant_id if found else 0)
    if found is None:
        return db.write(DIRECTORY_SCOPE, lambda tx: _refuse(
            tx, guess, subject=UNKNOWN, reason="unknown"
        ))  # fmt: skip
    subject = f"station:{found.id}"
    text_ = request_text(seal, method=method, target=target, body=body)
    if not verifies(found.public_key, seal.signature, text_):
        return db.write(merchant_id, lambda tx: _refuse(tx, guess, subject=subject, reason="signature"))
    if found.revoked_at_us:
        return db.write(merchant_id, lambda tx: _refuse(tx, guess, subject=subject, reason="revoked"))
    if found.problem == WAITS:
        return StationRefused("waiting")
    if abs(now_us() - seal.time_us) > CLOCK_SECONDS * SECOND_US:
        db.write(merchant_id, lambda tx: _note_clock(tx, found))
        return StationRefused("clock")
    return db.write(merchant_id, _admission(found, seal, guess))


def sweep_nonces(tx: Tx) -> int:
    """Delete the nonces of requests that are too old to be sent again; return how many."""
    return tx.run(_SWEEP, before=tx.now_us - _NONCE_LIFE_US)


def station_actor(found: Station, merchant_id: int) -> Actor:
    """Return the actor that a station is."""
    return Actor(
        kind="station", id=found.id, merchant_id=merchant_id, name=found.name, role="station", rights=ROLES["station"],
        locale="en",
    )  # fmt: skip


def _admission(found: Station, seal: Seal, guess: Guess) -> Callable[[Tx], Admitted | StationRefused]:
    def admit(tx: Tx) -> Admitted | StationRefused:
        if not tx.run(_USE_NONCE, station_id=found.id, nonce=seal.nonce, at_us=tx.now_us):
            return _refuse(tx, guess, subject=f"station:{found.id}", reason="replayed")
        present = find_station(tx, station_id=found.id)
        if present is None or present.revoked_at_us:  # revoked while its signature was verified
            return _refuse(tx, guess, subject=f"station:{found.id}", reason="revoked")
        _note_seen(tx, present, address=guess.address)
        return Admitted(present, station_actor(present, tx.merchant_id))

    return admit


def _refuse(tx: Tx, guess: Guess, *, subject: str, reason: str) -> StationRefused:
    kind = _KINDS.get(reason, "station_foreign")
    locked = spend_budget(tx, guess, kind=kind, subject=subject, reason=reason)
    return StationRefused("locked", locked.retry_after_seconds) if locked else StationRefused("foreign")


def _note_seen(tx: Tx, found: Station, *, address: str) -> None:
    tx.run(
        _SEEN, b_station_id=found.id, last_seen_us=tx.now_us, left_at_us=0, vanished_at_us=0, address=address[:64],
        problem="",
    )  # fmt: skip
    if found.vanished_at_us:
        send_signal(tx, Signal(kind="device_back", subject=f"station:{found.id}", outcome="right"))
    if found.vanished_at_us or found.left_at_us or not found.last_seen_us or found.problem:
        append_event(tx, "station.changed", subject_id=found.id)


def _note_clock(tx: Tx, found: Station) -> None:
    # Once, not at each request: an honest station with a wrong clock asks again and again.
    if found.problem != "clock":
        tx.run(_SET_PROBLEM, b_station_id=found.id, problem="clock")
        write_journal(
            tx, station_actor(found, tx.merchant_id), verb="access.station_clock", subject=f"station:{found.id}"
        )  # fmt: skip
        append_event(tx, "station.changed", subject_id=found.id)
