"""Merchants from the console: one installation may serve many, each with shops, operators and keys of his own."""

from msgspec import Struct

from tocsin.access.operator import has_owner
from tocsin.access.owner_link import create_owner_link
from tocsin.console.command import Caller, Command
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.tenant import Merchant, Shop, list_shops, open_merchant, open_shop


class MerchantNew(Struct, frozen=True, kw_only=True):
    """A new merchant and his first shop; without a zone the settings' one."""

    name: str
    code: str
    shop_name: str = ""
    zone: str = ""
    currency: str = "CNY"


class ShopNew(Struct, frozen=True, kw_only=True):
    """A further shop of a merchant."""

    code: str
    name: str
    zone: str = ""
    currency: str = "CNY"
    merchant: int = 0


class Nothing(Struct, frozen=True):
    """No words."""


class MerchantMade(Struct, frozen=True):
    """A new merchant, and the one-time link that creates his owner."""

    id: int
    address: str


class ShopOut(Struct, frozen=True):
    """A shop: its code stands before each order's number."""

    code: str
    name: str
    zone: str


class MerchantOut(Struct, frozen=True):
    """A merchant as the console lists him."""

    id: int
    name: str
    has_owner: bool
    shops: list[ShopOut]


def create(caller: Caller, given: MerchantNew) -> MerchantMade:
    """Add a merchant with his first shop and return the link for his owner."""
    desk = caller.desk
    zone = given.zone or desk.settings.zone
    first = Shop(0, given.code, given.shop_name or given.name, zone, given.currency, 0)
    merchant_id = new_id()
    actor = caller.actor(merchant_id)

    def add(tx: Tx) -> str:
        open_merchant(tx, actor, name=given.name, first=first)
        return create_owner_link(tx, merchant_id, actor=actor)

    token = desk.db.write(merchant_id, add)
    return MerchantMade(merchant_id, f"{desk.settings.base_url()}/owner/{token}")


def add_shop(caller: Caller, given: ShopNew) -> ShopOut:
    """Add a shop to a merchant."""
    found, zone = caller.merchant(given.merchant), given.zone or caller.desk.settings.zone
    wanted = Shop(0, given.code, given.name, zone, given.currency, 0)
    made = caller.desk.db.write(found.id, lambda tx: open_shop(tx, caller.actor(found.id), wanted))
    return _shop_out(made)


def list_(caller: Caller, _: Nothing) -> list[MerchantOut]:
    """List the merchants with their shops."""
    return [_merchant_out(caller, one) for one in caller.desk.merchants()]


def _merchant_out(caller: Caller, one: Merchant) -> MerchantOut:
    shops, owned = caller.desk.db.read(one.id, lambda tx: (list_shops(tx), has_owner(tx)))
    return MerchantOut(one.id, one.name, owned, [_shop_out(shop) for shop in shops])


def _shop_out(shop: Shop) -> ShopOut:
    return ShopOut(shop.code, shop.name, shop.zone)


COMMANDS = {
    "merchant.create": Command(MerchantNew, create), "merchant.add-shop": Command(ShopNew, add_shop),
    "merchant.list": Command(Nothing, list_),
}  # fmt: skip
