"""Batches: revisions with their hashes, a hash of their own, never changed."""

import hashlib

import pytest
import sqlalchemy as sa

from tests.counter import open_counter
from tests.house import make_house
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.statement import Statement
from tocsin.orders.batch import get_batch, make_batch

ITEMS = [(7, 1, "aa"), (2**62, 3, "bb")]


def test_a_batch_is_kept_with_its_hash(db: Database) -> None:
    with open_counter(db) as counter:
        made = counter.do(make_batch, kind="print", items=ITEMS)
        assert counter.ask(get_batch, batch_id=made.id) == made
        assert made.pairs() == ITEMS and made.count == 2 and made.actor_name == "owner"
        assert made.sha256 == hashlib.sha256(b'[[7,1,"aa"],[4611686018427387904,3,"bb"]]').hexdigest()
        assert counter.do(make_batch, kind="print", items=ITEMS).sha256 == made.sha256
        assert counter.do(make_batch, kind="print", items=ITEMS[:1]).sha256 != made.sha256
        assert [e.verb for e in counter.ask(read_journal, subject=f"batch:{made.id}")] == [
            "orders.batch_print"
        ]
        other = make_house(db, code="NJ")
        assert db.read(other.merchant_id, lambda tx: get_batch(tx, batch_id=made.id)) is None
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            db.write(
                counter.house.merchant_id,
                lambda tx: tx.run(Statement(sa.text("UPDATE batch SET items = '[]'"))),
            )
