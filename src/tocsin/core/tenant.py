"""Tenants: a merchant has shops; nothing crosses merchants."""

import re
from zoneinfo import available_timezones

import sqlalchemy as sa
from babel.numbers import list_currencies
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, directory_table, index, merchant_table, text
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.text import strip_control

merchant = directory_table(
    "merchant", big("id"), text("name"), big("demo"), big("created_at_us"), key=("id",)
)
shop = merchant_table(
    "shop", big("id"), text("code"), text("name"), text("zone"), text("currency"), big("day_starts_at_hour"), key=("id",)
)  # fmt: skip
index(shop, "merchant_id", "code", unique=True)


class ShopMissing(Refusal):
    """There is no shop “{shop}”: use the code of one of the merchant's shops"""

    kind, code = "missing", "shop_missing"


class ShopWrong(Refusal):
    """The shop can't be set so ({field}): {problem}"""

    kind, code = "invalid", "shop_wrong"


class Merchant(Struct, frozen=True):
    """A merchant; `demo` tells that his data is made up."""

    id: int
    name: str
    demo: int


class Shop(Struct, frozen=True):
    """A shop: its code begins its order numbers, its zone bounds its days."""

    id: int
    code: str
    name: str
    zone: str
    currency: str
    day_starts_at_hour: int


_ADD_MERCHANT, _ADD_SHOP = insert_into(merchant), insert_into(shop)
_MERCHANTS = Statement(
    sa.select(merchant.c.id, merchant.c.name, merchant.c.demo).order_by(merchant.c.id), Merchant
)
_COLUMNS = (shop.c.id, shop.c.code, shop.c.name, shop.c.zone, shop.c.currency, shop.c.day_starts_at_hour)
_SHOPS = Statement(sa.select(*_COLUMNS).where(own(shop)).order_by(shop.c.id), Shop)
_SHOP_BY_CODE = Statement(sa.select(*_COLUMNS).where(own(shop), shop.c.code == bind("code", str)), Shop)
_CHANGE_SHOP = Statement[None](
    sa.update(shop).where(own(shop), shop.c.id == bind("b_id")), sets=("name", "zone", "day_starts_at_hour")
)
_LONGEST_NAME, _LATEST_HOUR = 60, 12
_CODE = re.compile(r"[A-Z0-9]{1,8}")
_SHOP_BY_ID = Statement(sa.select(*_COLUMNS).where(own(shop), shop.c.id == bind("id")), Shop)


def create_merchant(tx: Tx, *, name: str, demo: bool = False) -> int:
    """Add a merchant in the directory scope; return his id. His keys and shops follow in his own scope."""
    merchant_id = new_id()
    tx.run(_ADD_MERCHANT, id=merchant_id, name=name, demo=int(demo), created_at_us=tx.now_us)
    return merchant_id


def create_shop(
    tx: Tx, *, code: str, name: str, zone: str, currency: str = "CNY", day_starts_at_hour: int = 0
) -> Shop:
    """Add a shop to the transaction's merchant, whose keys are made with the first one."""
    tx.vault.create_keys(tx)
    made = Shop(new_id(), code, name, zone, currency, day_starts_at_hour)
    tx.run(
        _ADD_SHOP, id=made.id, code=code, name=name, zone=zone, currency=currency, day_starts_at_hour=day_starts_at_hour
    )  # fmt: skip
    return made


def open_merchant(tx: Tx, actor: Actor, *, name: str, first: Shop) -> None:
    """Add the merchant whose id the transaction is of, with his first shop and his keys.

    Raises:
        ShopWrong: which of them can't be, and why.
    """
    plain = _require_name(name, field="name")
    tx.run(_ADD_MERCHANT, id=tx.merchant_id, name=plain, demo=0, created_at_us=tx.now_us)
    open_shop(tx, actor, first)


def open_shop(tx: Tx, actor: Actor, wanted: Shop) -> Shop:
    """Add a shop to the merchant; its id is made here.

    Raises:
        NotAllowed: the actor may not change shop settings.
        ShopWrong: which part of it can't be, and why.
    """
    require(actor, "shop_settings")
    name = _require_name(wanted.name, field="shop_name")
    if not _CODE.fullmatch(wanted.code):
        raise ShopWrong(field="code", problem="a code has 1 to 8 capitals or digits")
    if wanted.zone not in available_timezones():
        raise ShopWrong(field="zone", problem="choose one of the list")
    if wanted.currency not in list_currencies():
        raise ShopWrong(field="currency", problem="three letters of ISO 4217")
    if tx.one(_SHOP_BY_CODE, code=wanted.code) is not None:
        raise ShopWrong(field="code", problem="another shop of the merchant has it")
    made = create_shop(tx, code=wanted.code, name=name, zone=wanted.zone, currency=wanted.currency)
    write_journal(tx, actor, verb="shop.create", subject=f"shop:{made.id}", data={"zone": wanted.zone})
    return made


def _require_name(name: str, *, field: str) -> str:
    plain = strip_control(name).strip()
    if not 0 < len(plain) <= _LONGEST_NAME:
        raise ShopWrong(field=field, problem="a name has 1 to 60 characters")
    return plain


def list_merchants(tx: Tx) -> list[Merchant]:
    """Return all merchants of the installation (directory scope)."""
    return tx.rows(_MERCHANTS)


def list_shops(tx: Tx) -> list[Shop]:
    """Return the merchant's shops, the first one first."""
    return tx.rows(_SHOPS)


def get_shop(tx: Tx, *, code: str = "", shop_id: int = 0) -> Shop:
    """Return a shop by id or code; without either, the merchant's first.

    Raises:
        ShopMissing: the merchant has no such shop.
    """
    place = (Shop, code, shop_id)
    found: Shop | None = tx.kept.get(place)
    if found is None:
        if shop_id:
            found = tx.one(_SHOP_BY_ID, id=shop_id)
        else:
            found = tx.one(_SHOP_BY_CODE, code=code) if code else tx.one(_SHOPS)
        if found is None:
            raise ShopMissing(shop=code or str(shop_id or "?"))
        tx.kept[place] = found
    return found


def change_shop(
    tx: Tx, actor: Actor, *, shop_id: int, name: str, zone: str, day_starts_at_hour: int
) -> None:  # fmt: skip
    """Change a shop's name, its zone, and the hour at which its business day starts, 0 to 12.

    Raises:
        NotAllowed: the actor may not change shop settings.
        ShopWrong: which of them can't be, and why.
    """
    require(actor, "shop_settings")
    plain = _require_name(name, field="shop_name")
    if zone not in available_timezones():
        raise ShopWrong(field="zone", problem="choose one of the list")
    if not 0 <= day_starts_at_hour <= _LATEST_HOUR:
        raise ShopWrong(field="day_starts_at_hour", problem="an hour from 0 to 12")
    tx.kept.clear()
    tx.run(_CHANGE_SHOP, b_id=shop_id, name=plain, zone=zone, day_starts_at_hour=day_starts_at_hour)
    write_journal(tx, actor, verb="shop.change", subject=f"shop:{shop_id}", data={"zone": zone})
