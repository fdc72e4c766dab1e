"""Builders of a merchant with a shop, and of who acts in it."""

from msgspec import Struct

from tocsin.core.actor import ROLES, Actor
from tocsin.core.clock import now_us
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.tenant import Shop, create_merchant, create_shop
from tocsin.orders.draft import Draft, Line, Party, Totals


class House(Struct, frozen=True):
    """A merchant with one shop, in an open database."""

    db: Database
    merchant_id: int
    shop: Shop

    def actor(self, role: str = "owner", *, actor_id: int = 1) -> Actor:
        """Return an operator of a role, who has just proved who he is."""
        return Actor(
            kind="operator", id=actor_id, merchant_id=self.merchant_id, name=role, role=role, rights=ROLES[role],
            proved_at_us=now_us(),
        )  # fmt: skip


def make_house(db: Database, *, code: str = "HF") -> House:
    """Add a merchant with a shop."""
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="徽州好物"))
    made = db.write(merchant_id, lambda tx: create_shop(tx, code=code, name="合肥店", zone="Asia/Shanghai"))
    return House(db, merchant_id, made)


def make_draft(*, external_id: str = "", price: float = 39.9, quantity: int = 2, **changes: object) -> Draft:
    """Return a paid draft of one line that is right in every respect."""
    goods = round(price * 100) * quantity
    values: dict[str, object] = {
        "channel": "test", "external_id": external_id, "payment": "paid", "payment_method": "cash",
        "receiver": Party(name="王小明", phone="13812345678", province="安徽省", city="合肥市", district="蜀山区",
                          address="黄山路 12 号 3 栋 402 室"),
        "lines": (Line(title="砀山酥梨 5 斤装", sku="LI-5", unit="件", quantity_micro=quantity * MICRO,
                       unit_price_micro=round(price * MICRO)),),
        "totals": Totals(goods_minor=goods, payable_minor=goods),
    }  # fmt: skip
    return Draft(**{**values, **changes})  # type: ignore[arg-type]
