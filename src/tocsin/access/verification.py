"""Box 4, verification: is this operator known, active, and allowed at this place and hour."""

import unicodedata

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.hours import within_hours
from tocsin.access.place import Place, within_places, within_shops
from tocsin.access.table import operator, password, sign_in_name
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.statement import NOUGHT, Statement, bind, own
from tocsin.core.tenant import shop
from tocsin.core.text import strip_control

# Longer than any name: what is beyond makes no other one. Spelling takes time by the square of a run of accents.
_TYPED_MOST = 512


class Named(Struct, frozen=True):
    """Whom a sign-in name stands for."""

    merchant_id: int
    operator_id: int


FULL_ROLES = frozenset({"owner", "manager"})


class Credentials(Struct, frozen=True):
    """What a sign-in is checked against; a password of strength `desk` opens at enrolled desks alone."""

    role: str
    active: int
    hash: str
    strength: str

    def opens_at(self, place: Place) -> bool:
        """Tell whether the password is strong enough where it was typed."""
        return self.strength != "desk" or (bool(place.desk_id) and self.role not in FULL_ROLES)


class Standing(Struct, frozen=True):
    """What is asked of an operator whose credential was right."""

    active: int
    shops: str
    hours: str
    places: str
    home_zone: str


class Candidate(Struct, frozen=True):
    """A name that wants to sign in; unknown ones have no ids and no credentials."""

    name_key: str
    merchant_id: int = 0
    operator_id: int = 0
    credentials: Credentials | None = None

    def may_sign_in(self) -> bool:
        """Tell whether the name is known and its operator active."""
        return self.credentials is not None and bool(self.credentials.active)


# The zone of the shop whose clock an operator's hours go by: the first of his shops, else the merchant's first.
HOME_ZONE = (
    sa.select(shop.c.zone)
    .where(own(shop), sa.or_(operator.c.home_shop_id == NOUGHT, shop.c.id == operator.c.home_shop_id))
    .order_by(shop.c.id).limit(1).correlate(operator).scalar_subquery()
)  # fmt: skip
_STANDING = Statement(
    sa.select(
        operator.c.active, operator.c.shops, operator.c.hours, operator.c.places,
        sa.func.coalesce(HOME_ZONE, "UTC").label("home_zone"),
    ).where(own(operator), operator.c.id == bind("operator_id")),
    Standing,
)  # fmt: skip
_NAMED = Statement(
    sa.select(sign_in_name.c.merchant_id, sign_in_name.c.operator_id).where(sign_in_name.c.name_key == bind("name_key", str)),
    Named,
)  # fmt: skip
_CREDENTIALS = Statement(
    sa.select(operator.c.role, operator.c.active, password.c.hash, password.c.strength)
    .select_from(
        operator.join(
            password,
            (password.c.merchant_id == operator.c.merchant_id) & (password.c.operator_id == operator.c.id),
        )
    )
    .where(own(operator), operator.c.id == bind("operator_id")),
    Credentials,
)


def sign_in_key(name: str) -> str:
    """Return the form of a name that is unique over the installation (NFKC, casefolded).

    Source: Unicode Standard, D146 (identifier caseless match).
    """
    folded = unicodedata.normalize("NFKC", strip_control(name[:_TYPED_MOST]).strip()).casefold()
    return unicodedata.normalize("NFKC", folded)


def find_candidate(db: Database, name: str) -> Candidate:
    """Return who a name is; unknown names cost the same two reads."""
    name_key = sign_in_key(name)
    named = db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_NAMED, name_key=name_key)) or Named(0, 0)
    found = db.read(named.merchant_id, lambda tx: read_credentials(tx, operator_id=named.operator_id))
    return Candidate(name_key, named.merchant_id, named.operator_id, found)


def may_enter(tx: Tx, *, operator_id: int, place: Place = Place(), method: str = "") -> bool:  # noqa: B008 - frozen
    """Tell whether an operator whose credential was right may be let in now, in the transaction that opens his session.

    Out of his hours or from elsewhere he is not, and the alarm is told that somebody has his credential then.
    """
    standing = tx.one(_STANDING, operator_id=operator_id)
    if standing is None or not standing.active:
        return False
    if not within_hours(standing.hours, zone=standing.home_zone, now_us=tx.now_us):
        why = "hours"
    elif not (within_places(standing.places, place) and within_shops(standing.shops, place)):
        why = "place"
    else:
        return True
    send_signal(tx, Signal(
        kind="out_of_hours", operator_id=operator_id, method=method, address=place.address,
        device=str(place.desk_id or ""), outcome="right", subject=f"operator:{operator_id}", data={"why": why},
    ))  # fmt: skip
    return False


def read_credentials(tx: Tx, *, operator_id: int) -> Credentials | None:
    """Return what an operator of the transaction's merchant is checked against, if he has a password."""
    return tx.one(_CREDENTIALS, operator_id=operator_id)
