"""Merchants and their shops."""

import pytest

from tocsin.core.db import Database
from tocsin.core.tenant import ShopMissing, create_merchant, create_shop, get_shop, list_merchants, list_shops


def test_shops_are_found_by_code_id_or_as_the_first(db: Database) -> None:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="梨园", demo=True))
    first = db.write(merchant_id, lambda tx: create_shop(tx, code="A", name="一店", zone="Asia/Shanghai"))
    second = db.write(
        merchant_id,
        lambda tx: create_shop(tx, code="B", name="二店", zone="UTC", currency="JPY", day_starts_at_hour=4),
    )
    assert db.read(merchant_id, list_shops) == [first, second]
    assert db.read(merchant_id, lambda tx: get_shop(tx)) == first
    assert db.read(merchant_id, lambda tx: get_shop(tx, code="B")) == second
    assert db.read(merchant_id, lambda tx: get_shop(tx, shop_id=second.id)) == second
    assert [(m.name, m.demo) for m in db.read(0, list_merchants)] == [("梨园", 1)]


@pytest.mark.parametrize(("asked", "told"), [({"code": "Z"}, "Z"), ({"shop_id": 5}, "5"), ({}, "?")])
def test_a_shop_that_is_not_there_is_named(db: Database, asked: dict[str, object], told: str) -> None:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="A"))
    with pytest.raises(ShopMissing) as refused:
        db.read(merchant_id, lambda tx: get_shop(tx, **asked))
    assert refused.value.data == {"shop": told}


def test_a_code_is_one_shops(db: Database) -> None:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="A"))
    db.write(merchant_id, lambda tx: create_shop(tx, code="A", name="一店", zone="UTC"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        db.write(merchant_id, lambda tx: create_shop(tx, code="A", name="二店", zone="UTC"))
    other = db.write(0, lambda tx: create_merchant(tx, name="B"))
    assert db.write(other, lambda tx: create_shop(tx, code="A", name="三店", zone="UTC")).code == "A"
