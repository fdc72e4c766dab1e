"""What a finger at a desk opens: a new session, a locked one, a fresh proof in the present one; and what it signs."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from tocsin.access.desk import desk_here, find_desk, place_at
from tocsin.access.finger_attempt import METHOD, Proved, use_attempt
from tocsin.access.limiter import SignInRefused
from tocsin.access.lock import Unlocked, unlock_session
from tocsin.access.login import SignedIn, complete_sign_in
from tocsin.access.step_up import mark_proved
from tocsin.access.verification import may_enter
from tocsin.core.actor import Actor
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx

R = TypeVar("R")


class Browser(Struct, frozen=True):
    """The browser at an enrolled desk.

    Args:
        desk, device: the secrets of its cookies; `session` of the session that it brings along.
    """

    desk: str
    address: str
    device: str = ""
    user_agent: str = ""
    session: str = ""


def sign_in_by_finger(db: Database, token: str, browser: Browser) -> SignedIn | SignInRefused:
    """Sign in by an attempt that a reader has matched, in the browser that opened it."""

    def open_session(tx: Tx, proved: Proved) -> SignedIn | None:
        return complete_sign_in(
            tx, operator_id=proved.operator_id, name_key=proved.name_key, method=METHOD, address=browser.address,
            user_agent=browser.user_agent, device=browser.device, replaces=browser.session, desk=browser.desk,
        )  # fmt: skip

    return use_attempt(db, token, purpose="sign_in", desk_token=browser.desk, then=open_session)


def unlock_by_finger(db: Database, token: str, browser: Browser) -> Unlocked | SignInRefused:
    """Let a session at the desk go on by an attempt that a reader has matched."""
    here = db.read(DIRECTORY_SCOPE, lambda tx: find_desk(tx, token=browser.desk))

    def go_on(tx: Tx, proved: Proved) -> Unlocked | None:
        if here is None:
            return None
        return unlock_session(
            tx, operator_id=proved.operator_id, desk=here, desk_token=browser.desk, address=browser.address, method=METHOD
        )  # fmt: skip

    return use_attempt(db, token, purpose="unlock", desk_token=browser.desk, then=go_on)


def prove_by_finger(db: Database, actor: Actor, *, token: str, browser: Browser) -> str | SignInRefused:
    """Take an attempt that a reader has matched as a fresh proof in the actor's session; return the method."""

    def renew(tx: Tx, proved: Proved) -> str | None:
        if proved.operator_id != actor.id:
            return None
        mark_proved(tx, actor, method=METHOD)
        return METHOD

    return use_attempt(
        db, token, purpose="prove", desk_token=browser.desk, session_id=actor.session_id, then=renew
    )


def sign_by_finger(
    db: Database, actor: Actor, *, token: str, browser: Browser, operator_id: int, then: Callable[[Tx, int], R | None]
) -> R | SignInRefused:  # fmt: skip
    """Take an attempt that a reader has matched as the signature of an operator, in the session that asked for it.

    Args:
        actor: whose session that is; he need not be who signs.
        operator_id: who says that he signs.
        then: runs in the transaction that uses the attempt up, with the operator's id.
    """

    def sign(tx: Tx, proved: Proved) -> R | None:
        place = place_at(desk_here(tx, token=browser.desk), address=browser.address)
        if proved.operator_id != operator_id or not may_enter(
            tx, operator_id=operator_id, place=place, method=METHOD
        ):
            return None
        return then(tx, operator_id)

    return use_attempt(
        db, token, purpose="shift", desk_token=browser.desk, session_id=actor.session_id, then=sign
    )
