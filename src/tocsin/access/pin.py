"""PINs: six digits that go on with a session at one enrolled desk, and are worth nothing anywhere else.

Five tries, then the PIN is spent until its operator signs in at that desk in full.
"""

import re

import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.access.account import credential_changed
from tocsin.access.bucket import lock_bucket, store_bucket
from tocsin.access.desk import EnrolledDesk
from tocsin.access.guess import counters_of, lane_of
from tocsin.access.guessable import guess_cost
from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.lock import NotAtDesk, Unlocked, unlock_session
from tocsin.access.operator import read_names
from tocsin.access.password import DECOY_HASH, hash_password, verify_password
from tocsin.access.step_up import require_proof
from tocsin.access.table import pin
from tocsin.access.verification import sign_in_key
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, bind, own, upsert

DIGITS, TRIES = 6, 5
_SHAPE = re.compile(r"\d{6}", re.ASCII)
_FEWEST_DIGITS, _CHEAP_BELOW = 3, 4


class PinWrong(Refusal):
    """A PIN has six digits: type six"""

    kind, code = "invalid", "pin_wrong"


class PinTrivial(Refusal):
    """This PIN is among the first that are guessed (rows, repetitions, few digits): choose another"""

    kind, code = "invalid", "pin_trivial"


_of = (own(pin), pin.c.desk_id == bind("of_desk"), pin.c.operator_id == bind("of_operator"))
_adding = upsert(pin)
_SET = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "desk_id", "operator_id"],
        set_={name: _adding.excluded[name] for name in ("hash", "failures", "set_at_us")},
    ),
    sets=[c.name for c in pin.columns],
)
_HASH = Statement[tuple[str]](sa.select(pin.c.hash).where(*_of, pin.c.failures < bind("tries")))
_TRY = Statement[None](
    sa.update(pin).where(*_of, pin.c.failures < bind("tries")).values(failures=pin.c.failures + 1)
)
_RENEW = Statement[None](sa.update(pin).where(*_of, pin.c.failures != NOUGHT).values(failures=0))
_DROP = Statement[None](sa.delete(pin).where(*_of))
_DROP_ALL = Statement[None](sa.delete(pin).where(own(pin), pin.c.operator_id == bind("of_operator")))
_FAILURES = Statement[tuple[int]](sa.select(pin.c.failures).where(*_of))


def require_sound_pin(given: str) -> None:
    """Refuse a PIN that is none, or that everybody tries first.

    Raises:
        PinWrong, PinTrivial
    Source: NIST SP 800-63B-4 §3.1.1 (six digits where tries are limited, a blocklist).
    """
    if not _SHAPE.fullmatch(given):
        raise PinWrong
    pairs = {given[n : n + 2] for n in (0, 2, 4)}
    if len(set(given)) < _FEWEST_DIGITS or guess_cost(given) < _CHEAP_BELOW or given == given[::-1]:
        raise PinTrivial
    if len(pairs) == 1 or all(one[0] == one[1] for one in pairs):
        raise PinTrivial


def set_pin(db: Database, actor: Actor, *, given: str) -> None:
    """Set the actor's own PIN at the desk that he sits at; his sessions elsewhere end, and he is told.

    Raises:
        NotAtDesk, ProofNeeded: he is at no enrolled desk, or has not proved lately who he is.
        PinWrong, PinTrivial: it won't do.
    """
    require_proof(actor)
    if not actor.desk_id:
        raise NotAtDesk
    require_sound_pin(given)
    hashed = hash_password(given)

    def store(tx: Tx) -> None:
        tx.run(
            _SET,
            desk_id=actor.desk_id,
            operator_id=actor.id,
            hash=hashed,
            failures=0,
            set_at_us=tx.now_us,
        )
        _tell(tx, actor, verb="access.set_pin", what="pin")

    db.write(actor.merchant_id, store)


def drop_pin(tx: Tx, actor: Actor) -> None:
    """Take the actor's own PIN away from the desk that he sits at."""
    if tx.run(_DROP, of_desk=actor.desk_id, of_operator=actor.id):
        _tell(tx, actor, verb="access.drop_pin", what="pin_removed")


def drop_pins_of(tx: Tx, *, operator_id: int) -> int:
    """Take all of an operator's PINs away; return how many."""
    return tx.run(_DROP_ALL, of_operator=operator_id)


def pin_failures(tx: Tx, *, operator_id: int, desk_id: int) -> int:
    """Return how often an operator's PIN at a desk was typed wrong in a row, -1 where he has none."""
    found = tx.value(_FAILURES, of_desk=desk_id, of_operator=operator_id)
    return -1 if found is None else int(found)


def renew_tries(tx: Tx, *, operator_id: int, desk_id: int) -> None:
    """Give a PIN its tries back, at once: its operator has signed in at the desk in full."""
    if not tx.run(_RENEW, of_desk=desk_id, of_operator=operator_id):
        return
    name_key = sign_in_key(read_names(tx, operator_id=operator_id).name)
    digest = tx.vault.installation_digest("sign-in name", name_key)
    guess = Guess("pin", name_key, "", name_digest=digest, known_device=str(desk_id))
    lane = lane_of(counters_of(guess))
    store_bucket(tx, lane, replace(lock_bucket(tx, lane), failures=0, locked_until_us=0))


def unlock_with_pin(
    db: Database, *, operator_id: int, desk: EnrolledDesk, desk_token: str, given: str, address: str
) -> Unlocked | SignInRefused:  # fmt: skip
    """Let an operator's session at a desk go on by his PIN there.

    A spent PIN, or none, is answered as a wrong one; a try is counted before the PIN is looked at.
    """
    names = db.read(desk.merchant_id, lambda tx: read_names(tx, operator_id=operator_id))
    of = {"of_desk": desk.id, "of_operator": operator_id}

    def take_try(tx: Tx) -> str:
        found = tx.value(_HASH, **of, tries=TRIES)
        return str(found) if tx.run(_TRY, **of, tries=TRIES) and found else ""

    def check() -> bool:
        hashed = db.write(desk.merchant_id, take_try)
        right = verify_password(given, hashed or DECOY_HASH)
        return right and bool(hashed)

    def go_on(tx: Tx) -> Unlocked | None:
        done = unlock_session(
            tx, operator_id=operator_id, desk=desk, desk_token=desk_token, address=address, method="pin"
        )  # fmt: skip
        if done is not None:
            tx.run(_RENEW, **of)
            send_signal(tx, Signal(
                kind="credential_right", operator_id=operator_id, method="pin", address=address, device=str(desk.id),
                outcome="right",
            ))  # fmt: skip
        return done

    known = operator_id if names.name else 0
    guess = Guess(
        "pin", sign_in_key(names.name), address, merchant_id=desk.merchant_id, operator_id=known, known_device=str(desk.id)
    )  # fmt: skip
    return guarded_verify(db, guess, secret_check=check, on_right=go_on)


def _tell(tx: Tx, actor: Actor, *, verb: str, what: str) -> None:
    write_journal(tx, actor, verb=verb, subject=f"operator:{actor.id}", data={"desk": str(actor.desk_id)})
    credential_changed(tx, operator_id=actor.id, what=what, kept_id=actor.session_id)
