"""The database keeps its promises on both engines."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tocsin.core.db import Database, Tx
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.schema import metadata
from tocsin.core.statement import Statement
from tocsin.core.tenant import create_merchant, create_shop, list_merchants, list_shops
from tocsin.migrations.tables import all_tables, is_append_only, is_directory


def make_merchant(db: Database, name: str = "A") -> int:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name=name))
    db.write(merchant_id, lambda tx: create_shop(tx, code="S1", name="店", zone="Asia/Shanghai"))
    return merchant_id


def test_a_merchant_sees_his_own_shops_only(db: Database) -> None:
    first, _second = make_merchant(db, "A"), make_merchant(db, "B")
    assert len(db.read(first, list_shops)) == 1
    assert [m.name for m in db.read(0, list_merchants)] == ["A", "B"]
    forgetful = Statement(sa.text("SELECT count(*) FROM shop").columns(sa.column("n", sa.BigInteger)))
    seen = db.read(first, lambda tx: tx.value(forgetful))
    assert seen == (1 if db.dialect == "postgresql" else 2)


def test_every_merchants_table_begins_its_key_with_the_merchant() -> None:
    tables = all_tables().sorted_tables
    assert len(tables) > 10
    for table in tables:
        first = next(iter(table.primary_key.columns)).name
        assert is_directory(table) or first == "merchant_id", f"{table.name}'s key begins with {first}"


def test_no_table_refers_to_another_by_a_foreign_key() -> None:
    assert [t.name for t in all_tables().sorted_tables if t.foreign_keys] == []


def test_every_column_is_a_number_a_text_or_bytes() -> None:
    for table in all_tables().sorted_tables:
        for column in table.columns:
            assert isinstance(column.type, (sa.BigInteger, sa.Integer, sa.Text, sa.LargeBinary)), column


@pytest.mark.parametrize("act", ["UPDATE {} SET merchant_id = merchant_id", "DELETE FROM {}"])
def test_append_only_rows_cannot_be_changed_or_deleted(db: Database, act: str) -> None:
    tables = [t for t in all_tables().sorted_tables if is_append_only(t)]
    assert "journal" in {t.name for t in tables}
    merchant_id = make_merchant(db)
    for table in tables:
        values: dict[str, object] = {
            c.name: b"" if isinstance(c.type, sa.LargeBinary) else 1 for c in table.columns
        }
        values |= {c.name: "x" for c in table.columns if isinstance(c.type, sa.Text)} | {
            "merchant_id": merchant_id
        }
        add = Statement[None](sa.insert(table), sets=list(values))
        db.write(merchant_id, lambda tx, add=add, values=values: tx.run(add, **values))
        change = Statement[None](sa.text(act.format(table.name)))
        with pytest.raises(Exception, match=f"append-only|permission denied for table {table.name}"):
            db.write(merchant_id, lambda tx, change=change: tx.run(change))


def test_after_commit_runs_when_the_change_is_there_and_not_when_it_is_lost(db: Database) -> None:
    seen: list[list[str]] = []

    def verb(tx: Tx, *, name: str, fault: Exception | None = None) -> None:
        create_merchant(tx, name=name)
        tx.after_commit(lambda: seen.append([m.name for m in db.read(0, list_merchants)]))
        assert seen == []
        if fault:
            raise fault

    with pytest.raises(ValueError, match="lost"):
        db.write(0, lambda tx: verb(tx, name="X", fault=ValueError("lost")))
    assert seen == []
    db.write(0, lambda tx: verb(tx, name="A"))
    assert seen == [["A"]]


def test_an_action_after_commit_that_fails_does_not_deny_the_change(db: Database) -> None:
    done: list[int] = []

    def verb(tx: Tx) -> int:
        tx.after_commit(lambda: 1 / 0)
        tx.after_commit(lambda: done.append(1))
        return create_merchant(tx, name="A")

    assert db.write(0, verb) and done == [1]


def test_many_threads_write_and_read_at_once(db: Database) -> None:
    faults: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                db.write(0, lambda tx: create_merchant(tx, name="A"))
                db.read(0, list_merchants)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and len(db.read(0, list_merchants)) == 120


def test_what_was_committed_is_there_after_a_restart(make_db: Callable[[], Database]) -> None:
    db = make_db()
    merchant_id = make_merchant(db)
    db.close()
    assert [s.code for s in make_db().read(merchant_id, list_shops)] == ["S1"]


def test_a_result_is_streamed_in_batches(db: Database) -> None:
    for _ in range(3):
        make_merchant(db)
    everyone = Statement[tuple[int]](sa.select(metadata.tables["merchant"].c.id).order_by("id"))
    with db.snapshot(0) as tx:
        assert len(list(tx.stream(everyone))) == 3
        assert len(list(tx.stream(everyone))) == 3
    many = Statement[None](
        sa.insert(metadata.tables["merchant"]), sets=("id", "name", "demo", "created_at_us")
    )
    db.write(
        0, lambda tx: tx.many(many, [{"id": n, "name": "M", "demo": 0, "created_at_us": 0} for n in range(5)])
    )
    assert len(db.read(0, list_merchants)) == 8


def test_the_bare_database_promises_only() -> None:
    bare = Database()
    for call in (lambda: bare.write(0, list_merchants), lambda: bare.read(0, list_merchants), bare.close):
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises(NotImplementedError), bare.snapshot(0):
        pass
    assert issubclass(PostgresDatabase, Database)
