"""Rights are data; who lacks one is refused by name."""

from typing import get_args

import pytest

from tocsin.core.actor import ROLES, Actor, NotAllowed, Right, desk_actor, require


def make_actor(role: str) -> Actor:
    return Actor(kind="operator", id=1, merchant_id=1, name="A", rights=ROLES[role], role=role)


def test_roles_hold_known_rights_only() -> None:
    known = set(get_args(Right))
    assert all(rights <= known for rights in ROLES.values())


@pytest.mark.parametrize(
    ("role", "right", "may"),
    [
        ("owner", "download_real", True), ("manager", "download_real", False), ("manager", "download_real_reason", True),
        ("clerk", "amend", True), ("clerk", "release", False), ("checker", "release", True), ("checker", "amend", False),
        ("auditor", "query", True), ("auditor", "print", False), ("station", "device", True),
        ("station", "query", False), ("owner", "operators", True), ("manager", "operators", False),
    ],
)  # fmt: skip
def test_the_matrix(role: str, right: Right, may: bool) -> None:
    actor = make_actor(role)
    assert actor.may(right) is may
    if may:
        require(actor, right)
    else:
        with pytest.raises(NotAllowed, match=right):
            require(actor, right)


def test_the_desk_itself_acts_for_one_merchant() -> None:
    desk = desk_actor(7)
    assert (desk.kind, desk.merchant_id) == ("desk", 7) and desk.may("print") and desk.may("device")
