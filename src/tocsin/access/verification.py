"""Box 4, verification: is this operator known, and may he sign in at all."""

import unicodedata

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.table import operator, password, sign_in_name
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.statement import Statement, bind, own
from tocsin.core.text import strip_control


class Named(Struct, frozen=True):
    """Whom a sign-in name stands for."""

    merchant_id: int
    operator_id: int


class Credentials(Struct, frozen=True):
    """What a sign-in is checked against."""

    role: str
    active: int
    hash: str


class Candidate(Struct, frozen=True):
    """A name that wants to sign in; unknown ones have no ids and no credentials."""

    name_key: str
    merchant_id: int = 0
    operator_id: int = 0
    credentials: Credentials | None = None

    def may_sign_in(self) -> bool:
        """Tell whether the name is known and its operator active."""
        return self.credentials is not None and bool(self.credentials.active)


_ACTIVE = Statement[tuple[int]](
    sa.select(operator.c.active).where(own(operator), operator.c.id == bind("operator_id"))
)
_NAMED = Statement(
    sa.select(sign_in_name.c.merchant_id, sign_in_name.c.operator_id).where(sign_in_name.c.name_key == bind("name_key", str)),
    Named,
)  # fmt: skip
_CREDENTIALS = Statement(
    sa.select(operator.c.role, operator.c.active, password.c.hash)
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
    folded = unicodedata.normalize("NFKC", strip_control(name).strip()).casefold()
    return unicodedata.normalize("NFKC", folded)


def find_candidate(db: Database, name: str) -> Candidate:
    """Return who a name is; unknown names cost the same two reads."""
    name_key = sign_in_key(name)
    named = db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_NAMED, name_key=name_key)) or Named(0, 0)
    found = db.read(named.merchant_id, lambda tx: read_credentials(tx, operator_id=named.operator_id))
    return Candidate(name_key, named.merchant_id, named.operator_id, found)


def may_enter(tx: Tx, *, operator_id: int) -> bool:
    """Tell whether an operator may be let in now, asked in the transaction that opens his session."""
    return bool(tx.value(_ACTIVE, operator_id=operator_id))


def read_credentials(tx: Tx, *, operator_id: int) -> Credentials | None:
    """Return what an operator of the transaction's merchant is checked against, if he has a password."""
    return tx.one(_CREDENTIALS, operator_id=operator_id)
