"""The installation: one database belongs to one key, and holds a check of it that tells nothing about it."""

import hmac
from pathlib import Path

import sqlalchemy as sa

from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.schema import big, blob, directory_table
from tocsin.core.statement import Statement, upsert
from tocsin.core.vault import SealBroken, merchant_key

installation = directory_table("installation", big("id"), blob("key_check"), key=("id",))

HAS_KEY_SQL = "SELECT EXISTS (SELECT 1 FROM installation) OR EXISTS (SELECT 1 FROM merchant_key)"
"""Whether data of a migrated database belongs to a key already: asked before there is a vault."""

_GET = Statement[tuple[bytes]](sa.select(installation.c.key_check).where(installation.c.id == 1))
_ADD = Statement[None](upsert(installation).on_conflict_do_nothing(), sets=("id", "key_check"))
_SOME_MERCHANT = Statement[tuple[int]](sa.select(merchant_key.c.merchant_id).limit(1))


class KeyMismatch(Refusal):
    """The key file {path} is not the one that this database was made with: copy that file here, or name it as key_file"""

    kind, code = "broken", "key_mismatch"


def require_own_key(db: Database, path: Path) -> None:
    """Compare the database's key check with the vault's key; the first process stores it.

    Raises:
        KeyMismatch: the database belongs to another key.
    """
    stored = db.read(DIRECTORY_SCOPE, _read_check)
    if stored is None and _opens_what_is_there(db):
        stored = db.write(DIRECTORY_SCOPE, _store_check)
    if stored is None or not hmac.compare_digest(stored, db.vault.key_check()):
        raise KeyMismatch(path=str(path))


def _read_check(tx: Tx) -> bytes | None:
    row = tx.one(_GET)
    return None if row is None else bytes(row[0])


def _store_check(tx: Tx) -> bytes | None:
    # Of two processes that start at once, the second one finds what the first stored.
    tx.run(_ADD, id=1, key_check=tx.vault.key_check())
    return _read_check(tx)


def _opens_what_is_there(db: Database) -> bool:
    """Tell whether the key opens a merchant's key that is older than the check."""
    merchant_id = db.read(DIRECTORY_SCOPE, lambda tx: tx.value(_SOME_MERCHANT))
    if merchant_id is None:
        return True
    try:
        db.read(merchant_id, lambda tx: tx.vault.keys(tx))
    except SealBroken:
        return False
    return True
