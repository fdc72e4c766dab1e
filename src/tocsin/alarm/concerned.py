"""Whom an incident concerns: which of some operators' accounts have been tried, and where from last."""

from collections.abc import Collection

import sqlalchemy as sa

from tocsin.alarm.table import incident_source, signal
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, any_of, bind, own

_CONCERNED = Statement[tuple[str]](
    sa.select(incident_source.c.value).where(
        own(incident_source), incident_source.c.incident_id == bind("incident_id"), incident_source.c.kind == "account",
        any_of(incident_source.c.value, "ids"),
    )
)  # fmt: skip
_CONCERNING = Statement[tuple[int]](
    sa.select(incident_source.c.incident_id).where(
        own(incident_source), any_of(incident_source.c.incident_id, "incident_ids"), incident_source.c.kind == "account",
        incident_source.c.value == bind("account", str),
    )
)  # fmt: skip
_LAST_ADDRESS = Statement[tuple[str]](
    sa.select(signal.c.address).where(own(signal), signal.c.incident_id == bind("incident_id"))
    .order_by(signal.c.id.desc()).limit(1)
)  # fmt: skip


def concerned_by(tx: Tx, *, incident_id: int, operator_ids: frozenset[int]) -> frozenset[int]:
    """Return those of some operators whose accounts an incident is about."""
    if not operator_ids:
        return frozenset()
    found = tx.rows(_CONCERNED, incident_id=incident_id, ids=[str(one) for one in sorted(operator_ids)])
    return frozenset(int(value) for (value,) in found)


def concerning(tx: Tx, *, operator_id: int, incident_ids: Collection[int]) -> frozenset[int]:
    """Return those of some incidents that are about an operator's account."""
    found = (
        tx.rows(_CONCERNING, incident_ids=list(incident_ids), account=str(operator_id))
        if incident_ids
        else ()
    )
    return frozenset(incident_id for (incident_id,) in found)


def last_address(tx: Tx, *, incident_id: int) -> str:
    """Return where the newest signal of an incident came from; empty where it names no address."""
    return str(tx.value(_LAST_ADDRESS, incident_id=incident_id) or "")
