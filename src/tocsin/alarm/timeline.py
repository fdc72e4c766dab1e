"""The timeline of an incident: each thing that happened or was done about it, once, by whom and when.

The signals themselves are not entries: ten thousand of them are one line that counts.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.table import incident_entry
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.journal import NEWEST
from tocsin.core.statement import Statement, bind, insert_into, own

ENTRY_TEXTS: dict[str, str] = {
    "raised": "The desk raised it",
    "rule": "A rule fired",
    "sound": "The siren was asked to sound",
    "restarted": "The desk was started again: what nobody had silenced sounds again",
    "siren_on": "{siren} confirmed that it is on",
    "siren_light": "{siren} confirmed that it shows its light and makes no sound",
    "siren_off": "{siren} confirmed that it is off",
    "siren_told": "{siren} was told to be on; it can't confirm",
    "siren_off_told": "{siren} was told to be off; it can't confirm",
    "siren_failed": "{siren} did not do as it was told: {problem}",
    "takeover": "{siren} took over",
    "signed_in": "Somebody signed in to an account that had been tried here",
    "posture": "The desk went to {state}",
    "silenced": "{name} silenced it: the light stays",
    "silence_over": "{minutes} minutes of silence are over and it goes on: it sounds again",
    "again": "It sounds again, whoever silenced it or has it: {why}",
    "acknowledged": "{name} has it",
    "escalated": "Nobody had it, step {step}: the next people are told",
    "cleared": "{name} cleared it",
    "quiet": "It stayed quiet and ended by itself",
    "mistyped": "A known device mistyped, then signed in: it ended by itself",
    "back": "What had vanished is back",
    "notified": "{recipient} was told",
    "notify_failed": "{recipient} was not told: {problem} {number}",
    "was_me": "{name} says: it was me",
    "screen": "A screen showed it",
    "drilled": "The drill is over",
}
"""What each kind of entry says: msgids with `{fields}` of the entry's data, and `name` for who did it."""


class Entry(Struct, frozen=True):
    """One line of a timeline; `data` is JSON without personal data."""

    id: int
    incident_id: int
    at_us: int
    kind: str
    actor_kind: str
    actor_id: int
    actor_name: str
    data: str

    def fields(self) -> dict[str, Any]:
        """Return the entry's data, decoded, with `name` for who did it."""
        return {"name": self.actor_name, **msgspec.json.decode(self.data, type=dict[str, Any])}


_ADD = insert_into(incident_entry)
_PAGE = Statement(
    sa.select(*(incident_entry.c[name] for name in Entry.__struct_fields__))
    .where(
        own(incident_entry), incident_entry.c.incident_id == bind("incident_id"), incident_entry.c.id < bind("before")
    ).order_by(incident_entry.c.id.desc()).limit(bind("limit")),
    Entry,
)  # fmt: skip


def add_entry(
    tx: Tx, *, incident_id: int, kind: str, actor: Actor | None = None, data: Mapping[str, Any] | None = None
) -> None:
    """Add a line to an incident's timeline; without an actor the desk itself did it."""
    by = actor or desk_actor(tx.merchant_id)
    tx.run(
        _ADD, id=new_id(), incident_id=incident_id, at_us=tx.now_us, kind=kind, actor_kind=by.kind, actor_id=by.id,
        actor_name=by.name, data=msgspec.json.encode(data or {}).decode(),
    )  # fmt: skip


def read_timeline(tx: Tx, *, incident_id: int, before: int = NEWEST, limit: int = 100) -> list[Entry]:
    """Return an incident's entries, newest first."""
    return tx.rows(_PAGE, incident_id=incident_id, before=before, limit=limit)
