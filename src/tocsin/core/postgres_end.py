"""How a transaction on PostgreSQL ends: durable, rolled back, or with its connection."""

from contextlib import suppress
from typing import Any

import psycopg

from tocsin.core.errors import DatabaseAway, DatabaseBusy, Outage, OutcomeUnknown, Refusal

# Ended before it asked for anything more: unlike a line that is lost at a COMMIT it can't have been made.
_ENDED = psycopg.errors.IdleInTransactionSessionTimeout


class NotCommitted(Refusal):
    """The change was rolled back after an error inside it: nothing was saved, try again"""

    kind, code = "broken", "not_committed"


class ConnectionLost(DatabaseAway):
    """The connection was lost before the change was saved; nothing was changed"""


def roll_back(connection: Any) -> None:
    """Roll back, where there is still something to."""
    if not connection.closed:
        with suppress(psycopg.OperationalError):  # a lost connection's transaction is rolled back there
            connection.rollback()  # makes psycopg forget, too, what was to be prepared behind a fault and was not


def outage_of(connection: Any, fault: BaseException) -> Outage | None:
    """Return which outage a fault is that ended a transaction before its COMMIT; None where it is its verb's own."""
    if isinstance(fault, psycopg.errors.LockNotAvailable):
        return DatabaseBusy()
    return ConnectionLost() if _is_lost(connection, fault) else None


def _is_lost(connection: Any, fault: BaseException) -> bool:
    """Tell whether a fault is of the server, which is gone, or became a standby while it was spoken to."""
    became_standby = (
        isinstance(fault, psycopg.errors.ReadOnlySqlTransaction)
        and not connection.closed
        and connection.execute("SELECT pg_is_in_recovery()").fetchone()[0]
    )
    if became_standby:
        connection.close()
    return bool(connection.closed) and isinstance(
        fault, (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, _ENDED)
    )


def commit(connection: Any, *, reads: bool) -> None:
    """Make a transaction durable; of one that only reads nothing can be lost any more.

    Raises:
        ConnectionLost: the server had ended it before, since nothing was asked for too long.
        OutcomeUnknown: the connection was lost meanwhile, or the server gave up waiting for its standby.
        NotCommitted: it was rolled back.
    """
    warned: list[bool] = []

    def note(one: Any) -> None:  # it can be read now, and no more when the statement has ended
        warned.append(one.severity_nonlocalized == "WARNING")

    connection.add_notice_handler(note)
    try:
        told = connection.execute("COMMIT").statusmessage
    except (psycopg.OperationalError, _ENDED) as fault:
        if not connection.closed:
            raise
        if not reads:
            raise (ConnectionLost if isinstance(fault, _ENDED) else OutcomeUnknown) from fault
        return
    finally:
        connection.remove_notice_handler(note)
    # A verb that swallowed a failed statement leaves a transaction that COMMIT rolls back without a word.
    if told != "COMMIT":
        connection.close()  # nobody told psycopg which of its statements were not prepared
        raise NotCommitted
    if any(warned):
        raise OutcomeUnknown
