"""Signals: what any chapter tells the alarm, in the transaction where it happened.

A signal is a row and an event; the alarm's own loop (`alarm/watch`) reads it as soon as it is
durable, so that nothing that a signal leads to can hold up or undo what it tells of.
"""

from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.table import signal
from tocsin.core.address import address_group
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.ident import id_at, new_id
from tocsin.core.statement import Statement, bind, insert_into, own

SIGNALLED = "alarm.signal"
Kind = Literal[
    "credential_wrong", "credential_right", "decoy_tried", "out_of_hours", "revoked_used", "station_vanished",
    "station_foreign", "station_unknown", "station_code_wrong", "reader_vanished", "siren_vanished", "device_back", "lookups_many", "reveals_many",
    "download_large", "void_scanned", "watched_tried", "seal_broken", "drill",
]  # fmt: skip


class Signal(Struct, frozen=True, kw_only=True):
    """One thing that the alarm should know of, of the transaction's merchant.

    Args:
        operator_id: whose account it is about; 0: unknown.
        name_digest: keyed digest of the sign-in name that was tried.
        method: password, passkey, reader, pin, api_key, link, code …
        address: where it came from.
        device: hash of a known device or the id of an enrolled desk; empty: unknown.
        outcome: wrong, locked (refused untested), right, inferred (a page reported it).
        subject: what else it is about, such as `station:7`; it tells incidents of one kind apart.
        data: codes and numbers, never personal data.
    """

    kind: Kind
    operator_id: int = 0
    name_digest: str = ""
    method: str = ""
    address: str = ""
    device: str = ""
    outcome: str = "wrong"
    subject: str = ""
    data: dict[str, Any] = {}


_ADD = insert_into(signal)
_LIKE_IT = Statement[tuple[int]](
    sa.select(signal.c.id)
    .where(
        own(signal), signal.c.kind == bind("kind", str), signal.c.outcome == "wrong", signal.c.id >= bind("since"),
        signal.c.subject == bind("subject", str),
    )
    .limit(1)
)  # fmt: skip


def send_signal(tx: Tx, told: Signal) -> int:
    """Tell the alarm; return the signal's id."""
    signal_id = new_id()
    tx.run(
        _ADD, id=signal_id, kind=told.kind, operator_id=told.operator_id, name_digest=told.name_digest, method=told.method,
        address=told.address[:64], address_group=address_group(told.address), device=told.device, outcome=told.outcome, subject=told.subject,
        data=msgspec.json.encode(told.data).decode(), at_us=tx.now_us, incident_id=0, seen=0,
    )  # fmt: skip
    append_event(tx, SIGNALLED, subject_id=signal_id, data={"kind": told.kind, "outcome": told.outcome})
    return signal_id


def was_signalled(tx: Tx, *, kind: Kind, subject: str, since_us: int) -> bool:
    """Tell whether the alarm was told of this subject since an instant: what can be repeated at will asks first."""
    return tx.value(_LIKE_IT, kind=kind, subject=subject, since=id_at(since_us)) is not None
