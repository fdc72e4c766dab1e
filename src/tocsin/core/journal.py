"""The journal: who did what, when. It holds ids and codes, never personal data."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, any_of, bind, insert_into, own

journal = merchant_table(
    "journal", big("id"), big("at_us"), text("actor_kind"), big("actor_id"), text("actor_name"), text("verb"),
    text("subject"), text("data"), key=("id",), append_only=True,
)  # fmt: skip
index(journal, "merchant_id", "subject", "-id")
index(journal, "merchant_id", "actor_id", "-id")


class JournalEntry(Struct, frozen=True):
    """One act: `subject` is like `order:123`, `data` JSON."""

    id: int
    at_us: int
    actor_kind: str
    actor_id: int
    actor_name: str
    verb: str
    subject: str
    data: str

    def fields(self) -> dict[str, Any]:
        """Return the entry's data, decoded."""
        return msgspec.json.decode(self.data, type=dict[str, Any])


_ADD = insert_into(journal)
_COLUMNS = tuple(journal.c[name] for name in JournalEntry.__struct_fields__)
_OF_SUBJECT = Statement(
    sa.select(*_COLUMNS).where(own(journal), journal.c.subject == bind("subject", str), journal.c.id < bind("before"))
    .order_by(journal.c.id.desc()).limit(bind("limit")),
    JournalEntry,
)  # fmt: skip
_PAGE = Statement(
    sa.select(*_COLUMNS).where(own(journal), journal.c.id < bind("before"))
    .order_by(journal.c.id.desc()).limit(bind("limit")),
    JournalEntry,
)  # fmt: skip
_OF_ACTOR = Statement(
    sa.select(*_COLUMNS).where(own(journal), journal.c.actor_id == bind("actor_id"), journal.c.id < bind("before"))
    .order_by(journal.c.id.desc()).limit(bind("limit")),
    JournalEntry,
)  # fmt: skip
_OF_MANY = Statement(
    sa.select(*_COLUMNS).where(own(journal), any_of(journal.c.subject, "subjects"), journal.c.verb == bind("verb", str))
    .order_by(journal.c.id.desc()).limit(bind("limit")),
    JournalEntry,
)  # fmt: skip
NEWEST = 2**63 - 1


def write_journal(
    tx: Tx, actor: Actor, *, verb: str, subject: str, data: dict[str, Any] | None = None
) -> None:
    """Add an entry to the transaction."""
    tx.add(
        _ADD, id=new_id(), at_us=tx.now_us, actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name, verb=verb,
        subject=subject, data=msgspec.json.encode(data or {}).decode(),
    )  # fmt: skip


def read_journal(
    tx: Tx, *, subject: str = "", actor_id: int = 0, before: int = NEWEST, limit: int = 100
) -> list[JournalEntry]:
    """Return entries newest first: of a subject, of an actor, or all of the merchant's."""
    if subject:
        return tx.rows(_OF_SUBJECT, subject=subject, before=before, limit=limit)
    if actor_id:
        return tx.rows(_OF_ACTOR, actor_id=actor_id, before=before, limit=limit)
    return tx.rows(_PAGE, before=before, limit=limit)


def read_of_many(tx: Tx, *, subjects: list[str], verb: str, limit: int = 1000) -> list[JournalEntry]:
    """Return the entries of one verb about many subjects, newest first."""
    return tx.rows(_OF_MANY, subjects=subjects, verb=verb, limit=limit)
