"""One person in the store: found by phone, name and phone, or an order; told what is kept of him; exported."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.step_up import require_proof
from tocsin.alarm.posture import require_not_locked_down
from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.forget import parties_of, person_by_phone, persons_of_order
from tocsin.core.journal import write_journal
from tocsin.core.party import PartyRow, StoredParty, open_party
from tocsin.core.preference import change_preference, read_preference
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.draft import PERSONAL_FIELDS
from tocsin.orders.ledger import who_has_seen
from tocsin.orders.lookup import record_lookup
from tocsin.orders.store import find_order_id, load_order
from tocsin.orders.table import order_revision

BOX = "privacy"
EXPORT_PURPOSES = ("request", "authority", "complaint")
KEEP_DAYS_LEAST, LEDGER_DAYS_LEAST, DAYS_MOST = 30, 184, 3650
_SEEN_MOST = 1000


class PersonMissing(Refusal):
    """Nobody is kept under this phone, name or order: look at the order itself, or he was erased already"""

    kind, code = "missing", "person_missing"


class ExportPurposeMissing(Refusal):
    """Say what the file is for: {purposes}"""

    kind, code = "invalid", "export_purpose_missing"


class PrivacyRulesWrong(Refusal):
    """Receivers are kept for ever (0) or {least} to {most} days, look-ups {ledger} to {most} days: choose others"""

    kind, code = "invalid", "privacy_rules_wrong"


class PrivacyRules(Struct, frozen=True):
    """What a merchant chooses: whether managers may export and erase, and after how many days receivers go.

    0 days keeps receivers: nobody's data goes before somebody chose that it should.
    """

    managers_erase: bool = False
    keep_days: int = 0
    ledger_days: int = 365


class Person(Struct, frozen=True):
    """A receiver in the store, with all that was ever sealed of him."""

    id: int
    parties: tuple[PartyRow, ...]

    def order_ids(self) -> list[int]:
        """Return his orders, the oldest first."""
        return sorted({row.order_id for row in self.parties})


_VERSIONS = Statement[tuple[int, int]](
    sa.select(order_revision.c.revision, order_revision.c.party_version)
    .where(own(order_revision), order_revision.c.order_id == bind("id"))
    .order_by(order_revision.c.revision)
)


def require_eraser(tx: Tx, actor: Actor) -> None:
    """Refuse who may neither export nor erase a person: an owner may, a manager where the merchant chose so.

    Raises:
        NotAllowed: he is neither.
        ProofNeeded: he has not proved lately that it is he.
    """
    manager = actor.role == "manager" and read_preference(tx, PrivacyRules, box=BOX).managers_erase
    if not (actor.may("operators") or manager):
        raise NotAllowed(right="operators")
    require_proof(actor)


def find_people(tx: Tx, actor: Actor, *, phone: str = "", name: str = "", order: str = "") -> list[Person]:
    """Return the person of a phone (and name, where one is given), or those who ever received an order.

    Raises:
        NotAllowed, ProofNeeded
        PersonMissing: nobody is found.
    """
    require_eraser(tx, actor)
    if order:
        ids = persons_of_order(tx, order_id=find_order_id(tx, number=order))
    else:
        found = person_by_phone(tx, phone=phone) if phone else None
        ids = [] if found is None else [found]
    people = [Person(each, tuple(parties_of(tx, person_id=each))) for each in ids]
    if name:
        people = [each for each in people if name in {one.name for one in real_parties(tx, each)}]
    if not people:
        raise PersonMissing
    return people


def real_parties(tx: Tx, found: Person) -> list[StoredParty]:
    """Return all that was sealed of a person, in the order it came."""
    return [open_party(tx, row) for row in found.parties if row.sealed]


def change_rules(tx: Tx, actor: Actor, rules: PrivacyRules, *, revision: int) -> int:
    """Store how long receivers and look-ups are kept, and whether managers may erase; return the new revision.

    Raises:
        NotAllowed, ProofNeeded: it takes who may erase a person, and may set the shop up.
        PrivacyRulesWrong, PreferenceMoved
    """
    require(actor, "operators")
    require_eraser(tx, actor)
    kept = rules.keep_days == 0 or KEEP_DAYS_LEAST <= rules.keep_days <= DAYS_MOST
    if not kept or not LEDGER_DAYS_LEAST <= rules.ledger_days <= DAYS_MOST:
        raise PrivacyRulesWrong(least=KEEP_DAYS_LEAST, ledger=LEDGER_DAYS_LEAST, most=DAYS_MOST)
    return change_preference(tx, actor, rules, box=BOX, revision=revision)


def export_person(tx: Tx, actor: Actor, found: Person, *, door: str, purpose: str) -> bytes:
    """Return everything kept about a person as one JSON text; recorded as a reveal of each of his orders.

    Raises:
        NotAllowed, ProofNeeded
        ExportPurposeMissing: the purpose is none of the known ones.
        DeskLockedDown: full texts are frozen.
    """
    require_eraser(tx, actor)
    if purpose not in EXPORT_PURPOSES:
        raise ExportPurposeMissing(purposes=", ".join(EXPORT_PURPOSES))
    require_not_locked_down(tx)
    orders = [_export_order(tx, actor, found, order_id) for order_id in found.order_ids()]
    pairs = [
        (int(each["id"]), int(each["revisions"][-1]["revision"])) for each in orders if each["revisions"]
    ]
    subject = f"person:{found.id}"
    record_lookup(
        tx, actor, door=door, kind="reveal", query=subject, pairs=pairs, purpose=purpose, fields=PERSONAL_FIELDS
    )  # fmt: skip
    told_on = {"orders": len(orders), "purpose": purpose}
    write_journal(tx, actor, verb="orders.export_person", subject=subject, data=told_on)
    told = {"person": str(found.id), "made_at_us": str(tx.now_us), "orders": orders}
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _export_order(tx: Tx, actor: Actor, found: Person, order_id: int) -> dict[str, Any]:
    """Return one order as it is handed out: only those revisions whose receiver he was."""
    own_versions = {row.version for row in found.parties if row.order_id == order_id}
    revisions = [
        load_order(tx, order_id=order_id, revision=revision, real=True)
        for revision, version in tx.rows(_VERSIONS, id=order_id)
        if version in own_versions
    ]
    seen = who_has_seen(tx, actor, order_id=order_id, limit=_SEEN_MOST) if actor.may("journal") else []
    return {
        "id": str(order_id), "number": revisions[-1].number if revisions else "",
        "revisions": [msgspec.to_builtins(each) for each in revisions],
        "looked_up": [
            {"at_us": str(one.at_us), "by": one.actor_name, "door": one.door, "kind": one.kind, "purpose": one.purpose}
            for one in seen
        ],
    }  # fmt: skip
