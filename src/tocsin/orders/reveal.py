"""Opening masked text: one field of one order, for a purpose, for a short while, recorded first.

What is open is read off the ledger: a look-up of kind `reveal` within the last seconds, by this very actor,
at this revision. Nothing else keeps it, so that nothing has to take it back.
"""

from collections.abc import Collection
from functools import partial

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.alarm.posture import DeskLockedDown, read_posture
from tocsin.alarm.usage import count_usage, used_this_hour
from tocsin.core.actor import Actor
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import id_at
from tocsin.core.journal import write_journal
from tocsin.core.party import Party
from tocsin.core.preference import change_preference, preference_revision, read_preference
from tocsin.core.statement import Statement, bind, own
from tocsin.core.text import strip_control
from tocsin.orders.draft import PERSONAL_FIELDS, Order
from tocsin.orders.lookup import FIELD, PURPOSES, Lookup, record_lookup, states_of
from tocsin.orders.second_person import pass_second_person
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import lookup

BOX = "reveal"
# What is opened at once, and which texts of an order it is.
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "phone": ("phone",),
    "address": ("address", "postcode"),
    "note": ("buyer_note", "merchant_note"),
}
SAID_MOST = 200
_SECONDS = range(10, 601)
_PER_HOUR = range(1_000_001)


class PurposeMissing(Refusal):
    """Say what you need the full text for: {purposes}; the last one in words too"""

    kind, code = "invalid", "purpose_missing"


class FieldNotMasked(Refusal):
    """No such field can be opened: choose of {fields}"""

    kind, code = "invalid", "field_not_masked"


class RevealsUsedUp(Refusal):
    """You have opened {limit} texts within this hour, as many as the shop allows: ask somebody else, or wait for the next hour"""

    kind, code = "refused", "reveals_used_up"


class RevealRulesWrong(Refusal):
    """Full texts stay open for 10 to 600 seconds, and up to 1,000,000 an hour may be opened: mend {field}"""

    kind, code = "invalid", "reveal_rules_wrong"


class RevealRules(Struct, frozen=True, kw_only=True):
    """How long a text stays open, and how many an operator or an API key may open in a clock hour; 0: as many as wanted."""

    seconds: int = 60
    per_hour: int = 120
    per_hour_of_key: int = 1000


class Revealed(Struct, frozen=True):
    """The receiver and the merchant's note with the asked fields real, or the refusal that was recorded.

    `until_us`: when the text is masked again; `why`: "" where it was allowed, else right, lockdown or limit.
    """

    receiver: Party | None
    merchant_note: str = ""
    until_us: int = 0
    why: str = ""
    limit: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the text was opened."""
        return self.receiver is not None


_OPENED = Statement(
    sa.select(*(lookup.c[name] for name in Lookup.__struct_fields__)).where(
        own(lookup), lookup.c.actor_id == bind("actor_id"), lookup.c.id >= bind("since"), lookup.c.kind == bind("kind", str),
    ).order_by(lookup.c.id.desc()).limit(100),
    Lookup,
)  # fmt: skip


def reveal_receiver(
    db: Database, actor: Actor, *, order_id: int, purpose: str, door: str, fields: Collection[str] = tuple(FIELDS),
    said: str = "",
) -> Revealed:  # fmt: skip
    """Return the receiver with some fields real, for a purpose; the look-up, or the denial, is recorded first.

    With the right `reveal_finding` alone it needs an open hold with a finding: to mend it.

    Args:
        fields: of `FIELDS`; all others stay masked.
        said: the purpose in words, at most 200 characters; sealed as what was asked is.

    Raises:
        PurposeMissing: the purpose is not one of the known ones, or is `other` without words.
        FieldNotMasked: no field, or one that does not exist.
        DeskLockedDown: he may, but full texts are frozen; that he tried is recorded.
        SecondPersonNeeded: the order is watched, and nobody else has confirmed; recorded.
        RevealsUsedUp: he may, but has opened as many as the shop allows in an hour; recorded too.
    """
    told = strip_control(said).strip()[:SAID_MOST]
    if purpose not in PURPOSES or (purpose == "other" and not told):
        raise PurposeMissing(purposes=", ".join(PURPOSES))
    if not fields or not FIELDS.keys() >= set(fields):
        raise FieldNotMasked(fields=", ".join(FIELDS))
    pass_second_person(db, actor, order_id=order_id, act="reveal", door=door)
    found = db.write(
        actor.merchant_id,
        partial(
            _reveal, actor=actor, order_id=order_id, purpose=purpose, door=door, fields=fields, said=told
        ),
    )
    if found.why == "lockdown":
        raise DeskLockedDown
    if found.why == "limit":
        raise RevealsUsedUp(limit=found.limit)
    return found


def show_open(tx: Tx, actor: Actor, *, order: Order) -> tuple[Order, dict[str, int]]:
    """Return an order with what the actor has open of it real, and until when each of its fields is.

    A right that was taken away, a lockdown and a new revision close it too.
    """
    rules = read_preference(tx, RevealRules, box=BOX)
    since_us = tx.now_us - rules.seconds * SECOND_US
    until: dict[str, int] = {}
    for row in tx.rows(_OPENED, actor_id=actor.id, since=id_at(since_us), kind="reveal"):
        mine = (row.actor_kind, row.pairs()) == (actor.kind, [(order.id, order.revision)])
        if (
            mine
            and row.place == FIELD
            and since_us < row.at_us <= tx.now_us
            and _may(tx, actor, order_id=order.id, purpose=row.purpose)
        ):
            names = set(row.fields.split(","))
            for field, of in FIELDS.items():
                if names & set(of):
                    until[field] = max(until.get(field, 0), row.at_us + rules.seconds * SECOND_US)
    if not until or read_posture(tx).state == "lockdown":
        return order, {}
    return _opened(order, load_order(tx, order_id=order.id, revision=order.revision, real=True), until), until


def shown_fields(order: Order) -> list[str]:
    """Return the personal fields that an order's real text has something in."""
    shown = [name for name in PERSONAL_FIELDS if getattr(order.receiver, name)]
    return [*shown, "merchant_note"] if order.merchant_note else shown


def purposes_of(actor: Actor, *, held: bool) -> tuple[str, ...]:
    """Return for what an actor may open an order's text; `held`: it is held for a finding."""
    if actor.may("reveal"):
        return tuple(purpose for purpose in PURPOSES if purpose != "finding" or held)
    return ("finding",) if held and actor.may("reveal_finding") else ()


def read_reveal_rules(tx: Tx) -> tuple[RevealRules, int]:
    """Return what the merchant chose, and the revision that a change is made against."""
    return read_preference(tx, RevealRules, box=BOX), preference_revision(tx, box=BOX)


def change_reveal_rules(tx: Tx, actor: Actor, rules: RevealRules, *, revision: int) -> int:
    """Choose how long texts stay open and how many an hour; return the new revision.

    Raises:
        NotAllowed, PreferenceMoved: as for each preference.
        RevealRulesWrong: a number is out of bounds.
    """
    bounds = {"seconds": _SECONDS, "per_hour": _PER_HOUR, "per_hour_of_key": _PER_HOUR}
    for field, within in bounds.items():
        if getattr(rules, field) not in within:
            raise RevealRulesWrong(field=field)
    return change_preference(tx, actor, rules, box=BOX, revision=revision)


def _reveal(
    tx: Tx, *, actor: Actor, order_id: int, purpose: str, door: str, fields: Collection[str], said: str
) -> Revealed:
    masked, real = (load_order(tx, order_id=order_id, real=given) for given in (False, True))
    rules = read_preference(tx, RevealRules, box=BOX)
    limit = rules.per_hour_of_key if actor.kind == "api_key" else rules.per_hour
    why = _refused(tx, actor, order_id=order_id, purpose=purpose, limit=limit)
    kind = "denied" if why else "reveal"
    opened = {name for field in fields for name in FIELDS[field]} if not why else set()
    record_lookup(
        tx, actor, door=door, kind=kind, query=f"{real.number} {said}".strip(), purpose=purpose,
        pairs=[(real.id, real.revision)], fields=[name for name in shown_fields(real) if name in opened],
        states=states_of([real]), place=FIELD,
    )  # fmt: skip
    write_journal(
        tx, actor, verb=f"orders.{kind}", subject=f"order:{real.id}",
        data={"purpose": purpose, "fields": ",".join(sorted(fields))},
    )  # fmt: skip
    if why:
        return Revealed(None, why=why, limit=limit)
    shown = _opened(masked, real, fields)
    return Revealed(shown.receiver, shown.merchant_note, until_us=tx.now_us + rules.seconds * SECOND_US)


def _refused(tx: Tx, actor: Actor, *, order_id: int, purpose: str, limit: int) -> str:
    """Return why a text must not be opened, "" where it may; what may be is counted at once, for the alarm too."""
    if not _may(tx, actor, order_id=order_id, purpose=purpose):
        return "right"
    if read_posture(tx).state == "lockdown":
        return "lockdown"
    count_usage(tx, kind="reveals_many", actor_kind=actor.kind, actor_id=actor.id, amount=1)
    used = used_this_hour(tx, kind="reveals_many", actor_kind=actor.kind, actor_id=actor.id)
    return "limit" if 0 < limit < used else ""


def _may(tx: Tx, actor: Actor, *, order_id: int, purpose: str) -> bool:
    if actor.may("reveal"):
        return True
    held = any(hold.kind in ("check", "acknowledge") for hold in open_holds(tx, order_id=order_id))
    return actor.may("reveal_finding") and purpose == "finding" and held


def _opened(masked: Order, real: Order, fields: Collection[str]) -> Order:
    """Return an order with the texts of some fields real."""
    names = {name for field in fields for name in FIELDS[field]}
    given = {name: getattr(real.receiver, name) for name in Party.__struct_fields__ if name in names}
    note = real.merchant_note if "merchant_note" in names else masked.merchant_note
    return replace(masked, receiver=replace(masked.receiver, **given), merchant_note=note)
