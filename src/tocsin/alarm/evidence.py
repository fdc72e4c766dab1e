"""What an incident rests on: its signals, and the accounts, addresses and devices that they name.

Both are kept 90 days, addresses being personal data; the incident and its counts stay.
"""

from collections import Counter

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.table import UNSEEN, incident_source, signal
from tocsin.core.actor import Actor, require
from tocsin.core.clock import DAY_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.journal import NEWEST
from tocsin.core.loop import for_each_merchant
from tocsin.core.statement import NOUGHT, Statement, any_of, bind, old_rows, own, upsert
from tocsin.core.sweep import sweep_old

KEPT_DAYS = 90
COUNTED_MOST = 10_001
"""Distinct sources are counted so far: this many means “more than 10,000”."""


class SignalRow(Struct, frozen=True):
    """One signal; `data` is JSON, `merchant_id` 0 where it was of nobody yet."""

    id: int
    merchant_id: int
    kind: str
    operator_id: int
    name_digest: str
    method: str
    address: str
    device: str
    outcome: str
    subject: str
    data: str
    at_us: int

    @property
    def account(self) -> str:
        """Return what tells one account from another: its operator, else the digest of the name that was tried."""
        return str(self.operator_id) if self.operator_id else self.name_digest

    @property
    def untested(self) -> bool:
        """Tell that the limiter refused it before the secret was looked at."""
        return self.outcome == "locked"


class Source(Struct, frozen=True):
    """What signals came from or were about: kind account, address or device, with how many."""

    kind: str
    value: str
    signals: int
    last_at_us: int


_COLUMNS = tuple(signal.c[name] for name in SignalRow.__struct_fields__)
_PAGE = Statement(
    sa.select(*_COLUMNS)
    .where(own(signal), signal.c.incident_id == bind("incident_id"), signal.c.id < bind("before"))
    .order_by(signal.c.id.desc()).limit(bind("limit")),
    SignalRow,
)  # fmt: skip
_NEXT = Statement(
    sa.select(*_COLUMNS).where(UNSEEN, signal.c.id > NOUGHT).order_by(signal.c.id).limit(bind("limit")),
    SignalRow,
)
_GIVE = Statement[None](
    sa.update(signal).where(any_of(signal.c.id, "ids")).values(merchant_id=bind("merchant_id"))
)
_JOIN = Statement[None](
    sa.update(signal).where(any_of(signal.c.id, "ids")).values(incident_id=bind("b_incident_id"), seen=1)
)
_SEE = Statement[None](sa.update(signal).where(any_of(signal.c.id, "ids"), UNSEEN).values(seen=1))
_of_incident = sa.and_(own(incident_source), incident_source.c.incident_id == bind("incident_id"))
_SOURCES = Statement(
    sa.select(*(incident_source.c[name] for name in Source.__struct_fields__)).where(_of_incident)
    .order_by(incident_source.c.signals.desc(), incident_source.c.value).limit(bind("limit")),
    Source,
)  # fmt: skip
_HAS = Statement[tuple[int]](
    sa.select(incident_source.c.signals).where(
        _of_incident, incident_source.c.kind == bind("kind", str), incident_source.c.value == bind("value", str)
    )
)  # fmt: skip
_COUNT = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(
        sa.select(sa.literal(1)).where(_of_incident, incident_source.c.kind == bind("kind", str))
        .limit(bind("most")).subquery()
    )
)  # fmt: skip
_account = sa.and_(_of_incident, incident_source.c.kind == "account", incident_source.c.reached == NOUGHT)
_UNREACHED = Statement[tuple[str]](
    sa.select(incident_source.c.value).where(_account, any_of(incident_source.c.value, "ids"))
    .order_by(incident_source.c.value)
)  # fmt: skip
_REACH = Statement[None](
    sa.update(incident_source)
    .where(_account, incident_source.c.value == bind("account", str))
    .values(reached=1)
)
_adding = upsert(incident_source)
_ADD = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "incident_id", "kind", "value"],
        set_={
            "signals": incident_source.c.signals + _adding.excluded.signals,
            "last_at_us": _adding.excluded.last_at_us,
        },
    ),
    sets=[c.name for c in incident_source.columns],
)
_SWEPT_TO, _SWEEP = old_rows(signal.c.at_us)
_SOURCES_SWEPT_TO, _SWEEP_SOURCES = old_rows(incident_source.c.last_at_us, own(incident_source))


def list_signals(
    tx: Tx, actor: Actor, *, incident_id: int, before: int = NEWEST, limit: int = 100
) -> list[SignalRow]:
    """Return what an incident was told, newest first."""
    require(actor, "incident")
    return tx.rows(_PAGE, incident_id=incident_id, before=before, limit=limit)


def list_sources(tx: Tx, actor: Actor, *, incident_id: int, limit: int = 100) -> list[Source]:
    """Return the accounts, addresses and devices of an incident, those with most signals first."""
    require(actor, "incident")
    return tx.rows(_SOURCES, incident_id=incident_id, limit=limit)


def next_signals(tx: Tx, *, limit: int) -> list[SignalRow]:
    """Return what the alarm has not dealt with, of all merchants, in the order it was sent."""
    return tx.rows(_NEXT, limit=limit)


def own_signals(tx: Tx, told: list[SignalRow]) -> None:
    """Make signals of nobody the transaction's merchant's."""
    orphans = [one.id for one in told if one.merchant_id != tx.merchant_id]
    if orphans:
        tx.run(_GIVE, ids=orphans)


def see_signals(tx: Tx, told: list[SignalRow]) -> None:
    """Mark signals as dealt with: they are not read again."""
    tx.run(_SEE, ids=[one.id for one in told])


def join_signals(tx: Tx, told: list[SignalRow], *, incident_id: int) -> None:
    """Hang signals on an incident; so they are dealt with."""
    tx.run(_JOIN, ids=[one.id for one in told], b_incident_id=incident_id)


def keep_evidence(tx: Tx, told: list[SignalRow], *, incident_id: int) -> None:
    """Hang signals on an incident, and count what they came from and were about."""
    join_signals(tx, told, incident_id=incident_id)
    sources: Counter[tuple[str, str]] = Counter()
    for one in told:
        named = (("account", one.account), ("address", one.address), ("device", one.device))
        sources.update(pair for pair in named if pair[1])
    tx.many(_ADD, [
        {"incident_id": incident_id, "kind": kind, "value": value, "signals": count, "last_at_us": tx.now_us,
         "reached": 0}
        for (kind, value), count in sorted(sources.items())
    ])  # fmt: skip


def count_sources(tx: Tx, *, incident_id: int, kind: str) -> int:
    """Return how many accounts or addresses an incident has; 10,001 means more than 10,000."""
    return int(tx.value(_COUNT, incident_id=incident_id, kind=kind, most=COUNTED_MOST))


def is_source(tx: Tx, *, incident_id: int, kind: str, value: str) -> bool:
    """Tell whether an incident has this account, address or device."""
    return tx.one(_HAS, incident_id=incident_id, kind=kind, value=value) is not None


def unreached_accounts(tx: Tx, *, incident_id: int, operator_ids: set[int]) -> list[int]:
    """Return those of some accounts of an incident that had not reached the account rule in it."""
    if not operator_ids:
        return []
    found = tx.rows(_UNREACHED, incident_id=incident_id, ids=[str(one) for one in sorted(operator_ids)])
    return [int(value) for (value,) in found]


def mark_reached(tx: Tx, *, incident_id: int, operator_id: int) -> None:
    """Keep that an account has reached the account rule in an incident."""
    tx.run(_REACH, incident_id=incident_id, account=str(operator_id))


def sweep_evidence(db: Database) -> int:
    """Delete signals and sources of more than 90 days ago, some thousand at once; return how many."""

    def sweep(tx: Tx) -> int:
        return sweep_old(tx, _SWEPT_TO, _SWEEP, before=tx.now_us - KEPT_DAYS * DAY_US)

    def sweep_sources(tx: Tx) -> int:
        return sweep_old(tx, _SOURCES_SWEPT_TO, _SWEEP_SOURCES, before=tx.now_us - KEPT_DAYS * DAY_US)

    swept = db.write(DIRECTORY_SCOPE, sweep)
    return swept + for_each_merchant(
        db, lambda each: db.write(each, sweep_sources), besides=(DIRECTORY_SCOPE,)
    )
