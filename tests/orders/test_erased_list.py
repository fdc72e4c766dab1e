"""Who was erased stays erased: a restored backup brings nobody back past the list beside the database."""

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.counter import open_counter
from tests.orders.planted import HIM, erase, open_folders
from tocsin.core.db import Database, Tx
from tocsin.core.forget import parties_of, person_by_phone
from tocsin.core.party import party, person
from tocsin.core.queue import queue_for
from tocsin.core.statement import Statement, own
from tocsin.orders.erase import AGAIN, erase_again, list_erasures
from tocsin.orders.erased_list import erase_restored, keep_erased_in
from tocsin.orders.table import erasure


def dump(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
    return {
        each.name: tx.rows(Statement[tuple[object, ...]](sa.select(each).where(own(each)))) for each in (person, party)
    }  # fmt: skip


def restore(tx: Tx, *, backup: dict[str, list[tuple[object, ...]]]) -> None:
    """Put a database back to what it knew of people before, as a backup from then would."""
    for table in (person, party, erasure):
        tx.run(Statement[None](sa.delete(table).where(own(table))))
        for row in backup.get(table.name, []):
            names = list(table.columns.keys())
            tx.run(Statement[None](sa.insert(table), sets=names), **dict(zip(names, row, strict=True)))


def test_who_was_not_listed_when_he_was_erased_is_listed_by_the_sweep(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database was lost in the COMMIT, what would have followed it was never done."""
    with open_counter(db) as counter:
        open_folders(tmp_path)
        keep_erased_in(tmp_path / "kept")
        counter.take(receiver=HIM)
        person_id = counter.ask(person_by_phone, phone=HIM.phone)
        monkeypatch.setattr(Tx, "finish", lambda _: None)
        erase(counter)
        merchant_id = counter.house.merchant_id
        assert (tmp_path / "kept" / "erased.txt").read_text() == f"{merchant_id} {person_id}\n"


def test_whom_a_backup_brings_back_goes_again(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        merchant_id, again = counter.house.merchant_id, partial(erase_again, queue=queue_for(db))
        open_folders(tmp_path)
        keep_erased_in(tmp_path / "kept")
        taken, other = counter.take(receiver=HIM), counter.take(external_id="2")
        backup = counter.ask(dump)
        erase(counter)
        assert erase_restored(db, again) == 0
        db.write(merchant_id, partial(restore, backup=backup))
        assert counter.order(taken.order_id, real=True).receiver.name == HIM.name
        # A power cut left its last line half.
        (tmp_path / "kept" / "erased.txt").open("a").write(f"{merchant_id} 1")
        assert [erase_restored(db, again) for _ in range(2)] == [1, 0]
        assert counter.order(taken.order_id, real=True).receiver.name == ""
        assert counter.order(other.order_id, real=True).receiver.name == "王小明"
        assert [one.reason for one in counter.ask(list_erasures)] == [AGAIN]
        assert counter.ask(person_by_phone, phone=HIM.phone) is None
        # A list that was lost is written again from the database.
        (tmp_path / "kept" / "erased.txt").unlink()
        erase_restored(db, again)
        gone = counter.ask(parties_of, person_id=counter.ask(list_erasures)[0].person_id)[0].person_id
        assert (tmp_path / "kept" / "erased.txt").read_text().splitlines() == [f"{merchant_id} {gone}"]
