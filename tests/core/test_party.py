"""Personal data lives in the party only: sealed beside a mask, gone with the person's key."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.desk import RECEIVER
from tocsin.core.db import Database
from tocsin.core.mask import mask_party
from tocsin.core.party import (
    GET_PARTY,
    Party,
    PartyRow,
    digest_party,
    masked_party,
    open_party,
    person,
    plain_phone,
    receiver_of,
    store_party,
)
from tocsin.core.sqlite import SqliteDatabase, connect_file
from tocsin.core.statement import Statement, bind, own
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.core.vault import SealBroken

ERASE = Statement[None](
    sa.update(person).where(own(person), person.c.id == bind("b_id")).values(wrapped_key=sa.null())
)


def make_merchant(db: Database) -> int:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="A"))
    db.write(merchant_id, lambda tx: create_shop(tx, code="S", name="店", zone="UTC"))
    return merchant_id


def store(
    db: Database, merchant_id: int, order_id: int, real: Party = RECEIVER, *, version: int = 1
) -> PartyRow:
    db.write(
        merchant_id,
        lambda tx: store_party(tx, order_id=order_id, version=version, real=real, masked=mask_party(real)),
    )
    found = db.read(merchant_id, lambda tx: tx.one(GET_PARTY, order_id=order_id, version=version))
    assert found is not None
    return found


def test_the_real_text_comes_back_and_the_mask_stands_beside_it(db: Database) -> None:
    merchant_id = make_merchant(db)
    row = store(db, merchant_id, 1)
    assert db.read(merchant_id, lambda tx: receiver_of(open_party(tx, row))) == RECEIVER
    assert receiver_of(masked_party(row)) == mask_party(RECEIVER)
    assert row.digest == db.read(merchant_id, lambda tx: digest_party(tx.vault.keys(tx), RECEIVER))


def test_a_person_is_found_again_by_phone_however_it_is_written(db: Database) -> None:
    merchant_id = make_merchant(db)
    rows = [
        store(db, merchant_id, n, replace(RECEIVER, phone=phone))
        for n, phone in enumerate(
            ["13812345678", "+86 138-1234-5678", "0086 138 1234 5678", "13812345679", "", ""]
        )
    ]
    assert len({row.person_id for row in rows[:3]}) == 1
    assert len({row.person_id for row in rows}) == 4, "without a phone nobody is the same person"
    assert plain_phone("+86 (138) 1234-5678") == "13812345678"


def test_an_erased_person_is_noise_and_may_order_again(db: Database) -> None:
    merchant_id = make_merchant(db)
    row = store(db, merchant_id, 1)
    db.write(merchant_id, lambda tx: tx.run(ERASE, b_id=row.person_id))
    erased = db.read(merchant_id, lambda tx: tx.one(GET_PARTY, order_id=1, version=1))
    assert erased is not None and erased.wrapped_key is None
    with pytest.raises(SealBroken):
        db.read(merchant_id, lambda tx: open_party(tx, erased))
    again = store(db, merchant_id, 2)
    assert again.person_id != row.person_id
    assert db.read(merchant_id, lambda tx: receiver_of(open_party(tx, again))) == RECEIVER
    with pytest.raises(SealBroken):
        db.read(merchant_id, lambda tx: open_party(tx, erased))


@pytest.mark.parametrize(
    "changes", [{"order_id": 2}, {"version": 2}, {"person_id": 5}, {"sealed": b"x" * 40}]
)
def test_a_party_moved_or_changed_does_not_open(db: Database, changes: dict[str, object]) -> None:
    merchant_id = make_merchant(db)
    row = replace(store(db, merchant_id, 1), **changes)
    with pytest.raises(SealBroken):
        db.read(merchant_id, lambda tx: open_party(tx, row))


def test_another_merchants_keys_do_not_open_it(db: Database) -> None:
    first, second = make_merchant(db), make_merchant(db)
    row = store(db, first, 1)
    with pytest.raises(SealBroken):
        db.read(second, lambda tx: open_party(tx, row))
    assert store(db, second, 1).receiver_digest != row.receiver_digest


def test_a_new_customers_orders_at_the_same_moment_are_one_persons(db: Database) -> None:
    merchant_id = make_merchant(db)
    rows: list[PartyRow] = []
    gate = threading.Barrier(5)

    def add(n: int) -> None:
        gate.wait(10)
        rows.append(store(db, merchant_id, n))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 5 and len({row.person_id for row in rows}) == 1
    assert all(
        db.read(merchant_id, lambda tx, row=row: receiver_of(open_party(tx, row))) == RECEIVER for row in rows
    )


def test_no_personal_text_is_in_the_files(make_db: Callable[[], Database], tmp_path: Path) -> None:
    db = make_db()
    if not isinstance(db, SqliteDatabase):
        secret = "SELECT count(*) FROM party WHERE masked LIKE '%王小明%' OR position('13812345678' in encode(sealed, 'escape')) > 0"
        merchant_id = make_merchant(db)
        store(db, merchant_id, 1)
        count = Statement[tuple[int]](sa.text(secret).columns(sa.column("n")))
        assert db.read(merchant_id, lambda tx: tx.value(count)) == 0
        return
    merchant_id = make_merchant(db)
    real = replace(RECEIVER, buyer_note="请打 13812345678，找王小明")
    store(db, merchant_id, 1, real)
    seen = [path.read_bytes() for path in tmp_path.rglob("desk.sqlite*")]
    db.close()
    connection = connect_file(db.path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    seen += [path.read_bytes() for path in tmp_path.rglob("desk.sqlite*")]
    assert any("合肥市".encode() in found for found in seen), (
        "places stay readable: the test looks at the right bytes"
    )
    for text in (real.name, real.phone, real.address, "3 栋 402"):
        assert not any(text.encode() in found for found in seen), text
