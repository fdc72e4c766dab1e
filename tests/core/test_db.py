"""The database keeps its promises on both engines."""

import sqlalchemy as sa

from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.core.tenant import create_merchant, create_shop, list_merchants, list_shops


def test_a_merchant_sees_his_own_shops_only(db: Database) -> None:
    first, second = (db.write(0, lambda tx, n=n: create_merchant(tx, name=n)) for n in ("A", "B"))
    for merchant_id in (first, second):
        db.write(merchant_id, lambda tx: create_shop(tx, code="S1", name="店", zone="Asia/Shanghai"))
    assert len(db.read(first, list_shops)) == 1
    assert [m.name for m in db.read(0, list_merchants)] == ["A", "B"]
    forgetful = Statement(sa.text("SELECT count(*) FROM shop").columns(sa.column("n", sa.BigInteger)))
    seen = db.read(first, lambda tx: tx.value(forgetful))
    assert seen == (1 if db.dialect == "postgresql" else 2)
