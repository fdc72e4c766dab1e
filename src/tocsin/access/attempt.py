"""Attempts: what was tried, as rows, signals to the alarm and entries of the journal, without what was typed."""

from tocsin.access.bucket import sweep_buckets
from tocsin.access.device import known_hash
from tocsin.access.guess import Guess
from tocsin.access.table import attempt
from tocsin.alarm.signal import Kind, Signal, send_signal
from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import insert_into, old_rows
from tocsin.core.sweep import sweep_old

_KEPT_DAYS = 90
_ADD = insert_into(attempt)
_SWEPT_TO, _SWEEP = old_rows(attempt.c.at_us)


def digests_of(tx: Tx, guess: Guess) -> tuple[str, str]:
    """Return the digest of a guess's name, and the hash of its device where that is known."""
    digest = guess.name_digest or tx.vault.installation_digest("sign-in name", guess.name_key)
    return digest, guess.known_device or known_hash(tx, name_digest=digest, token=guess.device)


def tell_attempt(
    tx: Tx, guess: Guess, *, outcome: str, failures: int = 0, kind: Kind = "credential_wrong", subject: str = "",
    reason: str = "",
) -> None:  # fmt: skip
    """Record a named attempt; one that failed goes to the alarm too, and to the journal where a secret was looked at.

    Args:
        outcome: right, wrong, locked (refused untested), inferred (a page reported it).
    """
    kind, subject = guess.tells if kind == "credential_wrong" else kind, subject or guess.about
    tx.run(
        _ADD, id=new_id(), name_digest=guess.name_digest, merchant_id=guess.merchant_id, operator_id=guess.operator_id,
        address=guess.address[:64], known_device=int(bool(guess.known_device)), method=guess.method, outcome=outcome,
        at_us=tx.now_us,
    )  # fmt: skip
    if outcome == "right":
        return
    send_signal(tx, Signal(
        kind="decoy_tried" if guess.decoy else kind, operator_id=guess.operator_id, name_digest=guess.name_digest,
        method=guess.method, address=guess.address, device=guess.known_device, outcome=outcome, subject=subject,
    ))  # fmt: skip
    if outcome != "locked":
        data = {"method": guess.method, "failures": failures, "known_device": bool(guess.known_device)}
        more = {"reason": reason} if reason else {}
        about = subject or f"operator:{guess.operator_id}"
        write_journal(
            tx, desk_actor(tx.merchant_id), verb="access.sign_in_failed", subject=about, data={**data, **more}
        )


def sweep_attempts(tx: Tx) -> int:
    """Delete some counters that rest and attempts of more than 90 days ago; return how many rows (directory scope)."""
    return sweep_buckets(tx) + sweep_old(tx, _SWEPT_TO, _SWEEP, before=tx.now_us - _KEPT_DAYS * DAY_US)
