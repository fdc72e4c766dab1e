"""Who works at the demo's shop: one of each role, and a second clerk for the evening."""

from msgspec import Struct

from tocsin.access.operator import create_operator
from tocsin.core.actor import ROLES, Actor, desk_actor
from tocsin.core.db import Tx

PEOPLE = (
    ("manager", "经理 方敏", "manager"), ("clerk", "早班 小周", "clerk"), ("clerk2", "晚班 小吴", "clerk"),
    ("checker", "核对 老陈", "checker"), ("auditor", "审计 林岚", "auditor"),
)  # fmt: skip


class People(Struct, frozen=True):
    """The actors of the demo, by what they do."""

    desk: Actor
    manager: Actor
    morning: Actor
    evening: Actor
    checker: Actor
    auditor: Actor

    def at_desk(self, hour: int) -> Actor:
        """Return who is on at an hour of the day."""
        return self.morning if hour < 15 else self.evening


def hire(tx: Tx, *, password_hash: str) -> People:
    """Make the demo's operators, all with one password; the owner is whoever opens the link."""
    desk = desk_actor(tx.merchant_id)
    made = [
        _actor(tx, desk, name=name, shown=shown, role=role, password_hash=password_hash)
        for name, shown, role in PEOPLE
    ]
    return People(desk, *made)


def _actor(tx: Tx, desk: Actor, *, name: str, shown: str, role: str, password_hash: str) -> Actor:
    operator_id = create_operator(
        tx, desk, name=f"demo-{name}", display_name=shown, role=role, password_hash=password_hash
    )
    return Actor(
        kind="operator", id=operator_id, merchant_id=tx.merchant_id, name=shown, rights=ROLES[role], role=role,
        proved_at_us=tx.now_us,
    )  # fmt: skip
