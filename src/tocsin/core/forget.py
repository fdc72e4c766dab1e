"""Forgetting a person: his parties are blanked and his data key destroyed, so that what was sealed is noise.

On SQLite freed bytes are overwritten (`secure_delete`): a key must not survive in a page that is only unlinked.
"""

import msgspec
import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.party import (
    PARTY_COLUMNS,
    PARTY_WITH_PERSON,
    PartyRow,
    StoredParty,
    party,
    person,
    plain_phone,
)
from tocsin.core.statement import Statement, bind, own

BLANK = msgspec.json.encode(StoredParty(country="")).decode()
"""The masked text of a party that was erased."""

_OVERWRITE = {
    "sqlite": Statement[None](sa.text("PRAGMA secure_delete=ON")),
    "postgresql": Statement[None](sa.text("SELECT 1")),
}
_BY_PHONE = Statement[tuple[int]](
    sa.select(person.c.id).where(
        own(person), person.c.phone_digest == bind("phone_digest", str), person.c.wrapped_key.is_not(None)
    )
)
_PERSONS = Statement[tuple[int]](
    sa.select(party.c.person_id)
    .select_from(PARTY_WITH_PERSON)
    .where(own(party), party.c.order_id == bind("order_id"), person.c.wrapped_key.is_not(None))
    .distinct()
)
_PARTIES = Statement(
    sa.select(*PARTY_COLUMNS).select_from(PARTY_WITH_PERSON)
    .where(own(party), party.c.person_id == bind("person_id")).order_by(party.c.order_id, party.c.version),
    PartyRow,
)  # fmt: skip
_BLANK = Statement[None](
    sa.update(party).where(
        own(party), party.c.order_id == bind("b_order_id"), party.c.version == bind("b_version")
    ),
    sets=("sealed", "masked", "receiver_digest"),
)
_DESTROY = Statement[None](
    sa.update(person)
    .where(own(person), person.c.id == bind("b_id"))
    .values(phone_digest=sa.null(), wrapped_key=sa.null(), erased_at_us=bind("now"))
)


def person_by_phone(tx: Tx, *, phone: str) -> int | None:
    """Return the person of a phone who is not erased, None where there is none."""
    digest = tx.vault.keys(tx).digest("person", plain_phone(phone))
    found = tx.value(_BY_PHONE, phone_digest=digest)
    return None if found is None else int(found)


def persons_of_order(tx: Tx, *, order_id: int) -> list[int]:
    """Return who has ever been the receiver of an order and is not erased."""
    return [row[0] for row in tx.rows(_PERSONS, order_id=order_id)]


def parties_of(tx: Tx, *, person_id: int) -> list[PartyRow]:
    """Return all party versions of a person, those that are blank too."""
    return tx.rows(_PARTIES, person_id=person_id)


def overwrite_freed(tx: Tx) -> None:
    """Let SQLite overwrite what is freed from here on; PostgreSQL needs a VACUUM FULL afterwards."""
    tx.rows(_OVERWRITE[tx.dialect])


def blank_party(tx: Tx, row: PartyRow) -> None:
    """Take all text out of a party version; its digest stays, for the revision's hash covers it."""
    tx.run(
        _BLANK, b_order_id=row.order_id, b_version=row.version, sealed=b"", masked=BLANK, receiver_digest=""
    )


def destroy_key(tx: Tx, *, person_id: int) -> None:
    """Destroy a person's data key; who orders again by his phone is a new person."""
    tx.run(_DESTROY, b_id=person_id, now=tx.now_us)
