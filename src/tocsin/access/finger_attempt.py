"""Box 7 at a desk: an attempt with a finger, from the desk's question to what came of it.

An attempt is opened at an enrolled desk that a reader stands at, for one name: id, nonce, browser,
desk and station are bound together. It is counted before a finger is laid, lives 25 seconds, is
answered once, and what it proves is used once, in the browser that asked. A name that has no finger
there gets an attempt as well, which nobody is asked about: it looks the same from outside.
"""

import re
import secrets
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.desk import EnrolledDesk, find_desk
from tocsin.access.desk_reader import reader_at
from tocsin.access.finger import CANCEL, knows_operator
from tocsin.access.finger_record import Attempt, add_attempt, attempt_of, end_attempt, open_at_desk, use_up
from tocsin.access.limiter import Guess, Lease, Locked, SignInRefused, lease_attempt, name_guess
from tocsin.access.operator import read_names
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.station import Station
from tocsin.access.verification import Candidate, sign_in_key
from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.command import ask_station, read_command
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id

R = TypeVar("R")
Purpose = Literal["sign_in", "unlock", "prove", "shift"]
METHOD, VERIFY = "reader", "reader.verify"
ATTEMPT_SECONDS, SCAN_SECONDS = 25, 18
NONCE_BYTES = 24
_ASKING_AFTER_US = 300_000
_TOKEN = re.compile(r"([0-7]?[0-9a-f]{1,15})\.[A-Za-z0-9_-]{43}")


class NoReaderHere(Refusal):
    """There is no fingerprint reader at this desk now: use your password or a passkey"""

    kind, code = "conflict", "no_reader_here"


class Opened(Struct, frozen=True):
    """An attempt that has begun; the token is in no table, and is the browser's alone."""

    token: str
    seconds: int


class Proved(Struct, frozen=True):
    """Whom a finger proved, at which desk."""

    operator_id: int
    name_key: str
    desk_id: int


def desk_has_reader(db: Database, *, desk_token: str) -> bool:
    """Tell whether a browser is an enrolled desk at which a reader stands and answers."""
    here = db.read(DIRECTORY_SCOPE, lambda tx: find_desk(tx, token=desk_token))
    return here is not None and (
        db.read(here.merchant_id, lambda tx: reader_at(tx, desk_id=here.id)) is not None
    )


def open_attempt(
    db: Database,
    candidate: Candidate,
    *,
    purpose: Purpose,
    desk_token: str,
    address: str,
    session_id: int = 0,
) -> Opened | SignInRefused:
    """Begin an attempt of a name, known or not; one that is open at the desk is stopped.

    Args:
        session_id: the session that a proof is for; 0 before the sign-in.

    Raises:
        NoReaderHere: the browser is no enrolled desk, or no reader answers there.
    """
    here = db.read(DIRECTORY_SCOPE, lambda tx: find_desk(tx, token=desk_token))
    if here is None:
        raise NoReaderHere
    known = candidate.merchant_id == here.merchant_id
    guess = Guess(
        METHOD, candidate.name_key, address, "", here.merchant_id, candidate.operator_id if known else 0,
        known_device=str(here.id),
    )  # fmt: skip
    named = db.read(DIRECTORY_SCOPE, lambda tx: name_guess(tx, guess))

    def begin(tx: Tx) -> Opened | SignInRefused:
        station = reader_at(tx, desk_id=here.id)
        if station is None:
            raise NoReaderHere
        for other in open_at_desk(tx, desk_id=here.id):
            _stop(tx, other)
        lease = lease_attempt(tx, replace(named, merchant_id=tx.merchant_id))
        if isinstance(lease, Locked):
            return SignInRefused("locked", lease.retry_after_seconds, lease.needs_reset)
        return _begin(tx, lease, station, here=here, purpose=purpose, session_id=session_id)

    return db.write(here.merchant_id, begin)


def attempt_state(db: Database, token: str) -> str:
    """Return how an attempt stands; `cancelled` where there is none such, or nobody laid a finger in time.

    Returns:
        `open` until the reader waits for this very finger, then `asking`, then what came of it.
    """
    merchant_id = _merchant_of(token)
    found = db.read(merchant_id, lambda tx: attempt_of(tx, token))
    if found is None:
        return "cancelled"
    lives_us = SCAN_SECONDS if not found.command_id else ATTEMPT_SECONDS
    over = found.state == "open" and now_us() > found.made_at_us + lives_us * SECOND_US
    if over or found.state in ("stopping", "expired"):
        return "cancelled"
    return "asking" if found.state == "open" and _is_asking(db, merchant_id, found) else found.state


def use_attempt(
    db: Database, token: str, *, purpose: Purpose, desk_token: str, then: Callable[[Tx, Proved], R | None], session_id: int = 0
) -> R | SignInRefused:  # fmt: skip
    """Use what a finger proved, once, in the browser that asked; return what `then` makes of it, or the refusal."""
    merchant_id = _merchant_of(token)
    here = db.read(DIRECTORY_SCOPE, lambda tx: find_desk(tx, token=desk_token))

    def use(tx: Tx) -> R | None:
        found = attempt_of(tx, token)
        if found is None or here is None or (here.merchant_id, here.id) != (tx.merchant_id, found.desk_id):
            return None
        if (found.purpose, found.session_id) != (purpose, session_id):
            return None
        if not use_up(tx, token):
            return None
        names = read_names(tx, operator_id=found.operator_id)
        return then(tx, Proved(found.operator_id, sign_in_key(names.name), found.desk_id))

    made = db.write(merchant_id, use)
    return SignInRefused("wrong") if made is None else made


def _begin(
    tx: Tx, lease: Lease, station: Station, *, here: EnrolledDesk, purpose: Purpose, session_id: int
) -> Opened:  # fmt: skip
    token, nonce = f"{tx.merchant_id:x}.{new_secret()}", secrets.token_urlsafe(NONCE_BYTES)
    attempt_id, command_id, operator_id = new_id(), 0, lease.guess.operator_id
    if operator_id and knows_operator(tx, station_id=station.id, operator_id=operator_id):
        command_id = ask_station(
            tx, station_id=station.id, kind=VERIFY, seconds=ATTEMPT_SECONDS,
            payload={"attempt": str(attempt_id), "nonce": nonce, "operator": str(operator_id), "desk": str(here.id),
                     "seconds": SCAN_SECONDS},
        )  # fmt: skip
    kept = replace(lease, guess=replace(lease.guess, name_key=""))  # its digest stands for the name
    add_attempt(
        tx, id=attempt_id, secret_hash=hash_secret(token), nonce_hash=hash_secret(nonce), purpose=purpose,
        operator_id=operator_id, desk_id=here.id, station_id=station.id, command_id=command_id, session_id=session_id,
        lease=msgspec.json.encode(kept).decode(), expires_at_us=tx.now_us + ATTEMPT_SECONDS * SECOND_US,
    )  # fmt: skip
    return Opened(token, ATTEMPT_SECONDS)


def _stop(tx: Tx, other: Attempt) -> None:
    """Stop an attempt; a wrong finger that was laid already still counts when its answer comes."""
    if other.state == "open" and end_attempt(tx, other, state="stopping") and other.command_id:
        payload = {"command": str(other.command_id)}
        ask_station(tx, station_id=other.station_id, kind=CANCEL, payload=payload, seconds=ATTEMPT_SECONDS)


def _is_asking(db: Database, merchant_id: int, found: Attempt) -> bool:
    if not found.command_id:  # nobody is asked, which must not be seen
        return now_us() > found.made_at_us + _ASKING_AFTER_US
    asked = db.read(merchant_id, lambda tx: read_command(tx, command_id=found.command_id))
    return asked is not None and bool(asked.progress)


def _merchant_of(token: str) -> int:
    shape = _TOKEN.fullmatch(token)
    return int(shape[1], 16) if shape else 0
