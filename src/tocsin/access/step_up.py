"""Step-up: what is dear asks for a fresh proof of who is at the desk, by either credential.

Password and passkey are equal here too. `access/proof` takes one, and makes the session fresh for ten minutes.
"""

import sqlalchemy as sa

from tocsin.access.table import session
from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US, now_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own

FRESH_US = 10 * MINUTE_US


class ProofNeeded(Refusal):
    """This needs a fresh proof that it is you: prove it with your password or your fingerprint, then do it again"""

    kind, code = "refused", "proof_needed"


_PROVE = Statement[None](
    sa.update(session).where(
        own(session),
        session.c.operator_id == bind("b_operator_id"),
        session.c.id == bind("session_id"),
        session.c.ended_at_us.is_(None),
    ),
    sets=("proved_at_us",),
)


def is_proved(actor: Actor) -> bool:
    """Tell whether the actor's session took a credential within the last 10 minutes; the desk itself needs none."""
    return actor.kind == "desk" or now_us() - actor.proved_at_us < FRESH_US


def require_proof(actor: Actor) -> None:
    """Refuse an actor who has not proved lately who he is.

    Raises:
        ProofNeeded: his last proof is 10 minutes old, or he is a key or a station, which can give none.
    """
    if not is_proved(actor):
        raise ProofNeeded


def mark_proved(tx: Tx, actor: Actor, *, method: str) -> None:
    """Record that the actor has just proved who he is, in the session that he acts in."""
    tx.run(_PROVE, b_operator_id=actor.id, session_id=actor.session_id, proved_at_us=tx.now_us)
    write_journal(
        tx, actor, verb="access.prove", subject=f"session:{actor.session_id}", data={"method": method}
    )
