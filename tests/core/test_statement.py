"""One statement, both databases: compiled once, rows to structs."""

import pytest
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Database
from tocsin.core.statement import Statement, any_of, bind, insert_into
from tocsin.core.tenant import merchant


class Row(Struct, frozen=True):
    id: int
    name: str


COLUMNS = (merchant.c.id, merchant.c.name)
ADD = insert_into(merchant)
BY_IDS = Statement(sa.select(*COLUMNS).where(any_of(merchant.c.id, "ids")).order_by(merchant.c.id), Row)
BY_NAMES = Statement(sa.select(*COLUMNS).where(any_of(merchant.c.name, "names")).order_by(merchant.c.id), Row)
BY_ID = Statement(sa.select(*COLUMNS).where(merchant.c.id == bind("id")), Row)
DEMO = Statement(
    sa.select(*COLUMNS).where(merchant.c.demo == 1, merchant.c.name != "x").order_by(merchant.c.id), Row
)
RENAME = Statement(
    sa.update(merchant).where(merchant.c.id == bind("b_id")).values(name="new").returning(*COLUMNS), Row
)


@pytest.fixture
def filled(db: Database) -> Database:
    rows = [
        {"id": n, "name": f"“{n}” 100% :x %(y)s", "demo": n % 2, "created_at_us": 0}
        for n in range(2**62, 2**62 + 5)
    ]
    db.write(0, lambda tx: tx.many(ADD, rows))
    return db


def test_rows_come_as_structs_or_not_at_all(filled: Database) -> None:
    found = filled.read(0, lambda tx: tx.one(BY_ID, id=2**62))
    assert found == Row(2**62, f"“{2**62}” 100% :x %(y)s")
    assert filled.read(0, lambda tx: tx.one(BY_ID, id=1)) is None
    assert filled.read(0, lambda tx: tx.value(BY_ID, id=1)) is None
    assert filled.read(0, lambda tx: tx.value(BY_ID, id=2**62)) == 2**62


def test_a_list_bind_takes_any_number_of_values(filled: Database) -> None:
    wanted = [2**62 + 1, 2**62 + 3, *range(5000)]
    assert [row.id for row in filled.read(0, lambda tx: tx.rows(BY_IDS, ids=wanted))] == wanted[:2]
    assert filled.read(0, lambda tx: tx.rows(BY_IDS, ids=[])) == []
    names = [f"“{2**62}” 100% :x %(y)s", "'; DROP TABLE merchant; --"]
    assert [row.id for row in filled.read(0, lambda tx: tx.rows(BY_NAMES, names=names))] == [2**62]


def test_constants_of_a_statement_are_bound(filled: Database) -> None:
    assert [row.id for row in filled.read(0, lambda tx: tx.rows(DEMO))] == [2**62 + 1, 2**62 + 3]


def test_an_update_returns_what_it_changed(filled: Database) -> None:
    assert filled.write(0, lambda tx: tx.rows(RENAME, b_id=2**62)) == [Row(2**62, "new")]


def test_run_tells_how_many_rows(filled: Database) -> None:
    erase = Statement[None](sa.delete(merchant).where(merchant.c.id > bind("after")))
    assert filled.write(0, lambda tx: tx.run(erase, after=2**62 + 2)) == 2
    assert filled.write(0, lambda tx: tx.run(erase, after=2**62 + 2)) == 0


def test_a_struct_that_does_not_fit_its_columns_is_a_fault_at_import() -> None:
    with pytest.raises(TypeError, match=r"Row has \('id', 'name'\)"):
        Statement(sa.select(merchant.c.name, merchant.c.id), Row)


def test_a_statement_is_compiled_once_per_dialect() -> None:
    first = BY_ID.compiled("sqlite")
    assert BY_ID.compiled("sqlite") is first and BY_ID.compiled("postgresql")[0] != first[0]
